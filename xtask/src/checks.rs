//! The checks, each a part of the run.

use crate::parts::{Outcome, Parts};
use crate::process::{Counts, Tested, command, run, tested};
use crate::setup::{self, Workspace};
use std::fs;

/// The renderer of PDFs, which takes minutes to build: built once, in a part of its own.
const PDF: &str = "certbench-pdf";

/// How long all decoders together get arbitrary input, in seconds.
const FUZZ_S: &str = "60";

/// `cargo xtask test`.
pub(crate) fn everything(workspace: &Workspace, parts: &mut Parts) {
    parts.run("format", |_| {
        run(workspace.cargo().args(["fmt", "--all", "--check"])).into()
    });
    parts.run("lints", |_| {
        let mut clippy = workspace.cargo();
        clippy.args([
            "clippy",
            "--quiet",
            "--keep-going", // every complaint at once
            "--workspace",
            "--exclude",
            PDF,
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ]);
        run(&mut clippy).into()
    });
    deny_alone(workspace, parts);
    parts.run("tests", |counts| {
        let mut tests = workspace.cargo();
        tests.args(["test", "--workspace", "--exclude", PDF, "--no-fail-fast"]);
        let tested = tested(
            tests
                .env_remove("CERTBENCH_PEERS")
                .env_remove("CERTBENCH_BROWSER")
                .env_remove("CERTBENCH_VM"),
        );
        *counts += tested.counts();
        let waiting = tested.not_run().len();
        println!("{waiting} tests that need set-up did not run here and are not counted; the parts below run them");
        tested.ended.into()
    });
    parts.run("decoders under arbitrary input, a minute", |counts| {
        let mut fuzz = workspace.cargo();
        fuzz.args(["test", "--package", "certbench-wire", "--test", "fuzz"]);
        let tested = tested(fuzz.env("CERTBENCH_FUZZ_S", FUZZ_S));
        *counts += tested.counts();
        tested.ended.into()
    });
    peers_alone(workspace, parts);
    vm_alone(workspace, parts);
    browser_alone(workspace, parts);
    pdf_alone(workspace, parts);
    parts.run("documentation", |_| {
        let mut doc = workspace.cargo();
        doc.args([
            "doc",
            "--quiet",
            "--workspace",
            "--exclude",
            PDF,
            "--no-deps",
        ]);
        run(doc.env("RUSTDOCFLAGS", "-D warnings")).into()
    });
}

/// `cargo xtask deny`.
pub(crate) fn deny_alone(workspace: &Workspace, parts: &mut Parts) {
    parts.run("licences, bans, sources", |_| {
        match setup::cargo_deny(workspace) {
            Err(error) => Outcome::NotRun(format!("cargo-deny could not be installed: {error:#}")),
            Ok(deny) => {
                let mut deny = command(&deny.to_string_lossy());
                deny.args([
                    "--locked",
                    "check",
                    "--hide-inclusion-graph",
                    "licenses",
                    "bans",
                    "sources",
                ]);
                run(deny.current_dir(&workspace.root)).into()
            }
        }
    });
}

/// `cargo xtask peers`: the peers against each other, then this project against the peers.
pub(crate) fn peers_alone(workspace: &Workspace, parts: &mut Parts) {
    setup::peers(workspace, parts);
    let python = workspace.peers_python();
    parts.run("peers against each other", |_| {
        if !python.exists() {
            return Outcome::NotRun("the peers are not set up".into());
        }
        let mut selftest = command(&python.to_string_lossy());
        run(selftest
            .arg("-B")
            .arg(workspace.root.join("tests/peers/selftest.py")))
        .into()
    });
    parts.run("tests with peers", |counts| {
        if !python.exists() {
            return Outcome::NotRun("the peers are not set up".into());
        }
        with_setup(workspace, counts, "Peers::for_test")
    });
}

/// `cargo xtask vm`.
pub(crate) fn vm_alone(workspace: &Workspace, parts: &mut Parts) {
    setup::vm(workspace, parts);
    parts.run("tests in the virtual machine", |counts| {
        if !workspace.vm().join("image.gz").exists() {
            return Outcome::NotRun("the virtual machine is not set up".into());
        }
        with_setup(workspace, counts, "Image::for_test")
    });
}

/// `cargo xtask browser`: a report in Chromium, looked at by axe.
pub(crate) fn browser_alone(workspace: &Workspace, parts: &mut Parts) {
    setup::browser(workspace, parts);
    parts.run("reports in a browser", |counts| {
        if !workspace.browser().join("axe.installed").exists() {
            return Outcome::NotRun("the browser is not set up".into());
        }
        with_setup(workspace, counts, "Browser::for_test")
    });
}

/// `cargo xtask pdf`: the renderer of PDFs, built once in the profile that a laboratory builds it in;
/// its lints are told by the compiler of that build.
pub(crate) fn pdf_alone(workspace: &Workspace, parts: &mut Parts) {
    setup::pdf(parts);
    let cargo = |command: &str| {
        let mut cargo = workspace.cargo();
        cargo.args([command, "--profile", "pdf", "--package", PDF]);
        cargo
    };
    parts.run("renderer of PDFs", |_| run(&mut cargo("build")).into());
    parts.run("lints of the renderer", |_| {
        let mut lints = cargo("build");
        lints.env("RUSTC_WORKSPACE_WRAPPER", "clippy-driver");
        run(lints.env("CLIPPY_ARGS", "-Dwarnings__CLIPPY_HACKERY__")).into()
    });
    parts.run("tests of the renderer", |counts| {
        let tested = tested(&mut cargo("test"));
        *counts += tested.counts();
        tested.ended.into()
    });
}

/// Runs those end-to-end test files that ask for a set-up, with all that is set up named in the
/// environment; here none of their tests may say that it did not run.
fn with_setup(workspace: &Workspace, counts: &mut Counts, asked_for: &str) -> Outcome {
    let targets = targets_with(workspace, asked_for);
    if targets.is_empty() {
        return Outcome::NotRun(format!("no file of tests/tests has {asked_for}"));
    }
    let mut tests = workspace.cargo();
    tests.args(["test", "--package", "certbench-tests", "--no-fail-fast"]);
    tests.args(targets.iter().flat_map(|target| ["--test", target]));
    // One at a time: each has processes of its own beside it, and two cores.
    tests.args(["--", "--test-threads=1"]);
    for (name, path, there) in [
        (
            "CERTBENCH_PEERS",
            workspace.peers_python(),
            workspace.peers_python(),
        ),
        (
            "CERTBENCH_BROWSER",
            workspace.browser(),
            workspace.browser().join("axe.installed"),
        ),
        (
            "CERTBENCH_VM",
            workspace.vm(),
            workspace.vm().join("image.gz"),
        ),
    ] {
        match there.exists() {
            true => tests.env(name, path),
            false => tests.env_remove(name),
        };
    }
    let tested: Tested = tested(&mut tests);
    *counts += tested.counts();
    match (&tested.ended, tested.not_run().first()) {
        (Ok(()), Some(first)) => Outcome::NotRun((*first).to_owned()),
        _ => tested.ended.into(),
    }
}

/// The names of the end-to-end test files whose source has the text.
fn targets_with(workspace: &Workspace, text: &str) -> Vec<String> {
    let Ok(folder) = fs::read_dir(workspace.root.join("tests/tests")) else {
        return Vec::new();
    };
    let mut names: Vec<String> = folder
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .filter(|path| fs::read_to_string(path).is_ok_and(|source| source.contains(text)))
        .filter_map(|path| {
            path.file_stem()
                .map(|stem| stem.to_string_lossy().into_owned())
        })
        .collect();
    names.sort();
    names
}
