//! The far ends: each a loop over its end of a link and the world, with the time of the clock.

pub(crate) mod ability;
pub(crate) mod ascii_tracker;
pub(crate) mod buses;
pub(crate) mod canopen;
mod cell;
pub(crate) mod hand_nodes;
pub(crate) mod mark10;
pub(crate) mod modbus_io;
pub(crate) mod modbus_tcp;
pub(crate) mod motors;
pub(crate) mod rdt;
pub(crate) mod registers;
pub(crate) mod rh56;
pub(crate) mod rh56_dialects;
pub(crate) mod servos;
pub(crate) mod streams;
pub(crate) mod table;
#[cfg(test)]
mod tests;
pub(crate) mod texts;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use certbench_clock::{Clock, Time};
use certbench_link::{ByteLink, LinkError};

use crate::World;

/// A peer with nothing to do looks up so often, so that the world goes on and an end is noticed.
const LOOK_UP: Duration = Duration::from_millis(50);
/// The same on the simulated clock, where nobody waits for it and every look costs a hand-over.
const LOOK_UP_SIMULATED: Duration = Duration::from_millis(500);
/// When nobody reads what a peer sends, it keeps still for so long.
pub(crate) const KEEP_STILL: Duration = Duration::from_millis(200);

/// The world and the time, as every peer has them.
#[derive(Clone)]
pub(crate) struct Stage {
    pub(crate) clock: Clock,
    /// The clock's time when the world began.
    began: Time,
    world: Arc<Mutex<World>>,
    over: Arc<AtomicBool>,
}

impl Stage {
    pub(crate) fn new(clock: &Clock, world: World) -> Stage {
        let began = clock.now();
        Stage {
            clock: clock.clone(),
            began,
            world: Arc::new(Mutex::new(world)),
            over: Arc::default(),
        }
    }

    /// The world as it is now.
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        world.advance_to((self.clock.now() - self.began).as_nanos() as u64);
        world
    }

    /// The clock's time at a time of the world.
    pub(crate) fn time_at(&self, world_ns: u64) -> Time {
        self.began + Duration::from_nanos(world_ns)
    }

    /// How often a peer with nothing to do looks up.
    pub(crate) fn look_up(&self) -> Duration {
        match self.clock.is_simulated() {
            true => LOOK_UP_SIMULATED,
            false => LOOK_UP,
        }
    }

    /// The show is over: every peer leaves.
    pub(crate) fn finish(&self) {
        self.over.store(true, Ordering::Release);
    }

    pub(crate) fn is_over(&self) -> bool {
        self.over.load(Ordering::Acquire)
    }
}

/// What a device that answers does with what it hears.
pub(crate) trait Answering: Send {
    /// Bytes came.
    fn hear(&mut self, bytes: &[u8]);
    /// The line is silent.
    fn silence(&mut self) {}
    /// The next answer to what was heard, if that is to be answered; `None` when all was dealt with.
    fn answer(&mut self, world: &mut World) -> Option<Vec<u8>>;
}

/// How a device that answers behaves on its line.
pub(crate) struct Manners {
    /// From the last byte of a question to the first of its answer.
    pub(crate) thinks: Duration,
    /// So long without a byte is silence.
    pub(crate) silence: Duration,
}

/// Plays a device that answers until the show is over or the line is gone.
pub(crate) fn play(
    stage: &Stage,
    link: &dyn ByteLink,
    manners: &Manners,
    mut device: impl Answering,
) {
    let mut heard = Vec::new();
    let mut silent = true;
    while !stage.is_over() {
        let wait = if silent {
            stage.look_up()
        } else {
            manners.silence
        };
        match link.read(&mut heard, stage.clock.now() + wait) {
            Ok(Some(_)) => {
                device.hear(&heard);
                heard.clear();
                silent = false;
            }
            Ok(None) if !silent => {
                device.silence();
                silent = true;
            }
            Ok(None) => {
                drop(stage.world());
                continue;
            }
            Err(LinkError::Gone { .. }) => return,
            Err(_) => {
                stage.clock.sleep(stage.look_up());
                continue;
            }
        }
        while let Some(answer) = next_answer(stage, &mut device) {
            stage.clock.sleep(manners.thinks);
            if !answer.is_empty() {
                let _ = link.write(&answer); // nobody reads it: as on a real line
            }
        }
    }
}

/// The world is not held while the device thinks.
pub(crate) fn next_answer(stage: &Stage, device: &mut impl Answering) -> Option<Vec<u8>> {
    device.answer(&mut stage.world())
}
