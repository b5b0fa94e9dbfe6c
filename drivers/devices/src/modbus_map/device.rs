//! The opened device: how it is asked, halted and activated.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use certbench_clock::{Clock, Time};
use certbench_link::ByteLink;
use certbench_model::plan::{DevicePlan, SafeState};
use certbench_model::{FaultKind, Identity, LinkFacts};
use certbench_roles::{Device, Grasp, Halt, Lease, NewsSink, Power, SampleSink, Trouble, Wiring};
use certbench_wire::modbus::{Reply, Request, silent_interval};

use super::map::{Activation, Cell, Counts, Map, Model, Name, NoCounts, Write};
use super::{CELLS_MOST, cell_signal, description, of_driver, poll};
use crate::facts::link_facts;
use crate::line::{Answer, Line, Manners};
use crate::modbus::{Client, Framing, Transactions};
use crate::options::Options;
use crate::sinks::Sinks;
use crate::worker::Worker;

/// Makes a device of a line.
pub(super) fn open(
    plan: &DevicePlan,
    link: Arc<dyn ByteLink>,
    clock: &Clock,
) -> Result<Arc<dyn Device>, Trouble> {
    let refuse = |what: &str| Trouble::Refused(format!("device `{}`: {what}", plan.id));
    let (map, model) = of_driver(&plan.driver).ok_or_else(|| refuse("it has no register map"))?;
    let options = Options::new(plan, description(map, model));
    let unit: u8 = options.count("id")?;
    if !(1..=247).contains(&unit) {
        return Err(options.refuse("id", "a unit has a number of 1 to 247"));
    }
    if !plan.limits.joints.is_empty() {
        return Err(refuse(
            "it knows no angles in degrees and cannot keep joint limits",
        ));
    }
    if plan.limits.force_n_max.is_some() && model.force_n.is_none() {
        return Err(refuse(
            "its force is a share of an unknown maximum: a limit in N cannot be kept",
        ));
    }
    if plan
        .safety
        .as_ref()
        .is_some_and(|safety| safety.safe_state != SafeState::Hold)
    {
        return Err(refuse("its only safe state is `hold`"));
    }
    let manners = Manners {
        silence: silent_interval(options.count("baud")?).max(Duration::from_millis(map.gap_ms)),
        timeout: options.time("timeout")?,
        longest: options.time("max_response")?,
    };
    let framing = match options.text("framing")?.as_deref() {
        Some("tcp") => Framing::Tcp(Transactions::default()),
        _ => Framing::Rtu,
    };
    let who = format!("unit {unit} (`{}`) on {}", plan.id, link.describe().port);
    let device = Registers {
        id: plan.id.clone(),
        map,
        model,
        client: Client::new(Line::new(link, clock, who, manners), unit, framing),
        cells: cells(map, &options)?,
        interval: options.time("interval")?,
        slowest: options.time("slowest")?,
        force_n_max: plan.limits.force_n_max,
        activates: map.activation.is_some()
            && options.text("activation")?.as_deref() == Some("on-enable"),
        hold: Mutex::new(None),
        halts: AtomicU64::new(0),
        seen: Mutex::new(Seen::default()),
    };
    device.remember();
    Ok(Arc::new(Opened {
        device: Arc::new(device),
        worker: Worker::default(),
    }))
}

/// The cells that the bench names: `tactile-palm:3:14` is row 3, column 14, counted from 1.
fn cells(map: &'static Map, options: &Options<'_>) -> Result<Vec<Cell>, Trouble> {
    if map.patch.is_empty() {
        return Ok(Vec::new());
    }
    let words = options.words("cells")?;
    if words.len() > CELLS_MOST {
        let what = format!("{} cells are more than {CELLS_MOST}", words.len());
        return Err(options.refuse("cells", what));
    }
    let cell = |word: &String| {
        let what = format!("there is no cell `{word}`; write PATCH:ROW:COLUMN, counted from 1");
        map.cell(word).ok_or_else(|| options.refuse("cells", what))
    };
    words.iter().map(cell).collect()
}

/// A device that is a table of registers.
pub(super) struct Registers {
    pub(super) id: String,
    pub(super) map: &'static Map,
    pub(super) model: &'static Model,
    pub(super) client: Client,
    pub(super) interval: Duration,
    pub(super) slowest: Duration,
    pub(super) force_n_max: Option<f64>,
    /// Of its skin, those that the bench names, in the order of their signals.
    pub(super) cells: Vec<Cell>,
    /// Whether it is activated when it is armed.
    activates: bool,
    /// The frame of a halt. Locked for a copy only.
    hold: Mutex<Option<Vec<u8>>>,
    halts: AtomicU64,
    seen: Mutex<Seen>,
}

/// What was read last.
#[derive(Clone, Default)]
pub(super) struct Seen {
    /// Blocks, and when they were asked for.
    pub(super) blocks: BTreeMap<&'static str, (Vec<u16>, Time)>,
    /// Where the fingers are, in counts, and when that was asked for.
    pub(super) positions: Option<(Vec<u16>, Time)>,
    /// No finger has moved since.
    pub(super) still_since: Time,
    pub(super) halted: Option<Time>,
    /// The grasp under way: targets of the fingers named, and when the device had taken them.
    pub(super) goal: Option<(Vec<(usize, u16)>, Time)>,
}

impl Seen {
    pub(super) fn here(&self, finger: usize) -> Option<u16> {
        self.positions.as_ref()?.0.get(finger).copied()
    }
}

impl Counts for Seen {
    fn of(&self, what: Name, finger: usize) -> Option<u16> {
        (what == Name::Here).then(|| self.here(finger))?
    }
}

impl Registers {
    pub(super) fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn halts(&self) -> u64 {
        self.halts.load(Ordering::SeqCst)
    }

    pub(super) fn now(&self) -> Time {
        self.client.line.clock().now()
    }

    /// Keeps the frame that a halt would send now.
    pub(super) fn remember(&self) {
        let request = match self.map.halt.needs_here() {
            true => self.map.halt.request(&*self.seen()),
            false => self.map.halt.request(&NoCounts),
        };
        let frame = request.and_then(|request| self.client.frame(&request));
        *self.hold.lock().unwrap_or_else(PoisonError::into_inner) = frame;
    }

    /// Sends it.
    pub(super) fn send_hold(&self) -> Result<(), Trouble> {
        let frame = self
            .hold
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let Some(frame) = frame else {
            let text = format!(
                "{}: no position was ever read, so there is none to hold",
                self.id
            );
            return Err(Trouble::Fault(FaultKind::Harness, text));
        };
        let sent = self.client.line.interject(&frame);
        sent.map(|_| ())
            .map_err(|error| Trouble::Fault(FaultKind::Link, error.to_string()))
    }

    /// Asks, and takes an exception for a refusal.
    pub(super) fn ask(&self, request: &Request) -> Result<Answer<Reply>, Trouble> {
        let answer = self.client.ask(request);
        let answer = answer.map_err(|failure| self.client.line.trouble(&failure))?;
        match answer.value {
            Reply::Exception(exception) => Err(Trouble::Refused(format!(
                "{} refused function {:02X}: {exception}",
                self.id,
                request.function()
            ))),
            _ => Ok(answer),
        }
    }

    /// Writes; refused when a count is not known.
    pub(super) fn write(&self, write: &Write, counts: &dyn Counts) -> Result<(), Trouble> {
        let request = write.request(counts).ok_or_else(|| {
            Trouble::Refused(format!(
                "{}: where its fingers are is not known yet",
                self.id
            ))
        })?;
        self.ask(&request).map(|_| ())
    }

    fn read(&self, block: &'static str) -> Result<Vec<u16>, Trouble> {
        let Some(known) = self.map.blocks.get(block) else {
            return Ok(Vec::new());
        };
        match self.ask(&known.request())?.value {
            Reply::Registers(words) => Ok(words),
            other => {
                let text = format!("{} answered a read with {other:?}", self.id);
                Err(Trouble::Fault(FaultKind::Link, text))
            }
        }
    }

    fn is_ready(&self, activation: &'static Activation) -> Result<bool, Trouble> {
        let words = self.read(activation.ready.field.block.as_str())?;
        Ok(activation.ready.field.value(&words) == Some(activation.ready.equals))
    }
}

impl Power for Registers {
    fn enable(&self) -> Result<(), Trouble> {
        let Some(activation) = &self.map.activation else {
            return Ok(());
        };
        if self.is_ready(activation)? {
            return Ok(());
        }
        if !self.activates {
            let text = format!(
                "{} is not activated, and {} when it is; activate it by hand, or give the option `activation: \
                 on-enable`",
                self.id, activation.moves
            );
            return Err(Trouble::Refused(text));
        }
        let halts = self.halts();
        for step in &activation.steps {
            self.write(step, &NoCounts)?;
        }
        let until = self.now() + Duration::from_millis(activation.within_ms);
        while self.now() < until {
            if self.halts() != halts {
                self.send_hold()?; // the halt may have left before the activation
                return Err(Trouble::Refused(format!(
                    "{}: halted while it was activated",
                    self.id
                )));
            }
            if self.is_ready(activation)? {
                return Ok(());
            }
            self.client.line.clock().sleep(Duration::from_millis(50));
        }
        let text = format!(
            "{} was not ready {} ms after its activation; is something between its fingers?",
            self.id, activation.within_ms
        );
        Err(Trouble::Fault(FaultKind::Unattributable, text))
    }

    fn disable(&self) -> Result<(), Trouble> {
        Ok(()) // it has no other power than its supply
    }

    fn recover(&self) -> Result<(), Trouble> {
        self.enable()
    }
}

/// The device with its thread.
struct Opened {
    device: Arc<Registers>,
    worker: Worker,
}

impl Device for Opened {
    fn id(&self) -> &str {
        &self.device.id
    }

    fn link(&self) -> LinkFacts {
        link_facts(self.device.client.line.link().describe())
    }

    fn identify(&self) -> Result<Identity, Trouble> {
        let device = &self.device;
        let mut identity = Identity {
            notes: vec![format!("answers as unit {}", device.client.unit)],
            ..Identity::default()
        };
        for (name, block) in &device.map.blocks {
            let words = device.read(name)?;
            if block.once {
                identity.notes.push(format!("{name}: {words:04X?}"));
            }
            poll::take(device, name, &words, device.now());
            let here = device
                .map
                .identity
                .iter()
                .filter(|who| who.field.block == *name);
            for who in here {
                let value = who.of(&words);
                match who.what.as_str() {
                    "firmware" => identity.firmware = value,
                    "serial" => identity.serial = value,
                    "model" => identity.notes.push(format!("hardware: {value:?}")),
                    _ => (),
                }
            }
        }
        let firmware = identity.firmware.is_none().then_some("firmware");
        let serial = identity.serial.is_none().then_some("serial");
        let missing = ["model"].into_iter().chain(serial).chain(firmware);
        identity.label_needed = missing.map(str::to_owned).collect();
        Ok(identity)
    }

    fn start(
        &self,
        wiring: Wiring,
        samples: SampleSink,
        news: NewsSink,
        lease: Lease,
    ) -> Result<(), Trouble> {
        let named = self.device.cells.len();
        let mut unnamed = (named..CELLS_MOST).map(cell_signal);
        if let Some(signal) = unnamed.find(|signal| wiring.channel(signal).is_some()) {
            return Err(Trouble::Refused(format!(
                "{}: a channel wants `{signal}`, and the option `cells` names {named}; name it there, or sample other signals",
                self.device.id
            )));
        }
        let sinks = Sinks::new(&self.device.id, wiring, samples, news, lease);
        let (device, clock) = (self.device.clone(), self.device.client.line.clock().clone());
        self.worker
            .deliver(&clock, "poll", sinks, move |sinks, stop| {
                poll::run(&device, sinks, stop)
            });
        Ok(())
    }

    fn close(&self) {
        self.worker.end();
    }

    fn halt(&self) -> Option<Arc<dyn Halt>> {
        Some(Arc::new(Hold(self.device.clone())))
    }

    fn power(&self) -> Option<&dyn Power> {
        let activated = self.device.map.activation.is_some();
        activated.then_some(&*self.device as &dyn Power)
    }

    fn grasp(&self) -> Option<&dyn Grasp> {
        Some(&*self.device)
    }
}

/// Holds the device where it is.
struct Hold(Arc<Registers>);

/// For so long no finger may have moved before the device counts as holding.
const STILL_FOR: Duration = Duration::from_millis(100);

impl Halt for Hold {
    fn device(&self) -> &str {
        &self.0.id
    }

    fn halt(&self) -> Result<(), Trouble> {
        self.0.halts.fetch_add(1, Ordering::SeqCst);
        let sent = self.0.send_hold();
        let now = self.0.now();
        let mut seen = self.0.seen();
        seen.halted.get_or_insert(now);
        seen.goal = None;
        sent
    }

    fn confirmed(&self) -> Result<Option<bool>, Trouble> {
        let seen = self.0.seen().clone();
        let (Some(halted), Some((_, sampled))) = (seen.halted, seen.positions) else {
            return Ok(None);
        };
        if sampled < halted + STILL_FOR {
            return Ok(None);
        }
        Ok(Some(sampled >= seen.still_since.max(halted) + STILL_FOR))
    }
}
