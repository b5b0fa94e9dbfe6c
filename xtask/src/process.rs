//! Starting programs: their output goes through, and is kept where it is needed.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::sync::Mutex;

use anyhow::{Context, bail};

/// A part may take so long in CI; at a terminal there is Ctrl-C.
const CI_LIMIT_S: &str = "2400";

/// Tests counted from what `cargo test` prints.
#[derive(Default, Debug, PartialEq)]
pub(crate) struct Counts {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
}

/// A command in the workspace; in CI under a time limit that ends its children too.
pub(crate) fn command(program: &str) -> Command {
    let mut command = if std::env::var_os("CI").is_some() {
        let mut limited = Command::new("timeout");
        limited.args(["--kill-after=10", CI_LIMIT_S, program]);
        limited
    } else {
        Command::new(program)
    };
    command.stdin(Stdio::null());
    command
}

/// Runs to the end, output going through.
pub(crate) fn run(command: &mut Command) -> anyhow::Result<()> {
    let status = command
        .status()
        .with_context(|| format!("cannot start {}", shown(command)))?;
    if !status.success() {
        bail!("{} ended with {status}", shown(command));
    }
    Ok(())
}

/// Runs to the end; what it printed on stdout.
pub(crate) fn output(command: &mut Command) -> anyhow::Result<String> {
    let output = command.stderr(Stdio::inherit()).output();
    let output = output.with_context(|| format!("cannot start {}", shown(command)))?;
    if !output.status.success() {
        bail!("{} ended with {}", shown(command), output.status);
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// What a `cargo test` said: its lines, and whether it ended well.
pub(crate) struct Tested {
    pub(crate) lines: Vec<String>,
    pub(crate) ended: anyhow::Result<()>,
}

/// Runs `cargo test`, output going through and kept.
pub(crate) fn tested(command: &mut Command) -> Tested {
    let lines = Mutex::new(Vec::new());
    let ended = (|| {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {}", shown(command)))?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        std::thread::scope(|scope| {
            scope.spawn(|| stdout.map(|stream| keep(stream, &lines, |line| println!("{line}"))));
            scope.spawn(|| stderr.map(|stream| keep(stream, &lines, |line| eprintln!("{line}"))));
        });
        let status = child.wait()?;
        if !status.success() {
            bail!("{} ended with {status}", shown(command));
        }
        Ok(())
    })();
    Tested {
        lines: lines.into_inner().unwrap_or_default(),
        ended,
    }
}

fn keep(stream: impl Read, lines: &Mutex<Vec<String>>, show: impl Fn(&str)) {
    for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line).into_owned();
        show(&line);
        if let Ok(mut lines) = lines.lock() {
            lines.push(line);
        }
    }
}

impl Tested {
    /// The tests that said that they did not run: one line each, `NOT RUN: <test>: <why>`.
    pub(crate) fn not_run(&self) -> Vec<&str> {
        self.lines
            .iter()
            .filter_map(|line| line.find("NOT RUN: ").map(|at| &line[at..]))
            .collect()
    }

    /// The sum of the `test result:` lines. A test that said NOT RUN was counted as passed by its
    /// harness, and is taken off again.
    pub(crate) fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for line in &self.lines {
            let Some(result) = line.strip_prefix("test result: ") else {
                continue;
            };
            counts.passed += number_before(result, " passed");
            counts.failed += number_before(result, " failed");
        }
        counts.passed = counts.passed.saturating_sub(self.not_run().len());
        counts
    }
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

fn number_before(text: &str, word: &str) -> usize {
    let digits = text
        .split(word)
        .next()
        .and_then(|before| before.rsplit(' ').next());
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(lines: &[&str]) -> Tested {
        Tested {
            lines: lines.iter().map(|line| (*line).to_owned()).collect(),
            ended: Ok(()),
        }
    }

    #[test]
    fn the_results_of_all_test_binaries_are_summed() {
        let tested = said(&[
            "running 2 tests",
            "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s",
            "test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.00s",
        ]);
        assert_eq!(
            tested.counts(),
            Counts {
                passed: 15,
                failed: 2
            }
        );
    }

    #[test]
    fn a_test_that_did_not_run_is_not_counted_as_passed() {
        let tested = said(&[
            "test a_hand_closes ... NOT RUN: a_hand_closes: CERTBENCH_PEERS is not set",
            "test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s",
        ]);
        assert_eq!(
            tested.counts(),
            Counts {
                passed: 1,
                failed: 0
            }
        );
        assert_eq!(
            tested.not_run(),
            ["NOT RUN: a_hand_closes: CERTBENCH_PEERS is not set"]
        );
    }
}
