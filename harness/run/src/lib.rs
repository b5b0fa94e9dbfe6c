//! Plan and bench in, events out: the only room with motion.
//!
//! A [`Run`] takes a frozen plan, the opened devices, somebody who answers prompts and listeners
//! for all that happens. [`Run::perform`] goes through the stages: identify (no power), refuse what
//! does not fit, start sampling, rehearse every motion, arm, perform the cases, halt, power off,
//! close. It blocks the calling thread, which is *the executor*, and all its waits go through the
//! run's clock, so the same code runs on real and on simulated time.
//!
//! What holds at every moment:
//! - **Nothing moves unarmed.** Every command that moves something passes `ensure_armed`, and a
//!   prompt with a person inside (shown only when every device's feedback confirms its safe state)
//!   takes that permission away again.
//! - **Watches hold from arming to disarming**, prompts included: limits on the reading thread,
//!   ages by a guard thread; whoever sees a trip halts, and only then tells the executor.
//! - **A halt is sent at every end** once devices are started, by any thread that finds a reason:
//!   executor, reading thread, guard, signal handler ([`Control::stop`]), panic hook.
//! - **The executor's lease** feeds the devices' watchdogs. It is renewed wherever the executor
//!   waits, for a little longer around calls that are bounded in time; a hung executor stops it.
//! - **Bad news is attributed** (module `trouble`), and no case is silently missing: each is begun
//!   and ended in the record, with the reason.
//!
//! Absent here: vendors, bytes, files, statistics, verdicts.

mod arm;
mod bench;
mod board;
mod condition;
mod control;
mod executor;
mod guard;
mod halt;
mod identify;
mod listener;
mod panic;
mod perform;
mod rehearse;
mod resolve;
mod safe;
pub mod scope;
mod settings;
mod shared;
mod shown;
mod steps;
mod trouble;
mod watch;
mod when;

pub use arm::ARM_PROMPT;
pub use control::{Control, Progress, StopRequest};
pub use listener::Listener;
pub use perform::Run;
pub use rehearse::{Refusal, Rehearsal};
pub use settings::{Attach, Consent, Epilogue, Settings};
