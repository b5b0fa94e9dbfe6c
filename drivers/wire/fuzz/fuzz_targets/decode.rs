//! One program for all targets: `FUZZ_TARGET=modbus-reply cargo fuzz run decode corpus/modbus-reply`.
#![no_main]

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;

#[path = "../src/targets.rs"]
mod targets;

fuzz_target!(|data: &[u8]| {
    static TARGET: OnceLock<fn(&[u8])> = OnceLock::new();
    let target = TARGET.get_or_init(|| {
        let name = std::env::var("FUZZ_TARGET").expect("FUZZ_TARGET names the target");
        let found = targets::TARGETS.iter().find(|(known, _)| *known == name);
        found.expect("a target of src/targets.rs").1
    });
    target(data);
});
