//! A slave of layer setting services (CiA 305): in configuration it says who it is, and takes a number and
//! a bit rate, which hold after its next reset.

use certbench_wire::canopen::lss::LssAddress;
use certbench_wire::canopen::{CobFrame, NodeId};

/// Identifiers of the master's and of slaves' frames.
pub(super) const MASTER: u16 = 0x7E5;
const SLAVE: u16 = 0x7E4;

/// Bit rates of the standard's table; number 5 is reserved.
const RATES: u8 = 8;

#[derive(Clone, Copy, Debug)]
pub(super) struct Slave {
    address: LssAddress,
    node: NodeId,
    /// The number that it was given.
    pending: NodeId,
    configuration: bool,
    /// How many parts of an address have been its own, in order.
    selected: usize,
}

impl Slave {
    pub(super) fn new(address: LssAddress, node: NodeId) -> Slave {
        Slave {
            address,
            node,
            pending: node,
            configuration: false,
            selected: 0,
        }
    }

    /// Its number once it is reset.
    pub(super) fn after_reset(&mut self) -> NodeId {
        self.node = self.pending;
        self.configuration = false;
        self.node
    }

    /// A frame of the master.
    pub(super) fn hear(&mut self, frame: &CobFrame) -> Option<CobFrame> {
        let [code, a, b, c, d, ..] = *<&[u8; 8]>::try_from(frame.data()).ok()?;
        let number = u32::from_le_bytes([a, b, c, d]);
        match code {
            0x04 => {
                self.configuration = a == 1;
                return None;
            }
            0x40..=0x43 => {
                let part = usize::from(code - 0x40);
                let own = self.address.get(part) == Some(&number) && self.selected == part;
                self.selected = if own { part + 1 } else { 0 };
                if self.selected < self.address.len() {
                    return None;
                }
                (self.selected, self.configuration) = (0, true);
                return answer(0x44, 0);
            }
            _ if !self.configuration => return None,
            _ => {}
        }
        match code {
            0x11 => match (NodeId::new(a), a) {
                (Some(node), _) => {
                    self.pending = node;
                    answer(0x11, 0)
                }
                (None, _) => answer(0x11, 1),
            },
            0x13 => answer(0x13, u32::from(a != 0 || b > RATES || b == 5)),
            0x17 => answer(0x17, 0),
            0x5E => answer(0x5E, self.node.number().into()),
            0x5A..=0x5D => {
                let part = self.address.get(usize::from(code - 0x5A))?;
                answer(code, *part)
            }
            _ => None,
        }
    }
}

fn answer(code: u8, number: u32) -> Option<CobFrame> {
    let [a, b, c, d] = number.to_le_bytes();
    CobFrame::new(SLAVE, &[code, a, b, c, d, 0, 0, 0])
}
