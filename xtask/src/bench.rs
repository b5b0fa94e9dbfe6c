//! The measurements of `tests/benches`, with what they are measured beside.

use crate::parts::Parts;
use crate::process::run;
use crate::setup::Workspace;

/// `cargo xtask bench [NAME...]`: the released binary, for start-up; then all that is measured, or
/// what is named, and one table.
pub(crate) fn measurements(workspace: &Workspace, parts: &mut Parts, names: &[String]) {
    parts.run("released binary", |_| {
        run(workspace
            .cargo()
            .args(["build", "--release", "--package", "certbench"]))
        .into()
    });
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
        run(&mut bench).into()
    });
}
