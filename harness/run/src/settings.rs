//! What a run is told besides plan and bench.

use certbench_model::{EventBody, FileDigest};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Takes an attached file into the record and says what it is. `Err`: in words.
pub type Attach = Arc<dyn Fn(&Path) -> Result<FileDigest, String> + Send + Sync>;

/// Events that the binary adds when all devices are closed, before the last: what a simulation
/// tells about itself.
pub type Epilogue = Arc<dyn Fn() -> Vec<EventBody> + Send + Sync>;

/// Who confirms that motion may begin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Consent {
    /// The operator is asked each time.
    #[default]
    Ask,
    /// Given beforehand (`--yes`) when every device is simulated or replayed; else the operator is
    /// asked all the same.
    Given,
    /// Given beforehand for physical devices too, by a flag that says so.
    GivenForPhysical,
}

/// Everything else that a run needs to know.
#[derive(Clone)]
pub struct Settings {
    /// Run identifier: the name of its folder.
    pub run: String,
    /// Start, UTC, `2026-11-22T02:26:54Z`.
    pub utc: String,
    /// Version of certbench.
    pub certbench: String,
    /// Host and operating system.
    pub host: String,
    /// Who runs it.
    pub operator: String,
    /// Other runs started for this item and suite, one line a run.
    pub earlier: Vec<String>,
    /// Who confirms arming.
    pub consent: Consent,
    /// Whether prompts are answered from a file: then a plan with prompts inside a physical machine
    /// is refused.
    pub unattended: bool,
    /// Time between arming and motion, for people to leave.
    pub countdown: Duration,
    /// How long a device's watchdog is fed after the executor last said that it is alive.
    pub lease: Duration,
    /// How long a halt may take to be confirmed before it is late, for each stop path.
    pub halt_within: Duration,
    /// Takes attached files into the record; without it, only their paths are noted.
    pub attach: Option<Attach>,
    /// See [`Epilogue`].
    pub epilogue: Option<Epilogue>,
}

impl Settings {
    /// Asks before every motion, counts down 3 s, feeds watchdogs for 250 ms, gives a halt 2 s.
    pub fn new(run: impl Into<String>, utc: impl Into<String>) -> Settings {
        Settings {
            run: run.into(),
            utc: utc.into(),
            certbench: env!("CARGO_PKG_VERSION").to_string(),
            host: String::new(),
            operator: String::new(),
            earlier: Vec::new(),
            consent: Consent::Ask,
            unattended: false,
            countdown: Duration::from_secs(3),
            lease: Duration::from_millis(250),
            halt_within: Duration::from_secs(2),
            attach: None,
            epilogue: None,
        }
    }
}
