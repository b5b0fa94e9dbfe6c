//! `cargo xtask`: sets up what the tests need, then runs everything.
//!
//! `cargo xtask test` is the one command that says whether this tree is good. Whatever could not be set
//! up is counted as *not run*, and then the exit code is not zero unless `--allow-not-run` is given.

mod bench;
mod checks;
mod parts;
mod process;
mod setup;
mod vm;

use std::process::ExitCode;

use parts::Parts;
use setup::Workspace;

const USAGE: &str = "\
usage: cargo xtask <command> [--allow-not-run]

  test    set up, then format, lints, licences, all tests, the third-party peers, the virtual machine, a browser, PDFs, docs
  setup   only prepare: Debian packages (as root), target/peers-venv, target/tools, target/vm, target/browser
  deny    licences, bans and sources of all dependencies
  peers   the tests against programs that somebody else wrote
  vm      the tests on a real kernel with SocketCAN, in QEMU
  browser the reports in Chromium, looked at by axe-core
  pdf     the renderer of PDFs: fonts and tools, its build, its tests
  bench   the measurements of docs/measurements.md, all or those named after it; `judge`, `build`, `pdf` and `can` only when named

  --allow-not-run   a part that could not be set up does not fail the command
";

/// `Workspace` -> what ran and how it ended.
type Command = fn(&Workspace, &mut Parts);

fn main() -> ExitCode {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let allow_not_run = take(&mut arguments, "--allow-not-run");
    if let [bench, names @ ..] = &arguments[..]
        && bench == "bench"
    {
        let mut parts = Parts::default();
        bench::measurements(&Workspace::here(), &mut parts, names);
        return ended(&parts, allow_not_run);
    }
    let command: Command = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["test"] => checks::everything,
        ["setup"] => setup::everything,
        ["deny"] => checks::deny_alone,
        ["peers"] => checks::peers_alone,
        ["vm"] => checks::vm_alone,
        ["browser"] => checks::browser_alone,
        ["pdf"] => checks::pdf_alone,
        _ => {
            eprint!("{USAGE}");
            return ExitCode::from(64);
        }
    };
    let mut parts = Parts::default();
    command(&Workspace::here(), &mut parts);
    ended(&parts, allow_not_run)
}

/// Says how all parts ended.
fn ended(parts: &Parts, allow_not_run: bool) -> ExitCode {
    print!("{}", parts.table());
    if parts.ok(allow_not_run) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Whether the flag was among the arguments; it is taken out.
fn take(arguments: &mut Vec<String>, flag: &str) -> bool {
    let before = arguments.len();
    arguments.retain(|argument| argument != flag);
    arguments.len() != before
}
