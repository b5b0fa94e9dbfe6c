//! The controller of a robot cell on a CAN bus, as `suites/benches/sim-cell.dbc` describes it: one message
//! with the number of the program, its start and its stop, and one that says how it stands.

use std::time::Duration;

use certbench_link::CanFrame;

use crate::World;

use super::hand_nodes::Node;

/// Message `Cell`: program number, then start (bit 0) and stop (bit 1).
const CELL: u32 = 0x1A2;
/// Message `Standing`: busy (bit 0), done (bit 1), at a pose (bit 2).
const STANDING: u32 = 0x1A3;
/// How often it says how it stands.
const EVERY: Duration = Duration::from_millis(20);

/// Its coils and inputs are those of the world's box: 0 and 1 start and stop, inputs 0 to 2 tell.
pub(crate) struct Cell;

impl Node for Cell {
    fn hear(&mut self, frame: &CanFrame, world: &mut World) -> Vec<CanFrame> {
        let plain = !frame.is_extended() && !frame.is_remote() && !frame.is_error();
        if let (true, CELL, &[number, bits]) = (plain, frame.id(), frame.data()) {
            let step = world.step();
            // A world without such a wire has nobody who listens.
            let _ = world.io.write(0, number.into());
            let _ = world.io.switch(step, 0, bits & 1 != 0);
            let _ = world.io.switch(step, 1, bits & 2 != 0);
        }
        Vec::new()
    }

    fn every(&self) -> Option<Duration> {
        Some(EVERY)
    }

    fn send(&mut self, world: &mut World) -> Vec<CanFrame> {
        let bit = |number: u16| u8::from(world.io.input(number) == Some(true)) << number;
        let bits = bit(0) | bit(1) | bit(2);
        CanFrame::standard(STANDING, &[bits]).into_iter().collect()
    }
}
