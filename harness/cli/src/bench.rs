//! The simulated bench as a process of its own, seen from the harness.
//!
//! Protocol (lines of JSON): the process first prints `{"ports": {"hand": "/dev/pts/4", …}}`; then
//! each request on its standard input has one answer on its standard output: `{"apply": ["mount",
//! "cylinder-50"]}`, `{"label": ["hand", "serial"]}`, `{"fault": {…}}`, `{"truth": true}`, `{"shutdown": true}` -> `{"ok": …}` or
//! `{"error": "…"}`. When its standard input closes it goes on until the machine is at rest.

use crate::operator::World;
use anyhow::{Context, anyhow, bail};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, PoisonError};

/// A running `certbench simulate`.
pub(crate) struct SimulationProcess {
    /// Device to the path of its pty.
    pub(crate) ports: BTreeMap<String, String>,
    pipes: Mutex<(ChildStdin, BufReader<ChildStdout>)>,
    child: Mutex<Child>,
}

impl SimulationProcess {
    /// Starts it for a bench file and waits until its ports are open. It is in a process group of
    /// its own: Ctrl-C at the harness does not reach it.
    pub(crate) fn start(bench: &Path, log: &Path) -> anyhow::Result<SimulationProcess> {
        let program =
            std::env::current_exe().context("cannot find the certbench program itself")?;
        let mut child = Command::new(program)
            .arg("simulate")
            .arg(bench)
            .arg("--log")
            .arg(log)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .process_group(0)
            .spawn()
            .context("cannot start the simulated bench")?;
        let (Some(stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
            bail!("the simulated bench has no pipes");
        };
        let mut stdout = BufReader::new(stdout);
        let first = read_line(&mut stdout).context("the simulated bench did not start")?;
        let ports = first
            .get("ports")
            .and_then(Value::as_object)
            .ok_or_else(|| anyhow!("the simulated bench said {first}"))?;
        let ports = ports
            .iter()
            .filter_map(|(id, path)| Some((id.clone(), path.as_str()?.to_string())))
            .collect();
        Ok(SimulationProcess {
            ports,
            pipes: Mutex::new((stdin, stdout)),
            child: Mutex::new(child),
        })
    }

    fn request(&self, request: &Value) -> anyhow::Result<Value> {
        let mut pipes = self.pipes.lock().unwrap_or_else(PoisonError::into_inner);
        writeln!(pipes.0, "{request}")?;
        pipes.0.flush()?;
        let answer = read_line(&mut pipes.1)?;
        match answer.get("error").and_then(Value::as_str) {
            Some(error) => bail!("{error}"),
            None => Ok(answer.get("ok").cloned().unwrap_or(Value::Null)),
        }
    }

    /// True parameters and present state.
    pub(crate) fn truth(&self) -> anyhow::Result<Value> {
        self.request(&json!({ "truth": true }))
    }
}

fn read_line(from: &mut BufReader<ChildStdout>) -> anyhow::Result<Value> {
    let mut line = String::new();
    if from.read_line(&mut line)? == 0 {
        bail!("it ended");
    }
    serde_json::from_str(&line).with_context(|| format!("it said `{}`", line.trim()))
}

impl World for SimulationProcess {
    fn apply(&self, key: &str, value: &str) -> Result<(), String> {
        self.request(&json!({ "apply": [key, value] }))
            .map(|_| ())
            .map_err(|e| format!("{e:#}"))
    }

    fn label(&self, device: &str, field: &str) -> Option<String> {
        let answer = self.request(&json!({ "label": [device, field] })).ok()?;
        Some(answer.as_str()?.to_string())
    }
}

impl Drop for SimulationProcess {
    fn drop(&mut self) {
        let _ = self.request(&json!({ "shutdown": true }));
        let _ = self
            .child
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .wait();
    }
}
