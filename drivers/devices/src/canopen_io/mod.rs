//! Input and output box on CANopen (CiA 401): relays, contacts, voltages.
//!
//! - **Sampling**: transmit PDO 1 carries the contacts and PDO 2 the voltages, as the box has them mapped
//!   (read from it, or from its maker's EDS file), at our SYNC or at its own events.
//! - **Outputs** are written one by one, and confirmed: a switch says between which moments it took effect.
//! - **When this computer falls silent** the box takes its outputs to their error values (6206h, 6207h,
//!   6443h, 6444h): told before the first output is switched, and read back. Our heartbeat is sent by the
//!   device's own thread only while the lease of the executor is fresh.

mod config;
mod listen;
mod mapped;
mod setup;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use certbench_clock::{Clock, Time};
use certbench_link::CanLink;
use certbench_model::plan::DevicePlan;
use certbench_model::{Identity, LinkFacts};
use certbench_roles::{Device, Lease, NewsSink, Outputs, Registers, SampleSink, Trouble, Wiring};
use certbench_wire::canopen::NmtState;
use certbench_wire::canopen::object::{self, Object};

use self::config::{ANALOG_MOST, Config, DIGITAL_MOST};
use self::mapped::Mapped;
use crate::canopen::{Bus, Failure};
use crate::facts::link_facts;
use crate::sinks::Sinks;
use crate::worker::Worker;

pub(crate) use config::description;

/// Makes a box of a bus; its listening thread begins here, because SDO answers are heard by it.
pub(crate) fn open(
    plan: &DevicePlan,
    link: Arc<dyn CanLink>,
    clock: &Clock,
) -> Result<Arc<dyn Device>, Trouble> {
    let config = Config::new(plan)?;
    let io = Arc::new(Io {
        bus: Bus::new(link, clock, config.timeout),
        config,
        mapped: Mutex::default(),
        sinks: Mutex::default(),
        seen: Mutex::default(),
        set_up: AtomicBool::new(false),
    });
    let opened = Opened {
        io: io.clone(),
        listener: Worker::default(),
    };
    let name = format!("{} bus", io.config.id);
    opened
        .listener
        .start(clock, &name, move |stop| listen::run(&io, &stop));
    Ok(Arc::new(opened))
}

struct Io {
    config: Config,
    bus: Bus,
    /// What its process data carry; nothing before it was set up.
    mapped: Mutex<Mapped>,
    sinks: Mutex<Option<Arc<Sinks>>>,
    seen: Mutex<Seen>,
    /// Our settings are in the box.
    set_up: AtomicBool,
}

/// What was last heard of the box.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    heartbeat: Option<(NmtState, Time)>,
    told_lost: bool,
    /// When the last SYNC was sent; nothing without one.
    sync: Option<Time>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Io {
    fn sinks(&self) -> Option<Arc<Sinks>> {
        lock(&self.sinks).clone()
    }

    fn now(&self) -> Time {
        self.bus.clock().now()
    }

    fn who(&self) -> String {
        format!("{} (`{}`)", self.config.node, self.config.id)
    }

    fn trouble(&self, doing: &str, object: Object, failure: &Failure) -> Trouble {
        failure.trouble(self.bus.port(), &self.who(), doing, object)
    }

    fn read<const N: usize>(&self, object: Object) -> Result<[u8; N], Trouble> {
        let read = self.bus.read(self.config.node, object);
        read.map_err(|failure| self.trouble("reading", object, &failure))
    }

    fn write(&self, object: Object, data: &[u8]) -> Result<(), Trouble> {
        let node = self.config.node;
        let written = self.bus.download(node, object.index, object.sub, data);
        written.map_err(|failure| self.trouble("writing", object, &failure))
    }

    /// Writes, and says between which moments it took effect.
    fn written(&self, object: Object, data: &[u8]) -> Result<[u64; 2], Trouble> {
        if !self.set_up.load(Ordering::Acquire) {
            let text = format!(
                "{} has forgotten what it was told, its error values too: it was reset or lost its power; start \
                 the run anew",
                self.who()
            );
            return Err(Trouble::Refused(text));
        }
        let before = self.now();
        self.write(object, data)?;
        Ok([before.as_nanos(), self.now().as_nanos()])
    }

    fn beyond(&self, what: &str, number: u16, most: u16) -> Result<(), Trouble> {
        if number < most {
            return Ok(());
        }
        let text = format!("{} has no {what} {number}; it has {most}", self.who());
        Err(Trouble::Refused(text))
    }
}

impl Outputs for Io {
    fn count(&self) -> u16 {
        self.config.outputs
    }

    fn switch(&self, number: u16, on: bool) -> Result<[u64; 2], Trouble> {
        self.beyond("output", number, self.config.outputs)?;
        let object = part(object::WRITE_OUTPUTS, number / 8);
        let [before] = self.read(object)?;
        let bit = 1 << (number % 8);
        let after = if on { before | bit } else { before & !bit };
        self.written(object, &[after])
    }
}

impl Registers for Io {
    fn count(&self) -> u16 {
        self.config.analog_outputs
    }

    /// An analogue output, in the counts of the box; its 16 bits are taken as they are.
    fn write(&self, number: u16, value: u16) -> Result<[u64; 2], Trouble> {
        self.beyond("analogue output", number, self.config.analog_outputs)?;
        self.written(
            part(object::WRITE_ANALOG_OUTPUT, number),
            &value.to_le_bytes(),
        )
    }
}

/// The part of an array for a number from 0.
fn part(object: Object, number: u16) -> Object {
    Object {
        sub: u8::try_from(number + 1).unwrap_or(u8::MAX),
        ..object
    }
}

/// The box with its thread.
struct Opened {
    io: Arc<Io>,
    listener: Worker,
}

impl Device for Opened {
    fn id(&self) -> &str {
        &self.io.config.id
    }

    fn link(&self) -> LinkFacts {
        link_facts(self.io.bus.link().describe())
    }

    /// A switch reads and writes, and may wait for somebody else's question before each.
    fn call_at_most(&self) -> Duration {
        4 * self.io.config.timeout
    }

    fn learns_every(&self) -> Duration {
        self.io.config.interval
    }

    fn identify(&self) -> Result<Identity, Trouble> {
        self.io.identify()
    }

    fn start(
        &self,
        wiring: Wiring,
        samples: SampleSink,
        news: NewsSink,
        lease: Lease,
    ) -> Result<(), Trouble> {
        let (io, config) = (&self.io, &self.io.config);
        for (what, has, most) in [
            ("in", config.inputs, DIGITAL_MOST),
            ("voltage", config.analog_inputs, ANALOG_MOST),
        ] {
            let wired = |number: &u16| wiring.channel(&format!("{what}{number}")).is_some();
            if let Some(number) = (has..most).find(wired) {
                let text = format!("{} has no `{what}{number}`: it has {has}", io.who());
                return Err(Trouble::Refused(text));
            }
        }
        let sinks = Sinks {
            device: config.id.clone(),
            wiring,
            samples,
            news,
            lease,
        };
        *lock(&io.sinks) = Some(Arc::new(sinks));
        io.configure()
    }

    fn close(&self) {
        self.listener.end();
    }

    fn outputs(&self) -> Option<&dyn Outputs> {
        Some(&*self.io)
    }

    fn registers(&self) -> Option<&dyn Registers> {
        Some(&*self.io)
    }
}
