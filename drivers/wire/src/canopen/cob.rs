//! Communication objects: the frame, and what its identifier says (CiA 301, predefined connection set).

use std::fmt;

/// A classic CAN frame with an 11-bit identifier.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct CobFrame {
    id: u16,
    len: u8,
    data: [u8; 8],
    rtr: bool,
}

impl CobFrame {
    /// A data frame. `None` when the identifier has more than 11 bits or the data more than 8 bytes.
    pub fn new(id: u16, data: &[u8]) -> Option<CobFrame> {
        let mut frame = CobFrame {
            id,
            len: u8::try_from(data.len()).ok()?,
            data: [0; 8],
            rtr: false,
        };
        frame.data.get_mut(..data.len())?.copy_from_slice(data);
        (id <= 0x7FF).then_some(frame)
    }

    /// A remote frame that asks for `len` bytes, at most 8.
    pub fn remote(id: u16, len: u8) -> Option<CobFrame> {
        (id <= 0x7FF && len <= 8).then_some(CobFrame {
            id,
            len,
            data: [0; 8],
            rtr: true,
        })
    }

    /// A data frame of an identifier and a length known to be in range.
    pub(super) const fn of<const N: usize>(id: u16, bytes: [u8; N]) -> CobFrame {
        const { assert!(N <= 8, "a classic CAN frame has at most eight bytes") };
        let mut data = [0; 8];
        let mut i = 0;
        while i < N {
            data[i] = bytes[i];
            i += 1;
        }
        CobFrame {
            id: id & 0x7FF,
            len: N as u8,
            data,
            rtr: false,
        }
    }

    /// The 11-bit identifier.
    pub const fn id(&self) -> u16 {
        self.id
    }

    /// The data bytes; none for a remote frame.
    pub fn data(&self) -> &[u8] {
        match self.rtr {
            true => &[],
            false => self.data.get(..usize::from(self.len)).unwrap_or(&self.data),
        }
    }

    /// Data length code, 0..=8.
    pub const fn len(&self) -> u8 {
        self.len
    }

    /// Whether the length is zero.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether this is a remote frame.
    pub const fn is_remote(&self) -> bool {
        self.rtr
    }
}

/// As candump writes it: `605#2B17100064000000`.
impl fmt::Display for CobFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:03X}#", self.id)?;
        if self.rtr {
            return write!(f, "R{}", self.len);
        }
        self.data()
            .iter()
            .try_for_each(|byte| write!(f, "{byte:02X}"))
    }
}

impl fmt::Debug for CobFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A node's number, 1..=127.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(u8);

impl NodeId {
    /// `None` outside 1..=127.
    pub const fn new(number: u8) -> Option<NodeId> {
        match number {
            1..=127 => Some(NodeId(number)),
            _ => None,
        }
    }

    /// The number.
    pub const fn number(self) -> u8 {
        self.0
    }

    pub(super) const fn cob(self, function: u16) -> u16 {
        function + self.0 as u16
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "node {}", self.0)
    }
}

/// The frame that makes nodes sample and act together.
pub const SYNC: CobFrame = CobFrame::of(0x080, []);

/// What an identifier is for in the predefined connection set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// Network management, to all.
    Nmt,
    /// Synchronisation.
    Sync,
    /// Time stamp.
    Time,
    /// Emergency of a node.
    Emergency(NodeId),
    /// Process data that a node sends; its number 1..=4.
    Tpdo(u8, NodeId),
    /// Process data that a node receives; its number 1..=4.
    Rpdo(u8, NodeId),
    /// SDO, server to client.
    SdoReply(NodeId),
    /// SDO, client to server.
    SdoRequest(NodeId),
    /// Heartbeat or boot-up of a node.
    Heartbeat(NodeId),
}

impl Service {
    /// What this identifier is for; `None` outside the predefined set.
    pub fn of(id: u16) -> Option<Service> {
        match id {
            0x000 => return Some(Service::Nmt),
            0x080 => return Some(Service::Sync),
            0x100 => return Some(Service::Time),
            _ => (),
        }
        let node = NodeId::new((id & 0x7F) as u8)?;
        Some(match id & !0x7F {
            0x080 => Service::Emergency(node),
            0x180 => Service::Tpdo(1, node),
            0x200 => Service::Rpdo(1, node),
            0x280 => Service::Tpdo(2, node),
            0x300 => Service::Rpdo(2, node),
            0x380 => Service::Tpdo(3, node),
            0x400 => Service::Rpdo(3, node),
            0x480 => Service::Tpdo(4, node),
            0x500 => Service::Rpdo(4, node),
            0x580 => Service::SdoReply(node),
            0x600 => Service::SdoRequest(node),
            0x700 => Service::Heartbeat(node),
            _ => return None,
        })
    }

    /// Its identifier. PDO numbers count modulo 4.
    pub const fn id(self) -> u16 {
        const fn pdo(base: u16, number: u8, node: NodeId) -> u16 {
            node.cob(base + 0x100 * ((number.wrapping_sub(1) & 3) as u16))
        }
        match self {
            Service::Nmt => 0x000,
            Service::Sync => 0x080,
            Service::Time => 0x100,
            Service::Emergency(node) => node.cob(0x080),
            Service::Tpdo(number, node) => pdo(0x180, number, node),
            Service::Rpdo(number, node) => pdo(0x200, number, node),
            Service::SdoReply(node) => node.cob(0x580),
            Service::SdoRequest(node) => node.cob(0x600),
            Service::Heartbeat(node) => node.cob(0x700),
        }
    }
}
