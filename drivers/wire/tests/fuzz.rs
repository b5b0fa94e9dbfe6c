//! The fuzz targets on stable: every file of `fuzz/corpus`, and mutations of them, always the same ones.
//!
//! `CERTBENCH_FUZZ_S=60` goes on for so many seconds in all (`cargo xtask test` does so); without it each
//! target gets a few hundred inputs. An input that fails is printed in hexadecimal: put it into the corpus.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

#[path = "../fuzz/src/targets.rs"]
mod targets;

/// Inputs of a target where no time is given.
const FEW: u64 = 400;
/// Longest input: what is longer finds nothing new in these protocols.
const LONGEST: usize = 2048;

/// xorshift64*: small, and the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() >> 33) as usize % n.max(1)
    }
}

fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = folder.join("fuzz/corpus").join(target);
    let entries =
        std::fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut files: Vec<_> = entries.filter_map(|e| Some(e.ok()?.path())).collect();
    files.sort();
    let inputs = files
        .iter()
        .map(|file| std::fs::read(file).expect("a file"));
    let inputs: Vec<Vec<u8>> = inputs.collect();
    assert!(!inputs.is_empty(), "{target} has no corpus");
    inputs
}

/// A few changes: a bit, a byte, a piece out, a piece twice, a piece of another input.
fn mutated(inputs: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    const TELLING: [u8; 12] = [
        0, 1, 0x7F, 0x80, 0xFF, 0xFE, b'\r', b'\n', b'-', b'.', b'"', b'9',
    ];
    let mut input = inputs[random.below(inputs.len())].clone();
    for _ in 0..=random.below(6) {
        let at = random.below(input.len());
        let len = random.below(input.len() - at + 1).min(64);
        match random.below(7) {
            0 if !input.is_empty() => input[at] ^= 1 << random.below(8),
            1 if !input.is_empty() => input[at] = random.next() as u8,
            2 if !input.is_empty() => input[at] = TELLING[random.below(TELLING.len())],
            3 => drop(input.drain(at..at + len)),
            4 => {
                let piece = input[at..at + len].to_vec();
                input.splice(at..at, piece);
            }
            5 => input.insert(at.min(input.len()), random.next() as u8),
            _ => {
                let other = &inputs[random.below(inputs.len())];
                let from = random.below(other.len());
                input.splice(at.min(input.len()).., other[from..].iter().copied());
            }
        }
    }
    input.truncate(LONGEST);
    input
}

fn tried(name: &str, target: fn(&[u8]), input: &[u8]) {
    let began = Instant::now();
    let ended = catch_unwind(AssertUnwindSafe(|| target(input)));
    let hex: String = input.iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(ended.is_ok(), "{name} fails on {hex}");
    let took = began.elapsed();
    assert!(
        took < Duration::from_secs(20),
        "{name} takes {took:?} for {hex}"
    );
}

#[test]
fn no_input_fails_a_decoder() {
    let given = std::env::var("CERTBENCH_FUZZ_S").ok();
    let seconds: Option<f64> = given.map(|text| text.parse().expect("CERTBENCH_FUZZ_S is seconds"));
    let share =
        seconds.map(|seconds| Duration::from_secs_f64(seconds / targets::TARGETS.len() as f64));
    for (name, target) in targets::TARGETS {
        let inputs = corpus(name);
        inputs.iter().for_each(|input| tried(name, *target, input));
        let (began, mut random, mut count) = (Instant::now(), Random(0x9E37_79B9_7F4A_7C15), 0);
        while share.map_or(count < FEW, |share| began.elapsed() < share) {
            tried(name, *target, &mutated(&inputs, &mut random));
            count += 1;
        }
        println!("{name}: {count} inputs");
    }
}

/// Its decoders take arrays of one length; the targets of those who use them reach them.
const REACHED_BY_OTHERS: &str = "mit";

/// What of a source takes bytes, a line, a frame or a file, as a target has to call it: its module, and
/// `Type::decode`, `decode_reply` or, of what is made and then fed, `Type`.
fn decoders(file: &Path, text: &str) -> Vec<(String, String)> {
    let first = file.iter().next().map(Path::new);
    let whole = first.and_then(Path::file_stem).unwrap_or_default();
    let (mut found, mut module, mut subject) = (Vec::new(), whole, "");
    for line in text.lines() {
        let words = line.trim_start();
        let header = words.trim_end_matches(" {");
        if let Some(inner) = header.strip_prefix("pub mod ") {
            module = inner.as_ref();
        } else if line == "}" {
            module = whole;
        } else if header.starts_with("impl") {
            let last = header.rsplit(' ').next().unwrap_or_default();
            subject = last.split('<').next().unwrap_or_default();
        }
        let Some(function) = words.strip_prefix("pub fn ") else {
            continue;
        };
        let name = function.split(['(', '<']).next().unwrap_or_default();
        let decodes =
            name.starts_with("decode") || name == "from_can" || function.contains("(text: &str");
        let is_fed = ["push", "on"].contains(&name);
        let call = match (words == line, function.contains("self")) {
            (true, _) => name.to_owned(),
            (false, true) => subject.to_owned(),
            (false, false) => format!("{subject}::{name}"),
        };
        if (decodes || is_fed) && module != REACHED_BY_OTHERS {
            found.push((module.to_string_lossy().into_owned(), call));
        }
    }
    found
}

#[test]
fn every_decoder_has_a_target() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |file: &Path| std::fs::read_to_string(file).expect("a source");
    let targets = read(&folder.join("fuzz/src/targets.rs"));
    let names: Vec<&str> = targets
        .split(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'))
        .collect();
    let (mut entries, mut found) = (vec![folder.join("src")], Vec::new());
    while let Some(entry) = entries.pop() {
        if entry.is_dir() {
            let inside = std::fs::read_dir(&entry).expect("a folder");
            entries.extend(inside.map(|entry| entry.expect("an entry").path()));
        } else {
            let below = entry.strip_prefix(folder.join("src")).expect("below");
            found.extend(decoders(below, &read(&entry)));
        }
    }
    assert!(found.len() > 50, "{found:?}");
    let is_called = |(module, call): &(String, String)| {
        // what canopen has is imported by name
        let module = if module == "canopen" {
            String::new()
        } else {
            format!("{module}::")
        };
        names
            .iter()
            .any(|name| name.contains(&module) && name.contains(call.as_str()))
    };
    found.retain(|decoder| !is_called(decoder));
    assert!(found.is_empty(), "without a target: {found:?}");
}
