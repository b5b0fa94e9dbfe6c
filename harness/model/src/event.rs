//! What happens in a run, in order: one stream for record, terminal and any other listener.

use crate::identity::{FileDigest, LinkFacts};
use crate::step::{Outcome, Scope};
use crate::{Identity, Plan, Text};
use serde::{Deserialize, Serialize};

/// One event with its time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Nanoseconds on the run's monotonic clock.
    pub time_ns: u64,
    /// What happened.
    pub body: EventBody,
}

/// Where in the plan something happened.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Context {
    /// Case id; empty outside cases.
    pub case: String,
    /// Repeat variables in force.
    pub scope: Scope,
    /// Number of the trial within the case, from 1, counting invalid ones; 0 outside trials.
    pub trial: u32,
}

/// The kinds of events.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "event")]
pub enum EventBody {
    /// First of all: what is going to be done, by what.
    Opened {
        /// Run identifier (the name of its folder).
        run: String,
        /// Start, UTC, `2026-11-22T02:26:54Z`.
        utc: String,
        /// Version of certbench.
        certbench: String,
        /// Host and operating system.
        host: String,
        /// Who runs it.
        operator: String,
        /// SHA-256 of the plan's JSON.
        plan_sha256: String,
        /// The plan.
        plan: Box<Plan>,
    },
    /// There was no run: the data were taken elsewhere and came in a file. certbench neither drove nor
    /// observed the test. The cases, windows and trials that follow say which rows belong together, not
    /// what was done; their times mean nothing.
    External {
        /// Who handed it in.
        by: String,
        /// The file, a copy of which is part of the record.
        file: FileDigest,
    },
    /// Other runs started for this item and suite, from the bench's ledger.
    Ledger {
        /// One line a run: id, start, end.
        earlier: Vec<String>,
    },
    /// A device was opened and has said who it is. No power was enabled.
    Identified {
        /// Device.
        device: String,
        /// What it says.
        identity: Identity,
        /// What is known of its link.
        link: LinkFacts,
    },
    /// The label was read by a person, for what the device cannot say.
    LabelConfirmed {
        /// Device.
        device: String,
        /// Field: `serial`, `firmware`.
        field: String,
        /// What the label says.
        value: String,
    },
    /// The plan asks what the bench cannot do; nothing was armed.
    Refused {
        /// Each reason.
        reasons: Vec<Text>,
    },
    /// Motion is allowed from here on.
    Armed {
        /// What will move, how fast, with what load, and what cannot be limited.
        shown: Vec<Text>,
        /// How it was confirmed: `operator`, `--yes`.
        by: String,
    },
    /// Motion is not allowed any more.
    Disarmed,
    /// A case begins.
    CaseStarted {
        /// Case.
        case: String,
    },
    /// A case ended.
    CaseEnded {
        /// Case.
        case: String,
        /// How.
        end: CaseEnd,
    },
    /// A step begins.
    StepStarted {
        /// Place in the plan: `case/3/0`.
        path: String,
        /// Word and main argument, for people.
        what: String,
        /// Where.
        context: Context,
    },
    /// A step ended as it should.
    StepEnded {
        /// Place in the plan.
        path: String,
    },
    /// A window opened.
    WindowOpened {
        /// Window id.
        window: String,
        /// Number of this instance in the case, from 1.
        instance: u32,
        /// Where.
        context: Context,
    },
    /// A window closed.
    WindowClosed {
        /// Window id.
        window: String,
        /// Instance.
        instance: u32,
        /// Whether its end was reached within its bound.
        end: WindowEnd,
    },
    /// A trial begins.
    TrialStarted {
        /// Trial id.
        trial: String,
        /// Where; `context.trial` is its number.
        context: Context,
    },
    /// A trial ended. One that the end of its case cut short has no end.
    TrialEnded {
        /// Trial id.
        trial: String,
        /// Its number.
        number: u32,
        /// Outcome as an answer, a bound or the executor says; `None` leaves it to the outcome rule.
        outcome: Option<Outcome>,
    },
    /// A named mark.
    Marked {
        /// Name.
        name: String,
        /// Where.
        context: Context,
    },
    /// A value was taken from a window, under its name.
    Taken {
        /// Name.
        name: String,
        /// Value, in the channel's unit.
        value: crate::Quantity,
        /// Where.
        context: Context,
    },
    /// A repeat or schedule ended, at its last pass or before it.
    RepeatEnded {
        /// Its variable.
        variable: String,
        /// Passes done.
        passes: u32,
        /// Passes that the plan allows.
        of: u32,
        /// The condition that ended it, with its values; `None`: it did not come.
        ending: Option<String>,
        /// Where.
        context: Context,
    },
    /// A pass of a schedule began.
    Scheduled {
        /// Its variable.
        variable: String,
        /// Pass, from 1.
        pass: u32,
        /// How much later than planned, seconds.
        late_s: f64,
    },
    /// An attempt of a trial failed, and it is tried again.
    Retried {
        /// Trial id.
        trial: String,
        /// Its number.
        number: u32,
        /// The attempt that failed, from 1.
        attempt: u32,
    },
    /// A person intervened, as an answer says.
    Intervened {
        /// Prompt id.
        prompt: String,
        /// The answer's id.
        choice: String,
        /// Where.
        context: Context,
    },
    /// From here on, samples outside of windows are recorded thinned (or in full again).
    Thinned {
        /// At most one sample a channel in this time, seconds; `None`: every sample.
        every_s: Option<f64>,
        /// Samples left out since the run began.
        left_out: u64,
    },
    /// A prompt was shown.
    Prompted {
        /// Prompt id.
        prompt: String,
        /// What was said.
        text: Text,
        /// Where.
        context: Context,
    },
    /// A prompt was answered.
    Answered {
        /// Prompt id.
        prompt: String,
        /// The answer: text, number with unit, choice id.
        answer: String,
        /// `operator`, `answers-file`, `simulated-operator`.
        by: String,
        /// Attached file.
        file: Option<FileDigest>,
    },
    /// A command left for a device.
    Commanded {
        /// Device.
        device: String,
        /// In words with units.
        what: String,
    },
    /// An output was switched.
    Switched {
        /// Output.
        output: String,
        /// State.
        to: String,
        /// Earliest and latest time it took effect on the wire, ns.
        between_ns: [u64; 2],
    },
    /// The item (or another device) reports trouble over a healthy link.
    DeviceEvent {
        /// Device.
        device: String,
        /// Short code: `emcy-0x2310`, `over-temperature`, `stall`.
        code: String,
        /// In words.
        text: String,
    },
    /// Link, instrument or harness failed.
    Fault {
        /// Which of them.
        kind: FaultKind,
        /// Device, channel or room.
        subject: String,
        /// What happened, and what to try.
        text: String,
    },
    /// A watch tripped.
    Tripped {
        /// Channel.
        channel: String,
        /// Why, with numbers.
        text: String,
        /// Whether the value passed its limit (over a healthy channel) or is missing or invalid.
        missing: bool,
    },
    /// A device was taken to its safe state.
    Halted {
        /// Device.
        device: String,
        /// Whether the plan demanded it (`stop` step, prompt with a person inside) or certbench did
        /// it by itself.
        planned: bool,
        /// `sent`, `confirmed`, `refused`, `late`, `failed`.
        result: String,
        /// Why it was halted, and what the device answered.
        text: String,
    },
    /// Samples or events that a listener could not take.
    Lost {
        /// Listener.
        listener: String,
        /// How many since the run began.
        count: u64,
    },
    /// A binary file is complete up to here.
    Anchor {
        /// File in the run folder.
        file: String,
        /// Bytes from its start.
        bytes: u64,
        /// SHA-256 of these bytes.
        sha256: String,
    },
    /// Statistics of a loop that must keep time.
    Lateness {
        /// Device or loop.
        subject: String,
        /// Largest lateness, seconds.
        worst_s: f64,
        /// Ticks looked at.
        ticks: u64,
    },
    /// True parameters and end state that a simulated device tells about itself.
    SimulationTruth {
        /// Device or `world`.
        device: String,
        /// As JSON.
        truth: serde_json::Value,
    },
    /// Last of all.
    Ended {
        /// How.
        end: RunEnd,
        /// In words.
        text: String,
    },
}

/// Which part of the bench failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// The link: no bytes, wrong bytes.
    Link,
    /// A reference instrument.
    Instrument,
    /// certbench itself, its host or its disk.
    Harness,
    /// Silence whose cause cannot be told: device or link. Both hypotheses are in the text.
    Unattributable,
}

/// How a case ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CaseEnd {
    /// All steps were performed.
    Completed,
    /// The item reported trouble.
    DeviceEvent(String),
    /// The bench failed.
    Fault(FaultKind, String),
    /// A watch tripped on a value (a limit of safety was passed).
    Tripped(String),
    /// What the test presupposes was not given. Not tested.
    Precondition(String),
    /// More invalid trials than the plan allows.
    TooManyInvalid(String),
    /// A prompt was not answered, or answered with no.
    Unanswered(String),
    /// The operator stopped it.
    Aborted(String),
    /// It was never begun: what ended an earlier case could not be put right. Not tested.
    NotBegun(String),
}

/// How a window ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WindowEnd {
    /// As it should.
    Reached,
    /// Its bound in time came first.
    TimedOut,
    /// Something else ended the case.
    Cut,
}

/// How a run ended. A record without an end was interrupted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunEnd {
    /// Every case was begun and ended.
    Completed,
    /// The plan was refused before arming.
    Refused,
    /// The operator stopped it.
    Aborted,
    /// The bench failed, and what was left could not be done.
    Faulted,
}
