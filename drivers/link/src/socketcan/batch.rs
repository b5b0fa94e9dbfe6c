//! Frames out of a CAN socket, many a system call, each with what the kernel says of it.
//!
//! A call a frame is what a listener on a full bus spends its time on; `recvmmsg` takes what is there.

use std::io;
use std::mem::size_of;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::time::{Duration, SystemTime};

use crate::CanFrame;

/// Frames a call, at most.
const BATCH: usize = 32;
/// Room for a time stamp and a count of drops, headers included.
const CONTROL: usize = 64;

/// linux/can.h: flags in the identifier's word.
const EXTENDED: u32 = 0x8000_0000;
const REMOTE: u32 = 0x4000_0000;
const ERROR: u32 = 0x2000_0000;
const IDENTIFIER: u32 = 0x1FFF_FFFF;
/// linux/can.h, `CANFD_BRS`.
const BIT_RATE_SWITCH: u8 = 0x01;

/// Where the kernel writes the frames of one call.
pub(super) struct Room {
    frames: [[u8; libc::CANFD_MTU]; BATCH],
    control: [Control; BATCH],
    /// Bytes of the frame and of its control messages.
    lengths: [(usize, usize); BATCH],
}

/// Aligned as control messages must be.
#[derive(Clone, Copy)]
#[repr(C, align(8))]
struct Control([u8; CONTROL]);

/// A frame and what came with it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Received {
    /// `None`: in a form that this program does not know.
    pub(super) frame: Option<CanFrame>,
    /// When the kernel had it, on the wall clock.
    pub(super) at: Option<SystemTime>,
    /// Frames that the socket had no room for until this one came, ever; `None` with none.
    pub(super) dropped: Option<u32>,
}

impl Room {
    pub(super) fn new() -> Box<Room> {
        Box::new(Room {
            frames: [[0; libc::CANFD_MTU]; BATCH],
            control: [Control([0; CONTROL]); BATCH],
            lengths: [(0, 0); BATCH],
        })
    }

    /// What is there now, and whether that was all of it.
    ///
    /// # Errors
    /// As `recvmmsg`: `WouldBlock` when nothing is there.
    pub(super) fn receive(
        &mut self,
        fd: BorrowedFd<'_>,
    ) -> io::Result<(impl Iterator<Item = Received> + '_, bool)> {
        let n = self.fill(fd)?;
        let parts = self.frames.iter().zip(&self.control).zip(&self.lengths);
        let received = parts.take(n).map(|((frame, control), lengths)| {
            let control = control.0.get(..lengths.1).unwrap_or_default();
            let (at, dropped) = said(control);
            Received {
                frame: frame.get(..lengths.0).and_then(from_kernel),
                at,
                dropped,
            }
        });
        Ok((received, n < BATCH))
    }

    #[expect(unsafe_code, reason = "std has no recvmmsg")]
    fn fill(&mut self, fd: BorrowedFd<'_>) -> io::Result<usize> {
        // SAFETY: null pointers and zero lengths are valid values of both structures.
        let (mut vectors, mut headers): ([libc::iovec; BATCH], [libc::mmsghdr; BATCH]) =
            unsafe { std::mem::zeroed() };
        let buffers = self.frames.iter_mut().zip(&mut self.control);
        for ((vector, header), (frame, control)) in
            vectors.iter_mut().zip(&mut headers).zip(buffers)
        {
            vector.iov_base = frame.as_mut_ptr().cast();
            vector.iov_len = frame.len();
            header.msg_hdr.msg_iov = vector;
            header.msg_hdr.msg_iovlen = 1;
            header.msg_hdr.msg_control = control.0.as_mut_ptr().cast();
            header.msg_hdr.msg_controllen = control.0.len() as _;
        }
        // SAFETY: every header points to one vector, one frame and one control buffer of the stated
        // lengths, all of which outlive the call; no timeout.
        let n = unsafe {
            libc::recvmmsg(
                fd.as_raw_fd(),
                headers.as_mut_ptr(),
                BATCH as _,
                libc::MSG_DONTWAIT as _,
                std::ptr::null_mut(),
            )
        };
        let Ok(n) = usize::try_from(n) else {
            return Err(io::Error::last_os_error());
        };
        for (length, header) in self.lengths.iter_mut().zip(&headers).take(n) {
            *length = (header.msg_len as usize, header.msg_hdr.msg_controllen as _);
        }
        Ok(n)
    }
}

/// The time stamp and the count of drops among control messages (`cmsg(3)`, `socket(7)`).
fn said(mut control: &[u8]) -> (Option<SystemTime>, Option<u32>) {
    const WORD: usize = size_of::<usize>();
    const HEADER: usize = size_of::<libc::cmsghdr>();
    let (mut at, mut dropped) = (None, None);
    while let Some(length) = number::<WORD>(control, 0).map(usize::from_ne_bytes) {
        let (level, kind) = (number(control, WORD), number(control, WORD + 4));
        let Some(data) = control.get(HEADER..length) else {
            break;
        };
        if level.map(i32::from_ne_bytes) == Some(libc::SOL_SOCKET) {
            match kind.map(i32::from_ne_bytes) {
                Some(libc::SO_TIMESTAMPNS) => at = time(data),
                Some(libc::SO_RXQ_OVFL) => dropped = number(data, 0).map(u32::from_ne_bytes),
                _ => {}
            }
        }
        let next = length.next_multiple_of(WORD);
        control = control.get(next..).unwrap_or_default();
    }
    (at, dropped)
}

/// A `timespec` after the Unix epoch.
fn time(data: &[u8]) -> Option<SystemTime> {
    const SECONDS: usize = size_of::<libc::time_t>();
    let seconds = number::<SECONDS>(data, 0).map(libc::time_t::from_ne_bytes)?;
    let ns = number(data, SECONDS).map(libc::c_long::from_ne_bytes)?;
    let since = Duration::new(u64::try_from(seconds).ok()?, u32::try_from(ns).ok()?);
    SystemTime::UNIX_EPOCH.checked_add(since)
}

fn number<const N: usize>(bytes: &[u8], from: usize) -> Option<[u8; N]> {
    bytes.get(from..from + N)?.try_into().ok()
}

/// A frame as a socket gives it: `struct can_frame` or `struct canfd_frame` (linux/can.h).
fn from_kernel(bytes: &[u8]) -> Option<CanFrame> {
    let word = u32::from_ne_bytes(number(bytes, 0)?);
    let (id, extended) = (word & IDENTIFIER, word & EXTENDED != 0);
    let (len, flags) = (usize::from(*bytes.get(4)?), *bytes.get(5)?);
    let data = || bytes.get(8..8 + len);
    let frame = match bytes.len() {
        libc::CAN_MTU if word & ERROR != 0 => CanFrame::error(id, data()?),
        libc::CAN_MTU if word & REMOTE != 0 => CanFrame::remote(id, extended, len),
        libc::CAN_MTU => CanFrame::classic(id, extended, data()?),
        libc::CANFD_MTU => CanFrame::fd(id, extended, flags & BIT_RATE_SWITCH != 0, data()?),
        _ => return None,
    };
    frame.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Identifier word, length, flags, two bytes of padding, data (linux/can.h), on this machine.
    fn kernel(word: u32, len: u8, flags: u8, data: &[u8], mtu: usize) -> Vec<u8> {
        let mut bytes = word.to_ne_bytes().to_vec();
        bytes.extend([len, flags, 0, 0]);
        bytes.extend(data);
        bytes.resize(mtu, 0);
        bytes
    }

    #[test]
    fn frames_are_read_as_linux_can_h_lays_them_out() {
        for (word, len, flags, data, mtu, text) in [
            (
                0x123,
                4,
                0,
                &[0xDE, 0xAD, 0xBE, 0xEF][..],
                16,
                "123#DEADBEEF",
            ),
            (0x8000_0123, 0, 0, &[], 16, "00000123#"),
            (0x4000_07FF, 8, 0, &[], 16, "7FF#R8"),
            (0xDFFF_FFFF, 0, 0, &[], 16, "1FFFFFFF#R"),
            (0x321, 2, 1, &[0xAA, 0xBB], 72, "321##1AABB"),
            (0x8000_0001, 0, 0, &[], 72, "00000001##0"),
        ] {
            let frame = from_kernel(&kernel(word, len, flags, data, mtu)).unwrap();
            assert_eq!(frame.to_string(), text);
        }
        // bus off, as can/error.h has it
        let error = from_kernel(&kernel(0x2000_0040, 8, 0, &[0; 8], 16)).unwrap();
        assert!(error.is_error() && error.id() == 0x40);
    }

    #[test]
    fn a_frame_in_no_known_form_is_none() {
        for bytes in [
            kernel(0x123, 9, 0, &[0; 8], 16), // longer than it can be
            kernel(0x123, 65, 0, &[0; 64], 72),
            kernel(0x123, 0, 0, &[], 24),
            vec![],
        ] {
            assert_eq!(from_kernel(&bytes), None);
        }
    }

    /// `cmsghdr`: length with the header, level, type; then the data, padded to a word.
    #[cfg(target_pointer_width = "64")]
    #[test]
    fn the_stamp_and_the_drops_are_found_among_control_messages() {
        let message = |kind: i32, data: &[u8]| {
            let mut bytes = (16 + data.len()).to_ne_bytes().to_vec();
            bytes.extend(libc::SOL_SOCKET.to_ne_bytes());
            bytes.extend(kind.to_ne_bytes());
            bytes.extend(data);
            bytes.resize(bytes.len().next_multiple_of(8), 0);
            bytes
        };
        let spec = [1_700_000_000_i64.to_ne_bytes(), 250_i64.to_ne_bytes()].concat();
        let at = SystemTime::UNIX_EPOCH + Duration::new(1_700_000_000, 250);
        let stamp = message(libc::SO_TIMESTAMPNS, &spec);
        let drops = message(libc::SO_RXQ_OVFL, &7_u32.to_ne_bytes());
        assert_eq!(said(&stamp), (Some(at), None));
        assert_eq!(
            said(&[stamp.clone(), drops.clone()].concat()),
            (Some(at), Some(7))
        );
        assert_eq!(said(&[drops, stamp.clone()].concat()), (Some(at), Some(7)));
        for cut in 0..stamp.len() {
            assert_eq!(said(&stamp[..cut]), (None, None), "{cut} bytes of it");
        }
        assert_eq!(said(&[0; 64]), (None, None), "a length of zero ends it");
    }
}
