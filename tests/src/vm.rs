//! A virtual machine with a kernel that has CAN: booted, watched, switched off.
//!
//! `CERTBENCH_VM` names the folder with its kernel and image (`cargo xtask setup` makes it, from
//! `tests/vm`). QEMU emulates in software: no privilege, no `/dev/kvm`.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// From power on to power off, on two loaded cores; some 10 seconds on idle ones.
const DONE_WITHIN: Duration = Duration::from_secs(240);

/// Emulation takes all the processor there is: one machine is on at a time.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// The folder of the machine's kernel and image.
pub struct Image(PathBuf);

impl Image {
    /// The image that `CERTBENCH_VM` names; without it the test is not run, and this says so.
    pub fn for_test(test: &str) -> Option<Self> {
        match std::env::var_os("CERTBENCH_VM") {
            Some(folder) => Some(Self(folder.into())),
            None => {
                crate::not_run(test, "CERTBENCH_VM is not set; `cargo xtask vm` sets it");
                None
            }
        }
    }

    /// Switches a machine on, with a scenario of the guest program.
    ///
    /// # Panics
    /// When QEMU cannot be started.
    pub fn boot(&self, scenario: &str) -> Machine {
        let alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        let mut qemu = Command::new("qemu-system-x86_64");
        qemu.args([
            "-accel",
            "tcg",
            "-cpu",
            "max",
            "-m",
            "512",
            "-smp",
            "2",
            "-display",
            "none",
            "-no-reboot",
        ]);
        qemu.arg("-kernel")
            .arg(self.0.join("vmlinuz"))
            .arg("-initrd")
            .arg(self.0.join("image.gz"));
        qemu.args([
            "-append",
            &format!("console=ttyS0 quiet panic=-1 scenario={scenario}"),
        ]);
        qemu.args(["-object", "can-bus,id=bus0"]);
        qemu.args([
            "-device",
            "kvaser_pci,canbus=bus0",
            "-device",
            "kvaser_pci,canbus=bus0",
        ]);
        qemu.args(["-serial", "stdio", "-serial", "pty", "-monitor", "none"]);
        let mut child = qemu
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("qemu-system-x86_64: {error}"));
        let (sender, lines) = channel();
        if let (Some(console), Some(notes)) = (child.stdout.take(), child.stderr.take()) {
            let notes_sender = sender.clone();
            std::thread::spawn(move || forward(console, |line| sender.send(line).is_ok()));
            std::thread::spawn(move || forward(notes, |line| notes_sender.send(line).is_ok()));
        }
        Machine {
            child,
            lines,
            console: Vec::new(),
            deadline: Instant::now() + DONE_WITHIN,
            _alone: alone,
        }
    }
}

fn forward(stream: impl std::io::Read, mut take: impl FnMut(String) -> bool) {
    for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
        if !take(
            String::from_utf8_lossy(&line)
                .trim_end_matches('\r')
                .to_owned(),
        ) {
            break;
        }
    }
}

/// A machine that is on; off when dropped.
pub struct Machine {
    child: Child,
    lines: Receiver<String>,
    /// Every line of the guest's console so far.
    pub console: Vec<String>,
    deadline: Instant,
    _alone: MutexGuard<'static, ()>,
}

impl Machine {
    /// The path of the guest's second serial port on this side, a pseudo-terminal.
    ///
    /// # Panics
    /// When QEMU does not say it.
    pub fn second_serial(&mut self) -> String {
        let line = self.wait_for("char device redirected to ");
        line.split_whitespace()
            .nth(4)
            .map(str::to_owned)
            .unwrap_or_else(|| panic!("no path in {line:?}"))
    }

    /// The next console line that has the text in it.
    ///
    /// # Panics
    /// When the machine goes off, or time runs out, without it.
    pub fn wait_for(&mut self, text: &str) -> String {
        loop {
            let left = self.deadline.saturating_duration_since(Instant::now());
            let Ok(line) = self.lines.recv_timeout(left) else {
                panic!(
                    "the guest never said {text:?}; its console:\n{}",
                    self.console.join("\n")
                );
            };
            self.console.push(line.clone());
            if line.contains(text) {
                return line;
            }
        }
    }

    /// Waits for the end of the scenario.
    ///
    /// # Panics
    /// When a check failed, with the console in the message.
    pub fn finish(&mut self) {
        let end = self.wait_for("GUEST-DONE");
        let failed = self
            .console
            .iter()
            .any(|line| line.contains("guest: FAILED"));
        assert!(
            end.ends_with("GUEST-DONE 0") && !failed,
            "{}",
            self.console.join("\n")
        );
    }

    /// Whether a check of the guest program was passed.
    pub fn passed(&self, check: &str) -> bool {
        let line = format!("guest: ok {check}");
        self.console.contains(&line)
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
