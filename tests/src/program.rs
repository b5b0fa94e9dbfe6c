//! `certbench run` on small files of a test's own, and what it leaves behind, read as JSON.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;

use crate::binary::{Folder, certbench};

/// A suite, a bench and a job in a folder of their own, and the runs made with them.
pub struct Scene {
    folder: Folder,
}

impl Scene {
    /// An arm that goes there and back, some 5 seconds in all; a tracker that looks; nothing else.
    pub fn arm() -> Scene {
        Scene::of(
            include_str!("small/arm.suite.yaml"),
            include_str!("small/arm.bench.yaml"),
            include_str!("small/arm.job.yaml"),
        )
    }

    /// These files.
    pub fn of(suite: &str, bench: &str, job: &str) -> Scene {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = Folder::new(&format!("scene-{number}"));
        for (name, text) in [("suite", suite), ("bench", bench), ("job", job)] {
            folder.write(&format!("{name}.yaml"), text);
        }
        Scene { folder }
    }

    /// The same with one place of a file (`suite`, `bench`, `job`) written differently.
    ///
    /// # Panics
    /// When the file does not say `from`.
    #[must_use]
    pub fn with(self, file: &str, from: &str, to: &str) -> Scene {
        let path = self.file(file);
        let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        assert!(text.contains(from), "{file} does not say {from:?}");
        write(&path, &text.replacen(from, to, 1));
        self
    }

    /// The same with one more step before the others.
    ///
    /// # Panics
    /// When the suite has no steps.
    #[must_use]
    pub fn first(self, step: &str) -> Scene {
        self.with(
            "suite",
            "    steps:\n",
            &format!("    steps:\n      {step}\n"),
        )
    }

    /// A file: `suite`, `bench`, `job`.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(format!("{name}.yaml"))
    }

    /// Where its runs go.
    pub fn out(&self) -> PathBuf {
        self.folder.path().join("runs")
    }

    /// `certbench run` on these files, armed without asking, nobody at the terminal.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(certbench());
        command.arg("run").arg(self.file("suite"));
        command.arg("--bench").arg(self.file("bench"));
        command.arg("--job").arg(self.file("job"));
        command.arg("--out").arg(self.out()).args(arguments);
        command.stdin(Stdio::null());
        command
    }

    /// Runs to the end.
    ///
    /// # Panics
    /// When the program does not start.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        let known = self.records();
        let mut command = self.command(arguments);
        let output = output(&mut command);
        let mut records = self.records();
        records.retain(|record| !known.contains(record));
        Ran {
            output,
            record: records.pop(),
        }
    }

    /// Begins a run, as `command` says it, and does not wait.
    ///
    /// # Panics
    /// When the program does not start.
    pub fn begin(&self, arguments: &[&str]) -> Child {
        let mut command = self.command(arguments);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"))
    }

    /// Every run folder, in the order of their names.
    pub fn records(&self) -> Vec<Record> {
        let entries = fs::read_dir(self.out()).into_iter().flatten().flatten();
        let mut folders: Vec<_> = entries.map(|e| e.path()).filter(|p| p.is_dir()).collect();
        folders.sort();
        folders.into_iter().map(Record).collect()
    }
}

/// A run that is over.
pub struct Ran {
    output: Output,
    record: Option<Record>,
}

impl Ran {
    /// The exit code; `None` when a signal ended it.
    pub fn code(&self) -> Option<i32> {
        self.output.status.code()
    }

    /// What it said on stderr and stdout.
    pub fn said(&self) -> String {
        let [err, out] = [&self.output.stderr, &self.output.stdout];
        format!(
            "{}{}",
            String::from_utf8_lossy(err),
            String::from_utf8_lossy(out)
        )
    }

    /// Its run folder, if it got so far.
    pub fn folder(&self) -> Option<&Record> {
        self.record.as_ref()
    }

    /// Its run folder.
    ///
    /// # Panics
    /// When it has none.
    pub fn record(&self) -> &Record {
        self.folder()
            .unwrap_or_else(|| panic!("no run folder:\n{}", self.said()))
    }
}

/// A run folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record(pub PathBuf);

impl Record {
    /// The bytes of a file of the record; none when it is not there.
    pub fn bytes(&self, name: &str) -> Vec<u8> {
        fs::read(self.0.join(name)).unwrap_or_default()
    }

    /// The whole lines of `run.jsonl`.
    pub fn events(&self) -> Vec<Value> {
        self.lines("run.jsonl")
    }

    /// The whole lines of the simulation's own log.
    pub fn simulation(&self) -> Vec<Value> {
        self.lines("simulation.jsonl")
    }

    /// The events of these kinds, in order.
    pub fn of(&self, kinds: &[&str]) -> Vec<Value> {
        let mut events = self.events();
        events.retain(|e| kinds.iter().any(|kind| e["event"] == *kind));
        events
    }

    /// The findings.
    ///
    /// # Panics
    /// When there are none.
    pub fn findings(&self) -> Value {
        let bytes = self.bytes("findings.json");
        serde_json::from_slice(&bytes).unwrap_or_else(|e| panic!("{}: {e}", self.0.display()))
    }

    /// Whether the simulated world came to rest before its log ends; `None` while it goes on.
    pub fn came_to_rest(&self) -> Option<bool> {
        let log = self.simulation();
        let end = log.iter().find(|line| line["what"] == "end")?;
        end["detail"]["at_rest"].as_bool()
    }

    /// `certbench judge` on it: exit code and findings.
    ///
    /// # Panics
    /// When it prints no findings.
    pub fn judge(&self) -> (Option<i32>, Value) {
        let mut command = Command::new(certbench());
        let output = output(command.arg("judge").arg(&self.0).arg("--json"));
        let findings = serde_json::from_slice(&output.stdout);
        let said = String::from_utf8_lossy(&output.stderr);
        let findings = findings.unwrap_or_else(|e| panic!("{}: {e}\n{said}", self.0.display()));
        (output.status.code(), findings)
    }

    /// A line that is being written has no end yet, and is left out.
    fn lines(&self, name: &str) -> Vec<Value> {
        let bytes = self.bytes(name);
        let whole = bytes.split_inclusive(|b| *b == b'\n');
        whole
            .filter(|line| line.ends_with(b"\n"))
            .filter_map(|line| serde_json::from_slice(line).ok())
            .collect()
    }
}

/// Sends a signal by its name: `INT`, `STOP`, `CONT`.
///
/// # Panics
/// When it cannot be sent.
pub fn signal(child: &Child, name: &str) {
    let kill = format!("kill -{name} {}", child.id());
    let status = Command::new("sh").args(["-c", &kill]).status();
    assert!(
        status.as_ref().is_ok_and(|s| s.success()),
        "{kill}: {status:?}"
    );
}

/// Runs a command to its end.
///
/// # Panics
/// When it does not start.
pub fn output(command: &mut Command) -> Output {
    command.stdin(Stdio::null());
    command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"))
}

fn write(path: &Path, text: &str) {
    fs::write(path, text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
}
