//! Third-party programs at the far end: started, waited for, told things, ended.
//!
//! They live in `tests/peers`, in Python, and none of their protocol code is ours. The environment
//! variable `CERTBENCH_PEERS` names the Python that has them (`cargo xtask setup` makes one).

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::Value;

/// How long a peer may take to start, on two loaded cores.
const START_WITHIN: Duration = Duration::from_secs(60);
/// How long a peer may take to answer a command.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// The Python environment of the peers.
pub struct Peers {
    python: PathBuf,
}

impl Peers {
    /// The environment that `CERTBENCH_PEERS` names; without it the test is not run, and this says so.
    pub fn for_test(test: &str) -> Option<Self> {
        match std::env::var_os("CERTBENCH_PEERS") {
            Some(python) => Some(Self {
                python: python.into(),
            }),
            None => {
                crate::not_run(
                    test,
                    "CERTBENCH_PEERS is not set; `cargo xtask peers` sets it",
                );
                None
            }
        }
    }

    fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.python);
        let script = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("peers")
            .join(program);
        command.arg("-B").arg(script).args(arguments);
        command
    }

    /// Starts a peer and waits until it is ready.
    ///
    /// # Panics
    /// When it does not get ready in time: without it the test has no meaning.
    pub fn start(&self, program: &str, arguments: &[&str]) -> Peer {
        let mut command = self.command(program, arguments);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let (sender, said) = channel();
        if let Some(stdout) = child.stdout.take() {
            std::thread::spawn(move || {
                for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                    if sender.send(line).is_err() {
                        break;
                    }
                }
            });
        }
        let stdin = child.stdin.take();
        let peer = Peer {
            name: program.to_owned(),
            child,
            stdin,
            said,
        };
        peer.wait_for("READY", START_WITHIN);
        peer
    }

    /// Runs a peer that ends by itself; its exit code is its verdict.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn run(&self, program: &str, arguments: &[&str]) -> Output {
        let mut command = self.command(program, arguments);
        command
            .stdin(Stdio::null())
            .output()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"))
    }
}

/// A peer that is up. It ends when this is dropped.
pub struct Peer {
    name: String,
    child: Child,
    stdin: Option<ChildStdin>,
    said: Receiver<String>,
}

impl Peer {
    /// Tells the peer a command line (each peer documents its own).
    ///
    /// # Panics
    /// When the peer is gone.
    pub fn tell(&mut self, line: &str) {
        let stdin = self
            .stdin
            .as_mut()
            .unwrap_or_else(|| panic!("{} has no stdin", self.name));
        writeln!(stdin, "{line}").unwrap_or_else(|error| panic!("{}: {error}", self.name));
    }

    /// What the peer says of itself: commands told before have been carried out.
    ///
    /// # Panics
    /// When it does not answer.
    pub fn state(&mut self) -> Value {
        self.tell("state");
        let line = self.wait_for("STATE", ANSWER_WITHIN);
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{}: {error}: {line}", self.name))
    }

    /// The rest of the next line that begins with the word.
    fn wait_for(&self, word: &str, within: Duration) -> String {
        loop {
            let line = self.said.recv_timeout(within);
            let line = line.unwrap_or_else(|error| panic!("{} said no {word}: {error}", self.name));
            if let Some(rest) = line.strip_prefix(word) {
                return rest.trim().to_owned();
            }
            assert!(!line.starts_with("UNKNOWN"), "{}: {line}", self.name);
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.stdin = None; // a peer ends with its stdin
        for _ in 0..50 {
            if let Ok(Some(_)) = self.child.try_wait() {
                return;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
