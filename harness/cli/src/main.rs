//! The binary `certbench`.

fn main() {}
