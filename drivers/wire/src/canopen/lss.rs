//! Layer setting services (CiA 305): a node's number and bit rate, set over the bus.
//!
//! Only what a bench needs: one device on the bus is brought into configuration, asked who it is, and given
//! a number. With several on the bus all of them would take the number: a device is then selected by its
//! identity ([`select`]).

use super::cob::{CobFrame, NodeId};

/// From the master.
const MASTER: u16 = 0x7E5;
/// From a slave.
const SLAVE: u16 = 0x7E4;

/// Who a node is (object 1018h): vendor, product, revision, serial number.
pub type LssAddress = [u32; 4];

/// A part of who a node is, in the order of [`LssAddress`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
#[expect(missing_docs, reason = "the standard's own words")]
pub enum Part {
    Vendor = 0x5A,
    Product = 0x5B,
    Revision = 0x5C,
    Serial = 0x5D,
}

impl Part {
    /// All, in order.
    pub const ALL: [Part; 4] = [Part::Vendor, Part::Product, Part::Revision, Part::Serial];
}

/// Every slave into configuration, or back to waiting (switch state global).
pub const fn switch_all(configuration: bool) -> CobFrame {
    CobFrame::of(MASTER, [0x04, configuration as u8, 0, 0, 0, 0, 0, 0])
}

/// The one slave of this identity into configuration (switch state selective): four frames, and the last is
/// answered by [`Answer::Selected`].
pub fn select(address: LssAddress) -> [CobFrame; 4] {
    let mut code = 0x3F;
    address.map(|number| {
        code += 1;
        let [a, b, c, d] = number.to_le_bytes();
        CobFrame::of(MASTER, [code, a, b, c, d, 0, 0, 0])
    })
}

/// Asks the slave in configuration for a part of who it is.
pub const fn inquire(part: Part) -> CobFrame {
    CobFrame::of(MASTER, [part as u8, 0, 0, 0, 0, 0, 0, 0])
}

/// Asks it for its number.
pub const fn inquire_node() -> CobFrame {
    CobFrame::of(MASTER, [0x5E, 0, 0, 0, 0, 0, 0, 0])
}

/// Gives it a number, which holds after its next reset of communication.
pub const fn set_node(node: NodeId) -> CobFrame {
    CobFrame::of(MASTER, [0x11, node.number(), 0, 0, 0, 0, 0, 0])
}

/// Bits per second by their number in the table of the standard (CiA 305, bit timing table 0); number 5 is
/// reserved.
pub const BIT_RATES: [(u8, u32); 8] = [
    (0, 1_000_000),
    (1, 800_000),
    (2, 500_000),
    (3, 250_000),
    (4, 125_000),
    (6, 50_000),
    (7, 20_000),
    (8, 10_000),
];

/// Gives it a bit rate, which holds after its next power-on; `None` for one that the table does not have.
pub fn set_bit_rate(bits_per_second: u32) -> Option<CobFrame> {
    let row = BIT_RATES
        .iter()
        .find(|(_, rate)| *rate == bits_per_second)?;
    Some(CobFrame::of(MASTER, [0x13, 0, row.0, 0, 0, 0, 0, 0]))
}

/// Lets it keep the number over power-off.
pub const fn store() -> CobFrame {
    CobFrame::of(MASTER, [0x17, 0, 0, 0, 0, 0, 0, 0])
}

/// What a slave says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It is the selected one.
    Selected,
    /// A part of who it is.
    Is(Part, u32),
    /// Its number; `None` has none yet (255).
    Node(Option<NodeId>),
    /// How [`set_node`] ended: 0 is good, 1 is out of range, 255 is the maker's own code.
    Set(u8, u8),
    /// How [`set_bit_rate`] ended: 0 is good, 1 is not supported, 255 is the maker's own code.
    BitRate(u8, u8),
    /// How [`store`] ended: 0 is good, 1 is not supported, 2 is a failure, 255 is the maker's own code.
    Stored(u8, u8),
}

impl Answer {
    /// What a frame of a slave says; `None` for any other.
    pub fn decode(frame: &CobFrame) -> Option<Answer> {
        let [code, a, b, c, d, ..] = *<&[u8; 8]>::try_from(frame.data()).ok()?;
        if frame.id() != SLAVE {
            return None;
        }
        Some(match code {
            0x44 => Answer::Selected,
            0x11 => Answer::Set(a, b),
            0x13 => Answer::BitRate(a, b),
            0x17 => Answer::Stored(a, b),
            0x5E => Answer::Node(NodeId::new(a)),
            _ => {
                let part = Part::ALL.into_iter().find(|part| *part as u8 == code)?;
                Answer::Is(part, u32::from_le_bytes([a, b, c, d]))
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slave(bytes: [u8; 8]) -> Option<Answer> {
        Answer::decode(&CobFrame::new(0x7E4, &bytes).unwrap())
    }

    /// CiA 305: command specifiers 04h, 11h, 13h, 17h, 40h to 43h, 5Ah to 5Eh.
    #[test]
    fn the_frames_are_those_of_the_standard() {
        let text = |frame: CobFrame| frame.to_string();
        assert_eq!(text(switch_all(true)), "7E5#0401000000000000");
        assert_eq!(text(switch_all(false)), "7E5#0400000000000000");
        assert_eq!(text(inquire(Part::Vendor)), "7E5#5A00000000000000");
        assert_eq!(text(inquire_node()), "7E5#5E00000000000000");
        assert_eq!(
            text(set_node(NodeId::new(5).unwrap())),
            "7E5#1105000000000000"
        );
        assert_eq!(text(store()), "7E5#1700000000000000");
        let rate = |rate| set_bit_rate(rate).map(text);
        assert_eq!(rate(1_000_000).as_deref(), Some("7E5#1300000000000000"));
        assert_eq!(rate(125_000).as_deref(), Some("7E5#1300040000000000"));
        assert_eq!(rate(100_000), None, "reserved");
        let four = select([1, 2, 3, 0x0403_0201]).map(text);
        assert_eq!(four[0], "7E5#4001000000000000");
        assert_eq!(four[3], "7E5#4301020304000000");
    }

    #[test]
    fn a_slaves_answers_are_told_apart_and_others_are_none() {
        assert_eq!(slave([0x44, 0, 0, 0, 0, 0, 0, 0]), Some(Answer::Selected));
        let vendor = slave([0x5A, 0x9A, 0x02, 0, 0, 0, 0, 0]);
        assert_eq!(vendor, Some(Answer::Is(Part::Vendor, 0x029A)));
        assert_eq!(
            slave([0x5E, 255, 0, 0, 0, 0, 0, 0]),
            Some(Answer::Node(None))
        );
        assert_eq!(slave([0x11, 1, 0, 0, 0, 0, 0, 0]), Some(Answer::Set(1, 0)));
        assert_eq!(
            slave([0x17, 0, 0, 0, 0, 0, 0, 0]),
            Some(Answer::Stored(0, 0))
        );
        assert_eq!(slave([0x99, 0, 0, 0, 0, 0, 0, 0]), None);
        assert_eq!(
            Answer::decode(&CobFrame::new(0x7E4, &[0x44]).unwrap()),
            None
        );
        assert_eq!(Answer::decode(&switch_all(true)), None);
    }
}
