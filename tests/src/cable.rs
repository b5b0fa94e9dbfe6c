//! Two pseudo-terminals joined back to back: a serial cable between two programs, each of which opens a
//! "serial port" by its path.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use certbench_clock::Clock;
use certbench_link::ByteLink;
use certbench_link::pty::{self, Master};

/// A serial cable; it is cut when dropped.
pub struct Cable {
    left: Arc<Master>,
    right: Arc<Master>,
    cut: Arc<AtomicBool>,
    carriers: Vec<JoinHandle<()>>,
}

impl Default for Cable {
    fn default() -> Self {
        Self::new()
    }
}

impl Cable {
    /// A new cable.
    ///
    /// # Panics
    /// When the system has no pseudo-terminal to give.
    pub fn new() -> Self {
        let clock = Clock::real();
        let end = || Arc::new(pty::open(&clock).unwrap_or_else(|error| panic!("{error}")));
        let (left, right, cut) = (end(), end(), Arc::new(AtomicBool::new(false)));
        let carriers = [(&left, &right), (&right, &left)]
            .map(|(from, to)| carry(from.clone(), to.clone(), cut.clone()))
            .into();
        Self {
            left,
            right,
            cut,
            carriers,
        }
    }

    /// What the program at one end opens.
    pub fn left(&self) -> &str {
        self.left.slave_path()
    }

    /// What the program at the other end opens.
    pub fn right(&self) -> &str {
        self.right.slave_path()
    }
}

impl Drop for Cable {
    fn drop(&mut self) {
        self.cut.store(true, Ordering::Relaxed);
        for carrier in self.carriers.drain(..) {
            let _ = carrier.join(); // a carrier that panicked carries no more: the test has seen that
        }
    }
}

fn carry(from: Arc<Master>, to: Arc<Master>, cut: Arc<AtomicBool>) -> JoinHandle<()> {
    let clock = Clock::real();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        while !cut.load(Ordering::Relaxed) {
            let until = clock.now() + Duration::from_millis(50);
            if let Ok(Some(_)) = from.read(&mut bytes, until) {
                let _ = to.write(&bytes); // a full far end loses bytes, as a serial line does
                bytes.clear();
            }
        }
    })
}
