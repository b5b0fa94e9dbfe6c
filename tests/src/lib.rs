//! End-to-end tests of the whole workspace, and what they share.
//!
//! Plain `cargo test` needs no set-up: a test that needs one says `NOT RUN: <test>: <why>` on stderr and
//! ends. `cargo xtask test` sets everything up and then runs them.

pub mod bench;
pub mod binary;
pub mod browser;
pub mod cable;
pub mod peer;
pub mod program;
pub mod simulated;
pub mod synthetic;
pub mod vm;

/// Says loudly, past the capture of the test harness, that a test did not run.
pub fn not_run(test: &str, why: &str) {
    use std::io::Write as _;
    // One write, so that the lines of parallel tests do not mix; a closed stderr is no reason to fail.
    let _ = std::io::stderr().write_all(format!("\nNOT RUN: {test}: {why}\n").as_bytes());
}
