//! The parts of a run: what was started, how it ended, how long it took.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use crate::process::Counts;

/// How a part ended.
#[derive(Debug)]
pub(crate) enum Outcome {
    Passed,
    Failed(String),
    /// It could not be set up, or nothing in it ran.
    NotRun(String),
}

struct Part {
    name: &'static str,
    outcome: Outcome,
    took: Duration,
}

/// All parts so far, and the tests counted in them.
#[derive(Default)]
pub(crate) struct Parts {
    parts: Vec<Part>,
    counts: Counts,
}

impl Parts {
    /// Runs one part between two lines that say so.
    pub(crate) fn run(&mut self, name: &'static str, part: impl FnOnce(&mut Counts) -> Outcome) {
        println!("=== {name}");
        let started = Instant::now();
        let outcome = part(&mut self.counts);
        let took = started.elapsed();
        println!(
            "=== {name}: {} ({:.1} s)\n",
            outcome.line(),
            took.as_secs_f64()
        );
        self.parts.push(Part {
            name,
            outcome,
            took,
        });
    }

    /// The table `part | result | seconds`, and the tests counted, as the last line.
    pub(crate) fn table(&self) -> String {
        let width = self
            .parts
            .iter()
            .map(|part| part.name.len())
            .max()
            .unwrap_or(0)
            .max("part".len());
        let mut text = format!(
            "{:width$} | result  | seconds\n{:-<width$}-|---------|--------\n",
            "part", ""
        );
        for part in &self.parts {
            let seconds = part.took.as_secs_f64();
            let _ = writeln!(
                text,
                "{:width$} | {:7} | {seconds:7.1}",
                part.name,
                part.outcome.word()
            );
        }
        for part in &self.parts {
            if let Outcome::Failed(why) | Outcome::NotRun(why) = &part.outcome {
                let _ = writeln!(
                    text,
                    "{} {}: {why}",
                    part.outcome.word().to_uppercase(),
                    part.name
                );
            }
        }
        let _ = writeln!(
            text,
            "{} passed, {} failed",
            self.counts.passed, self.counts.failed
        );
        text
    }

    /// Whether the whole run is good.
    pub(crate) fn ok(&self, allow_not_run: bool) -> bool {
        self.counts.failed == 0
            && self.parts.iter().all(|part| match part.outcome {
                Outcome::Passed => true,
                Outcome::Failed(_) => false,
                Outcome::NotRun(_) => allow_not_run,
            })
    }
}

impl Outcome {
    fn word(&self) -> &'static str {
        match self {
            Outcome::Passed => "passed",
            Outcome::Failed(_) => "failed",
            Outcome::NotRun(_) => "not run",
        }
    }

    fn line(&self) -> String {
        match self {
            Outcome::Passed => self.word().to_owned(),
            Outcome::Failed(why) | Outcome::NotRun(why) => {
                format!("{}: {why}", self.word().to_uppercase())
            }
        }
    }
}

impl From<anyhow::Result<()>> for Outcome {
    fn from(result: anyhow::Result<()>) -> Self {
        match result {
            Ok(()) => Outcome::Passed,
            Err(error) => Outcome::Failed(format!("{error:#}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(outcomes: Vec<Outcome>) -> Parts {
        let mut parts = Parts::default();
        for outcome in outcomes {
            parts.run("a part", |_| outcome);
        }
        parts
    }

    #[test]
    fn a_part_that_was_not_run_fails_the_run_unless_allowed() {
        let parts = run(vec![Outcome::Passed, Outcome::NotRun("no kernel".into())]);
        assert!(!parts.ok(false));
        assert!(parts.ok(true));
    }

    #[test]
    fn a_failed_part_is_never_allowed() {
        assert!(!run(vec![Outcome::Failed("1 test".into())]).ok(true));
    }

    #[test]
    fn the_table_ends_with_the_plain_line_and_names_what_was_not_run() {
        let table = run(vec![Outcome::NotRun("no kernel".into())]).table();
        assert!(table.contains("a part | not run |"), "{table}");
        assert!(table.contains("NOT RUN a part: no kernel"), "{table}");
        assert!(table.ends_with("\n0 passed, 0 failed\n"), "{table}");
    }
}
