//! A whole simulated bench: one world, a peer for each device, a link to each peer.

use std::collections::BTreeMap;
use std::time::Duration;

use certbench_clock::{Clock, Task};
use certbench_link::faulty::Faulty;
use certbench_link::host::Host;
use certbench_link::pair::{self, Wire};
use certbench_link::slcan::SlcanAdapter;
use certbench_link::{ByteLink, CanLink, LinkError, pty};
use serde_json::{Value, json};

use crate::config::{ArmConfig, BadConfig, FaultConfig, HandConfig, Label, RigConfig, WorldConfig};
use crate::peers::Stage;
use crate::peers::buses::{ON_BUS, OnBus};
use crate::peers::modbus_tcp::Gateway;
use crate::peers::table::{ON_LINE, OnLine, play_probe};
use crate::world::{Happening, Part, World};

/// How often [`Simulation::run_until_rest`] looks.
const LOOK: Duration = Duration::from_millis(10);

/// What stands between the harness and the peers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// Pseudo-terminals, on the real clock; the arm's bus is an SLCAN adapter on one.
    Pty,
    /// Links inside this process, on either clock.
    InProcess,
}

/// The harness's end of the cable to a simulated device.
pub enum Port {
    /// A pseudo-terminal to open like a serial port (for the arm: with an SLCAN adapter on it), or a port of
    /// loopback, `tcp:127.0.0.1:40321`.
    Path(String),
    /// A line of bytes.
    Bytes(Box<dyn ByteLink>),
    /// A CAN bus.
    Can(Box<dyn CanLink>),
}

/// A bench that cannot be simulated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BuildError {
    /// The `simulation:` block.
    Config(BadConfig),
    /// The devices: in words.
    Devices(String),
    /// A link.
    Link(LinkError),
}

impl std::fmt::Display for BuildError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            BuildError::Config(e) => e.fmt(f),
            BuildError::Devices(text) => write!(f, "simulation: {text}"),
            BuildError::Link(e) => e.fmt(f),
        }
    }
}

impl std::error::Error for BuildError {}

/// The driver of instruments that the configuration places one by one.
const PROBE: &str = "ascii-instrument";

/// Ids of the drivers whose devices can be simulated.
pub fn drivers() -> Vec<&'static str> {
    let on_line = ON_LINE.iter().map(|row| row.driver);
    on_line.chain(ON_BUS.iter().map(|row| row.driver)).collect()
}

/// A running simulation. Dropping it lets the peers leave.
pub struct Simulation {
    stage: Stage,
    peers: Vec<Task<()>>,
    labels: BTreeMap<String, Label>,
}

impl Simulation {
    /// Builds the world and starts a peer for each device, given as (id on the bench, driver id).
    /// A scene that a device needs and the configuration lacks is the default one. Gives the
    /// harness's end for each device.
    ///
    /// # Errors
    /// [`BuildError`]: a configuration that cannot be, an unknown driver, two devices of one kind,
    /// a fault of a device that cannot have it, no pseudo-terminal.
    pub fn build(
        config: &WorldConfig,
        devices: &[(String, String)],
        clock: &Clock,
        transport: Transport,
    ) -> Result<(Simulation, BTreeMap<String, Port>), BuildError> {
        let seats = seats_of(devices, config).map_err(BuildError::Devices)?;
        check_network(&seats, config).map_err(BuildError::Devices)?;
        let has = |part| seats.iter().any(|seat| seat.part == part);
        let mut config = config.clone();
        if has(Part::Hand) {
            config.hand.get_or_insert_with(HandConfig::default);
        }
        if has(Part::Arm) {
            config.arm.get_or_insert_with(ArmConfig::default);
        }
        if has(Part::Load) || has(Part::Probe) {
            config.rig.get_or_insert_with(RigConfig::default);
        }
        let mut world = World::new(&config).map_err(BuildError::Config)?;
        let handles: Vec<_> = seats
            .iter()
            .map(|seat| world.register(seat.id, seat.part))
            .collect();
        // An arm that does programs of its own has no cable, and can fail all the same.
        if config.arm.is_some() && !has(Part::Arm) {
            world.register("arm", Part::Arm);
        }
        world.check_faults().map_err(BuildError::Devices)?;
        world.advance_to(0);
        world.watch_faults();

        let mut simulation = Simulation {
            stage: Stage::new(clock, world),
            peers: Vec::new(),
            labels: labels(&config, &seats),
        };
        let mut ports = BTreeMap::new();
        for (Seat { id, far, .. }, faults) in seats.iter().zip(handles) {
            let cable = Cable {
                clock,
                instant: config.instant_cables,
                name: id,
                faults,
            };
            let port = match *far {
                Far::Bus(row) => {
                    let (port, link) = cable.can(transport).map_err(BuildError::Link)?;
                    let config = config.clone();
                    simulation.start(id, move |stage| (row.play)(stage, &*link, &config));
                    port
                }
                Far::Line(row) => {
                    let on_network = config.modbus_tcp.iter().any(|named| named == id);
                    let laid = match on_network {
                        true => cable.connection(transport),
                        false => cable.bytes(transport, row.rate),
                    };
                    let (port, link) = laid.map_err(BuildError::Link)?;
                    let config = config.clone();
                    match config.instruments.keys().position(|probe| probe == id) {
                        Some(number) => simulation.start(id, move |stage| {
                            play_probe(stage, &*link, &config, number);
                        }),
                        None => {
                            simulation.start(id, move |stage| (row.play)(stage, &*link, &config))
                        }
                    }
                    port
                }
            };
            ports.insert((*id).to_owned(), port);
        }
        Ok((simulation, ports))
    }

    fn start(&mut self, id: &str, peer: impl FnOnce(&Stage) + Send + 'static) {
        let stage = self.stage.clone();
        let task = self
            .stage
            .clock
            .spawn(&format!("simulated {id}"), move || peer(&stage));
        self.peers.push(task);
    }

    /// Does what a prompt asked a person to do: `mount`, `load`, `support`; see [`crate::config`].
    ///
    /// # Errors
    /// In words: an unknown key or value, or something that a person could not do now.
    pub fn apply(&self, key: &str, value: &str) -> Result<(), String> {
        self.stage.world().apply(key, value)
    }

    /// What a person reads on a device: `maker`, `model`, `serial` or `firmware`. `None` when it does
    /// not stand there.
    pub fn label(&self, device: &str, field: &str) -> Option<&str> {
        self.labels.get(device)?.field(field)
    }

    /// Something goes wrong: at its time or trigger, or now.
    ///
    /// # Errors
    /// In words, when there is no such device or it cannot fail like that.
    pub fn fault(&self, fault: &FaultConfig) -> Result<(), String> {
        self.stage.world().fault(fault)
    }

    /// Ends all faults of a device, and those to come.
    pub fn repair(&self, device: &str) {
        self.stage.world().repair(device);
    }

    /// What is true: every parameter, drawn errors included, and the present state.
    pub fn truth(&self) -> Value {
        let mut truth = self.stage.world().truth();
        truth["labels"] = json!(self.labels);
        truth
    }

    /// Whether nothing moves.
    pub fn at_rest(&self) -> bool {
        self.stage.world().is_at_rest()
    }

    /// What happened since this was last asked (and was not sent to a sink).
    pub fn take_log(&self) -> Vec<Happening> {
        self.stage.world().take_log()
    }

    /// From now on everything that happens goes there, as it happens; what was kept goes first. The
    /// sink is called with the world held: it may write a line, and nothing else.
    pub fn log_to(&self, sink: impl Fn(&Happening) + Send + 'static) {
        self.stage.world().log_to(sink);
    }

    /// Goes on until nothing has moved for `rests`, or for at most `at_most`; logs the true end state.
    /// For when the harness is gone: give `rests` longer than the heartbeat that the arm watches.
    /// Whether it is at rest.
    pub fn run_until_rest(&self, rests: Duration, at_most: Duration) -> bool {
        let clock = &self.stage.clock;
        let end = clock.now() + at_most;
        let mut since = clock.now();
        while clock.now() < end && clock.now() - since < rests {
            clock.sleep(LOOK);
            if !self.at_rest() {
                since = clock.now();
            }
        }
        let mut world = self.stage.world();
        let at_rest = world.is_at_rest();
        let state = world.state();
        let step = world.step();
        world
            .log
            .note(step, "end", json!({ "at_rest": at_rest, "state": state }));
        at_rest
    }

    /// Lets all peers leave, and waits for them.
    pub fn shutdown(mut self) {
        self.stage.finish();
        for peer in std::mem::take(&mut self.peers) {
            let _ = peer.join(); // a peer that panicked has said so
        }
    }
}

impl Drop for Simulation {
    fn drop(&mut self) {
        self.stage.finish();
    }
}

/// The plates: as configured, and for a hand or an arm that has none the usual one.
fn labels(config: &WorldConfig, seats: &[Seat<'_>]) -> BTreeMap<String, Label> {
    let usual = |part| match part {
        Part::Hand => Label::of_a_hand(),
        Part::Arm => Label::of_an_arm(),
        _ => Label::default(),
    };
    let label = |seat: &Seat<'_>| {
        let own = config.labels.get(seat.id).cloned();
        (seat.id.to_owned(), own.unwrap_or_else(|| usual(seat.part)))
    };
    let on_cables: BTreeMap<String, Label> = seats.iter().map(label).collect();
    let mut all = config.labels.clone(); // those of devices without a link, too
    all.extend(on_cables);
    all
}

/// A device's place in the world.
struct Seat<'a> {
    id: &'a str,
    driver: &'a str,
    part: Part,
    far: Far,
}

/// How a device is played.
#[derive(Clone, Copy)]
enum Far {
    Line(&'static OnLine),
    Bus(&'static OnBus),
}

/// What each device is. One world has one hand, one arm and one relay box; several instruments may
/// look at the same force or the same target, one of each driver.
fn seats_of<'a>(
    devices: &'a [(String, String)],
    config: &WorldConfig,
) -> Result<Vec<Seat<'a>>, String> {
    let mut seats: Vec<Seat<'_>> = Vec::new();
    for (id, driver) in devices {
        let on_line = ON_LINE.iter().find(|row| row.driver == driver);
        let on_bus = ON_BUS.iter().find(|row| row.driver == driver);
        let far = on_line.map(Far::Line).or(on_bus.map(Far::Bus));
        let Some(far) = far else {
            return Err(format!(
                "{id}: there is no simulator for `{driver}`; there are {}",
                drivers().join(", ")
            ));
        };
        let probe = driver == PROBE && config.instruments.contains_key(id);
        let part = match far {
            Far::Line(_) if probe => Part::Probe,
            Far::Line(row) => row.part,
            Far::Bus(row) => row.part,
        };
        let shared = matches!(part, Part::Gauge | Part::Tracker | Part::Meter);
        let clash = |seat: &&Seat<'_>| {
            part != Part::Probe
                && seat.part != Part::Probe
                && (seat.driver == driver || seat.part == part && !shared)
        };
        if let Some(other) = seats.iter().find(clash) {
            return Err(format!(
                "{} and {id} (`{}`, `{driver}`) are the same thing; one world has one of a kind",
                other.id, other.driver
            ));
        }
        seats.push(Seat {
            id,
            driver,
            part,
            far,
        });
    }
    Ok(seats)
}

/// Only a device that is a table of registers has a network port.
fn check_network(seats: &[Seat<'_>], config: &WorldConfig) -> Result<(), String> {
    for id in &config.modbus_tcp {
        let seat = seats.iter().find(|seat| seat.id == id);
        let speaks = |seat: &&Seat<'_>| matches!(seat.far, Far::Line(row) if row.is_modbus);
        if seat.filter(speaks).is_none() {
            return Err(format!(
                "modbus_tcp: there is no device `{id}` of registers"
            ));
        }
    }
    Ok(())
}

/// A cable to be laid, with what may go wrong on it.
struct Cable<'a> {
    clock: &'a Clock,
    /// Without transmission times, inside the process.
    instant: bool,
    name: &'a str,
    faults: certbench_link::faulty::Faults,
}

impl Cable<'_> {
    fn bytes(
        self,
        transport: Transport,
        rate: u32,
    ) -> Result<(Port, Box<dyn ByteLink>), LinkError> {
        match transport {
            Transport::Pty => {
                let master = pty::open(self.clock)?;
                let port = Port::Path(master.slave_path().to_string());
                Ok((port, Box::new(Faulty::new(self.clock, master, self.faults))))
            }
            Transport::InProcess => {
                let wire = Wire {
                    bits_per_second: (!self.instant).then_some(rate),
                    ..Wire::default()
                };
                let (near, far) = pair::bytes(self.clock, self.name, wire);
                Ok((
                    Port::Bytes(Box::new(near)),
                    Box::new(Faulty::new(self.clock, far, self.faults)),
                ))
            }
        }
    }

    /// Modbus TCP: over a port of loopback, or inside the process.
    fn connection(self, transport: Transport) -> Result<(Port, Box<dyn ByteLink>), LinkError> {
        const FAST: u32 = 100_000_000;
        let mut guests = Default::default();
        let (port, link): (Port, Box<dyn ByteLink>) = match transport {
            Transport::Pty => {
                let host = Host::open(self.clock)?;
                guests = host.guests();
                let port = Port::Path(host.port().to_owned());
                (port, Box::new(Faulty::new(self.clock, host, self.faults)))
            }
            Transport::InProcess => self.bytes(transport, FAST)?,
        };
        Ok((port, Box::new(Gateway::new(link, guests))))
    }

    /// On a pseudo-terminal faults damage the adapter's lines; inside the process, frames.
    fn can(self, transport: Transport) -> Result<(Port, Box<dyn CanLink>), LinkError> {
        match transport {
            Transport::Pty => {
                let clock = self.clock;
                let (port, line) = self.bytes(transport, 0)?;
                Ok((port, Box::new(SlcanAdapter::new(clock, line))))
            }
            Transport::InProcess => {
                let wire = Wire {
                    bits_per_second: (!self.instant).then_some(1_000_000),
                    ..Wire::default()
                };
                let (near, far) = pair::can(self.clock, self.name, wire);
                Ok((
                    Port::Can(Box::new(near)),
                    Box::new(Faulty::new(self.clock, far, self.faults)),
                ))
            }
        }
    }
}
