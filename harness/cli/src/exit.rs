//! Exit codes: a documented type, part of the command line's contract.

use certbench_model::{Findings, Verdict};
use std::process::ExitCode;

/// Shown under `--help`.
pub(crate) const HELP: &str = "\
Exit codes, in order of precedence:
  64  usage: the command line or an input file named on it cannot be used
   3  the plan is refused: a file has errors, the bench cannot do it, an identity does not match
   1  something failed, or failed conditionally (also when the bench failed elsewhere)
   4  the bench failed, or the run was aborted
   2  passed conditionally, or something was not tested
   0  everything passed";

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Everything passed, or the command did what it was asked.
    Passed,
    /// Something failed or failed conditionally.
    Failed,
    /// A conditional pass, or something not tested.
    Incomplete,
    /// The plan was refused.
    Refused,
    /// A bench fault, or aborted.
    Fault,
    /// Usage.
    Usage,
}

impl Exit {
    fn code(self) -> u8 {
        match self {
            Exit::Passed => 0,
            Exit::Failed => 1,
            Exit::Incomplete => 2,
            Exit::Refused => 3,
            Exit::Fault => 4,
            Exit::Usage => 64,
        }
    }

    /// The exit of a judged run.
    pub(crate) fn of(findings: &Findings) -> Exit {
        match (findings.end.as_str(), findings.verdict) {
            ("refused", _) => Exit::Refused,
            (_, Verdict::Fail | Verdict::ConditionalFail) => Exit::Failed,
            ("completed", Verdict::Pass) => Exit::Passed,
            ("completed", _) if bench_failed(findings) => Exit::Fault,
            ("completed", _) => Exit::Incomplete,
            _ => Exit::Fault,
        }
    }

    /// The one that takes precedence, for several runs together.
    pub(crate) fn worst(self, other: Exit) -> Exit {
        let rank = |exit: Exit| {
            [
                Exit::Usage,
                Exit::Refused,
                Exit::Failed,
                Exit::Fault,
                Exit::Incomplete,
                Exit::Passed,
            ]
            .iter()
            .position(|e| *e == exit)
        };
        if rank(self) <= rank(other) {
            self
        } else {
            other
        }
    }
}

/// Whether a fault of link, instrument or harness, or a silence, cost a case its verdict, though the
/// run went on.
fn bench_failed(findings: &Findings) -> bool {
    let of_cases = findings.cases.iter().flat_map(|case| &case.reasons);
    of_cases
        .chain(&findings.reasons)
        .any(|r| r.code.starts_with("fault-") || r.code == "tripped-silent")
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_outweighs_a_fail_and_a_fail_outweighs_a_fault() {
        assert_eq!(Exit::Failed.worst(Exit::Refused), Exit::Refused);
        assert_eq!(Exit::Fault.worst(Exit::Failed), Exit::Failed);
        assert_eq!(Exit::Incomplete.worst(Exit::Fault), Exit::Fault);
        assert_eq!(Exit::Passed.worst(Exit::Incomplete), Exit::Incomplete);
        assert_eq!(Exit::Usage.worst(Exit::Refused), Exit::Usage);
    }
}
