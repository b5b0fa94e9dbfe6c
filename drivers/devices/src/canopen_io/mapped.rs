//! What the box's transmit PDOs carry, as it has them mapped.

use certbench_wire::canopen::object;
use certbench_wire::canopen::pdo::Mapping;

/// An input of the box, by its number from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Input {
    Contact(u16),
    Voltage(u16),
}

/// Its process data, by their number.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Mapped(pub(super) Vec<(u8, Vec<Mapping>)>);

impl Mapped {
    /// Whether an input comes by itself.
    pub(super) fn carries(&self, input: Input) -> bool {
        let (index, sub) = match input {
            Input::Contact(number) => (object::READ_INPUTS.index, number / 8 + 1),
            Input::Voltage(number) => (object::READ_ANALOG_INPUT.index, number + 1),
        };
        let words = self.0.iter().flat_map(|(_, words)| words);
        let place = |word: &Mapping| (word.index, u16::from(word.sub)) == (index, sub);
        words.into_iter().any(place)
    }

    /// What a frame says of inputs: a contact as 0 or 1, a voltage in counts. What is mapped in other
    /// lengths than CiA 401 has is passed over; a frame that is shorter than its mapping ends early.
    pub(super) fn inputs(&self, pdo: u8, data: &[u8]) -> Vec<(Input, i16)> {
        let mut inputs = Vec::new();
        let mut bit = 0;
        let words = self.0.iter().filter(|(number, _)| *number == pdo);
        for word in words.flat_map(|(_, words)| words) {
            let from = bit / 8;
            let aligned = bit % 8 == 0;
            bit += usize::from(word.bits);
            let Some(bytes) = data.get(from..bit.div_ceil(8)).filter(|_| aligned) else {
                continue;
            };
            let number = u16::from(word.sub).wrapping_sub(1);
            match (word.index, bytes) {
                (0x6000, [byte]) => {
                    let contact = |n| {
                        (
                            Input::Contact(number.saturating_mul(8) + n),
                            i16::from(byte >> n & 1),
                        )
                    };
                    inputs.extend((0..8).map(contact));
                }
                (0x6401, [low, high]) => {
                    inputs.push((Input::Voltage(number), i16::from_le_bytes([*low, *high])));
                }
                _ => (),
            }
        }
        inputs
    }
}
