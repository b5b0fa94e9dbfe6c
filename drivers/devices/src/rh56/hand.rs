//! The opened hand: who it is, how it is commanded and held.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use certbench_clock::Clock;
use certbench_link::{ByteLink, CanLink};
use certbench_model::plan::DevicePlan;
use certbench_model::{FaultKind, Identity, LinkFacts};
use certbench_roles::{Device, Trouble};
use certbench_wire::rh56::Register;

use super::poll;
use super::table::{Dialect, N_PER_GF, angle, description, of_driver, share};
use super::wire::{Frames, Port, Wire};
use crate::facts::link_facts;
use crate::hands::bus::Bus;
use crate::hands::shell::{self, Core, Kind, Nature, Resolved};
use crate::line::{Line, Manners};
use crate::options::Options;
use crate::sinks::Sinks;
use crate::worker::Stop;

/// Closing by which a finger may miss its target and have reached it.
const NEAR: f64 = 0.02;
/// Closing by which a sample may differ from the last one and still be standing.
const STILL: f64 = 0.003;

/// Makes a hand of a line.
pub(super) fn open(
    plan: &DevicePlan,
    link: Arc<dyn ByteLink>,
    clock: &Clock,
) -> Result<Arc<dyn Device>, Trouble> {
    let port = link.describe().port.clone();
    make(plan, clock, &port, |who, timeout, dialect| {
        let manners = Manners {
            silence: Duration::ZERO,
            timeout,
            longest: 2 * timeout,
        };
        let framing = dialect
            .framing
            .unwrap_or(certbench_wire::rh56::Framing::HAND);
        Port::Line(Line::new(link, clock, who, manners), framing)
    })
}

/// Makes a hand of a bus.
pub(super) fn open_can(
    plan: &DevicePlan,
    link: Arc<dyn CanLink>,
    clock: &Clock,
) -> Result<Arc<dyn Device>, Trouble> {
    let port = link.describe().port.clone();
    make(plan, clock, &port, |who, timeout, _| {
        Port::Bus(Bus::new(link, clock, who, timeout))
    })
}

fn make(
    plan: &DevicePlan,
    clock: &Clock,
    port: &str,
    way: impl FnOnce(String, Duration, &Dialect) -> Port,
) -> Result<Arc<dyn Device>, Trouble> {
    let dialect = of_driver(&plan.driver).ok_or_else(|| {
        Trouble::Refused(format!(
            "device `{}`: it is no hand of this family",
            plan.id
        ))
    })?;
    let options = Options::new(plan, description(dialect));
    let address: u8 = options.count("id")?;
    if !(1..=254).contains(&address) {
        return Err(options.refuse("id", "a hand has an address of 1 to 254"));
    }
    let nature = Nature {
        fingers: dialect.dofs.iter().map(ToString::to_string).collect(),
        near: NEAR,
        still: STILL,
        force_n: Some(f64::from(dialect.force_gf) * N_PER_GF),
        says: true,
    };
    let core = Core::new(plan, &options, clock, nature)?;
    let who = format!("hand {address} on {port}");
    let port = way(who, options.time("timeout")?, dialect);
    Ok(shell::device(Hand {
        core,
        dialect,
        big_endian: options.text("byte_order")?.as_deref() == Some("big"),
        wire: Wire {
            hand: address,
            port,
            halts_write: dialect.angle_set.address,
        },
        hold: Mutex::new(None),
    }))
}

pub(super) struct Hand {
    pub(super) core: Core,
    pub(super) dialect: &'static Dialect,
    big_endian: bool,
    pub(super) wire: Wire,
    /// The frames that command the angles sampled last. Locked for a copy only.
    hold: Mutex<Option<Frames>>,
}

impl Hand {
    /// Writes a register and waits until the hand has taken it.
    fn write(&self, register: Register, counts: &[i16]) -> Result<(), Trouble> {
        match self.wire.write(register, &self.bytes(counts)) {
            Ok(1) => Ok(()),
            Ok(result) => Err(self.core.refuse(format_args!(
                "{} was rejected by the hand (result {result})",
                register.name
            ))),
            Err(failure) => Err(self.wire.trouble(&failure)),
        }
    }

    /// Keeps the frames that a halt would send now.
    pub(super) fn remember(&self, angles: &[i16]) {
        let frames = self
            .wire
            .frames(self.dialect.angle_set, &self.bytes(angles));
        *self.hold.lock().unwrap_or_else(PoisonError::into_inner) = frames;
    }

    fn bytes(&self, counts: &[i16]) -> Vec<u8> {
        let word = |count: &i16| match self.big_endian {
            true => count.to_be_bytes(),
            false => count.to_le_bytes(),
        };
        counts.iter().flat_map(word).collect()
    }

    /// A count of each finger out of a register: words, or bytes where it has no room for words.
    pub(super) fn counts(&self, data: &[u8]) -> Option<Vec<i16>> {
        let fingers = self.dialect.dofs.len();
        if data.len() == fingers {
            return Some(data.iter().map(|byte| i16::from(*byte)).collect());
        }
        let word = |pair: &[u8]| {
            let pair = <[u8; 2]>::try_from(pair).ok()?;
            Some(match self.big_endian {
                true => i16::from_be_bytes(pair),
                false => i16::from_le_bytes(pair),
            })
        };
        (data.len() == 2 * fingers)
            .then(|| data.chunks(2).map(word).collect())
            .flatten()
    }
}

impl Kind for Hand {
    fn core(&self) -> &Core {
        &self.core
    }

    fn link(&self) -> LinkFacts {
        link_facts(self.wire.describe())
    }

    fn identify(&self) -> Result<Identity, Trouble> {
        let read = |register| {
            self.wire
                .read(register)
                .map_err(|failure| self.wire.trouble(&failure))
        };
        let angles = read(self.dialect.angle_act)?;
        poll::take_angles(self, &angles);
        let mut notes = vec![format!("answers at address {}", self.wire.hand)];
        if let Some(voltage) = self.dialect.voltage {
            let voltage = read(voltage)?.value;
            notes.push(format!(
                "supply voltage register: {}",
                certbench_wire::hex(&voltage)
            ));
        }
        Ok(Identity {
            read_from_device: false,
            label_needed: ["model", "serial", "firmware"].map(String::from).to_vec(),
            notes,
            ..Identity::default()
        })
    }

    fn run(&self, sinks: &Sinks, stop: &Stop) {
        poll::run(self, sinks, stop);
    }

    fn command(&self, grasp: &Resolved) -> Result<(), Trouble> {
        let (dialect, halts) = (self.dialect, self.core.halts());
        let fingers = dialect.dofs.len();
        let here = self.core.closing();
        let angles: Option<Vec<i16>> = (0..fingers)
            .map(|finger| match (grasp.closing.get(finger), dialect.leave) {
                (Some(Some(target)), _) => Some(angle(*target)),
                (_, Some(leave)) => Some(leave),
                (_, None) => here.as_ref()?.get(finger).copied().map(angle),
            })
            .collect();
        let angles = angles.ok_or_else(|| self.core.nothing_to_hold())?;
        if let Some(mode) = dialect.mode {
            self.write(mode, &[0])?; // by position
        }
        self.write(
            dialect.force_set,
            &vec![share(grasp.force, dialect.force_gf); fingers],
        )?;
        self.write(dialect.speed_set, &vec![share(grasp.speed, 1000); fingers])?;
        match self.core.halts() == halts {
            true => self.write(dialect.angle_set, &angles),
            false => Ok(()),
        }
    }

    fn hold(&self) -> Result<(), Trouble> {
        let frames = self
            .hold
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let frames = frames.ok_or_else(|| self.core.nothing_to_hold())?;
        self.wire
            .send(&frames)
            .map_err(|error| Trouble::Fault(FaultKind::Link, error.to_string()))
    }
}
