//! Other people's programs beside which something is measured.

use std::ffi::OsString;
use std::process::{Command, Stdio};

/// The Python that has the third-party peers; `cargo xtask bench` names it when it is set up.
pub(crate) fn python() -> Option<OsString> {
    std::env::var_os("CERTBENCH_PEERS")
}

/// A command line from the environment, for a baseline that is not part of this project.
pub(crate) fn command(variable: &str) -> Option<Command> {
    let line = std::env::var(variable).ok()?;
    let mut words = line.split_whitespace();
    let mut command = Command::new(words.next()?);
    command.args(words).stdin(Stdio::null());
    command.stdout(Stdio::null()).stderr(Stdio::null());
    Some(command)
}
