//! Why a verdict is what it is: a code for programs, words for people.

use certbench_model::finding::Reason;
use certbench_model::{CaseEnd, FaultKind, Text};

/// A reason in both languages.
pub(crate) fn because(code: &str, en: impl Into<String>, zh: impl Into<String>) -> Reason {
    Reason {
        code: code.into(),
        text: Text::new(en, zh),
    }
}

/// A reason with a message that a machine or person wrote in one language.
pub(crate) fn because_of(code: &str, en: &str, zh: &str, message: &str) -> Reason {
    because(code, format!("{en}: {message}"), format!("{zh}：{message}"))
}

/// Reasons without repetition: of one code only the first is kept, or thirty windows with the same
/// trouble would say it thirty times.
#[derive(Debug, Default, Clone)]
pub(crate) struct Reasons(Vec<Reason>);

impl Reasons {
    pub(crate) fn add(&mut self, reason: Reason) {
        if !self.has(&reason.code) {
            self.0.push(reason);
        }
    }

    pub(crate) fn extend(&mut self, reasons: impl IntoIterator<Item = Reason>) {
        reasons.into_iter().for_each(|reason| self.add(reason));
    }

    pub(crate) fn has(&self, code: &str) -> bool {
        self.0.iter().any(|r| r.code == code)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Reason> {
        self.0.iter()
    }

    pub(crate) fn into_vec(self) -> Vec<Reason> {
        self.0
    }
}

/// The bench failed: never a word about the item.
pub(crate) fn fault(kind: FaultKind, message: &str) -> Reason {
    match kind {
        FaultKind::Link => because_of("fault-link", "The link failed", "链路故障", message),
        FaultKind::Instrument => because_of(
            "fault-instrument",
            "An instrument failed",
            "仪器故障",
            message,
        ),
        FaultKind::Harness => because_of(
            "fault-harness",
            "certbench or its host failed",
            "certbench 或其主机故障",
            message,
        ),
        FaultKind::Unattributable => because_of(
            "fault-unattributable",
            "Silence; either the device or its link failed, and the record cannot tell which",
            "无响应；设备或其链路故障，记录无法区分",
            message,
        ),
    }
}

/// The item itself reported trouble over a healthy link.
pub(crate) fn device_event(message: &str) -> Reason {
    because_of(
        "device-event",
        "The item under test reported trouble over a healthy link",
        "被测件在链路正常时报告异常",
        message,
    )
}

/// How a case ended, if not as it should. Device events are told apart by the caller.
pub(crate) fn case_end(end: &CaseEnd) -> Option<Reason> {
    Some(match end {
        CaseEnd::Completed => return None,
        CaseEnd::DeviceEvent(text) => device_event(text),
        CaseEnd::Fault(kind, text) => fault(*kind, text),
        CaseEnd::Tripped(text) => because_of(
            "tripped",
            "A watch stopped the case",
            "监视条件触发，用例中止",
            text,
        ),
        CaseEnd::Precondition(text) => because_of(
            "precondition",
            "What the test presupposes was not given",
            "试验前提条件未满足",
            text,
        ),
        CaseEnd::TooManyInvalid(text) => because_of(
            "too-many-invalid",
            "More invalid trials than the plan allows",
            "无效试验数超过计划上限",
            text,
        ),
        CaseEnd::Unanswered(text) => because_of(
            "unanswered",
            "A prompt was not answered, or answered with no",
            "提示未得到回答，或回答为否",
            text,
        ),
        CaseEnd::Aborted(text) => because_of(
            "aborted",
            "The operator stopped the case",
            "操作员中止了用例",
            text,
        ),
        CaseEnd::NotBegun(text) => because_of(
            "not-started",
            "The case was never begun",
            "用例未开始",
            text,
        ),
    })
}
