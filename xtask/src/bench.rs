//! The measurements of `tests/benches`, with what they are measured beside.

use crate::parts::Parts;
use crate::process::run;
use crate::setup::{self, Workspace};
use crate::vm;

/// What is measured in the virtual machine, with a guest program as it is released: some minutes of building.
const IN_THE_GUEST: &str = "can";
/// What needs the renderer of PDFs.
const PDF: &str = "pdf";

/// `cargo xtask bench [NAME...]`: the released binary, for start-up; then all that is measured, or
/// what is named, and one table.
pub(crate) fn measurements(workspace: &Workspace, parts: &mut Parts, names: &[String]) {
    parts.run("released binary", |_| {
        run(workspace
            .cargo()
            .args(["build", "--release", "--package", "certbench"]))
        .into()
    });
    let mut guest = None;
    if names.iter().any(|name| name == IN_THE_GUEST) {
        setup::vm(workspace, parts);
        parts.run("guest program, released", |_| {
            let built = vm::build_released(workspace);
            built.map(|folder| guest = Some(folder)).into()
        });
    }
    if names.iter().any(|name| name == PDF) {
        setup::pdf(parts);
        parts.run("renderer of PDFs", |_| {
            let mut build = workspace.cargo();
            build.args(["build", "--profile", "pdf", "--package", "certbench-pdf"]);
            run(&mut build).into()
        });
    }
    parts.run("measurements", |_| {
        let mut bench = workspace.cargo();
        bench.args([
            "bench",
            "--package",
            "certbench-tests",
            "--bench",
            "measure",
        ]);
        bench.arg("--").args(names);
        let python = workspace.peers_python();
        if python.exists() {
            bench.env("CERTBENCH_PEERS", python);
        }
        if let Some(folder) = &guest {
            bench.env("CERTBENCH_VM", folder);
        }
        run(&mut bench).into()
    });
}
