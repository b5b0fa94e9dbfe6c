//! Joint motors with a drive of their own on one CAN bus, each family with frames of its own.
//!
//! They stand apart from the world's hand and arm, as servos on a line do. What the makers say of counts
//! and registers stands here once more, by hand: nothing is shared with the drivers.

mod cubemars;
mod damiao;
mod drive;
mod odrive;
mod robstride;

use std::time::Duration;

use certbench_clock::Time;
use certbench_link::{CanFrame, CanLink, LinkError};

use super::{KEEP_STILL, Stage};

pub(crate) use cubemars::{InMit, InServo};
pub(crate) use damiao::Damiao;
pub(crate) use odrive::ODrive;
pub(crate) use robstride::RobStride;

/// From a frame to its answer.
const THINKS: Duration = Duration::from_micros(100);

/// What motors on a bus do.
pub(crate) trait OnBus {
    /// Everything runs up to this time, s.
    fn advance(&mut self, now: f64);
    /// A frame came; what they answer.
    fn hear(&mut self, frame: &CanFrame) -> Vec<CanFrame>;
    /// When they speak unasked next, s, and what they say then.
    fn due(&self) -> Option<f64> {
        None
    }
    fn speak(&mut self) -> Vec<CanFrame> {
        Vec::new()
    }
}

/// Plays motors until the show is over or the bus is gone.
pub(crate) fn play(stage: &Stage, link: &dyn CanLink, mut motors: impl OnBus) {
    let mut still_until = Time::ZERO;
    while !stage.is_over() {
        let now = stage.world().time_s();
        motors.advance(now);
        let mut out = match motors.due() {
            Some(due) if due <= now => motors.speak(),
            _ => Vec::new(),
        };
        if out.is_empty() {
            let own = motors.due().map_or(stage.look_up(), |due| {
                Duration::from_secs_f64((due - now).max(1e-4)).min(stage.look_up())
            });
            match link.recv(stage.clock.now() + own) {
                Ok(Some((frame, _))) => {
                    motors.advance(stage.world().time_s());
                    out = motors.hear(&frame);
                    if !out.is_empty() {
                        stage.clock.sleep(THINKS);
                    }
                }
                Ok(None) => continue,
                Err(LinkError::Gone { .. }) => return,
                Err(_) => stage.clock.sleep(stage.look_up()),
            }
        }
        for frame in out {
            if stage.clock.now() >= still_until && link.send(&frame).is_err() {
                still_until = stage.clock.now() + KEEP_STILL; // nobody takes it
            }
        }
    }
}

/// A frame that a codec made; what does not fit is none.
fn standard(id: u16, bytes: &[u8]) -> Vec<CanFrame> {
    CanFrame::standard(u32::from(id), bytes)
        .into_iter()
        .collect()
}

/// The same with 29 bits.
fn extended(id: u32, bytes: &[u8]) -> Vec<CanFrame> {
    CanFrame::extended(id, bytes).into_iter().collect()
}
