//! Block upload, against a server that is written out here from CiA 301's figures.

use super::*;
use crate::canopen::cob::{CobFrame, NodeId};

fn node() -> NodeId {
    NodeId::new(5).unwrap()
}

fn reply(bytes: [u8; 8]) -> CobFrame {
    CobFrame::new(0x585, &bytes).unwrap()
}

fn sent(step: Step) -> Vec<u8> {
    match step {
        Step::Send(frame) => frame.data().to_vec(),
        other => panic!("{other:?}"),
    }
}

/// "123456789" has the CRC-16/XMODEM check value 31C3h (catalogue of parametrised CRC algorithms), which
/// CiA 301 names as its example, too.
#[test]
fn nine_digits_come_up_in_one_block_with_their_checksum() {
    let (mut upload, ask) = BlockUpload::new(node(), 0x1008, 0);
    // checksum supported, 1008h sub 0, blocks of 127, no switch to another protocol
    assert_eq!(ask.data(), [0xA4, 0x08, 0x10, 0x00, 0x7F, 0x00, 0x00, 0x00]);
    // the node has checksums, too, and announces nine bytes
    let start = upload.on(&reply([0xC6, 0x08, 0x10, 0x00, 9, 0, 0, 0]));
    assert_eq!(sent(start), [0xA3, 0, 0, 0, 0, 0, 0, 0]);
    let first = upload.on(&reply([0x01, b'1', b'2', b'3', b'4', b'5', b'6', b'7']));
    assert_eq!(first, Step::NotMine, "no answer within a block");
    let confirm = upload.on(&reply([0x82, b'8', b'9', 0, 0, 0, 0, 0]));
    assert_eq!(sent(confirm), [0xA2, 2, 0x7F, 0, 0, 0, 0, 0]);
    assert_eq!(upload.finished(), None);
    // five bytes of the last segment are empty
    let end = upload.on(&reply([0xC1 | 5 << 2, 0xC3, 0x31, 0, 0, 0, 0, 0]));
    assert_eq!(sent(end), [0xA1, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(upload.finished(), Some(&b"123456789"[..]));
}

#[test]
fn a_wrong_checksum_is_no_data() {
    let (mut upload, _) = BlockUpload::new(node(), 0x1008, 0);
    upload.on(&reply([0xC4, 0x08, 0x10, 0x00, 0, 0, 0, 0]));
    upload.on(&reply([0x81, 1, 2, 3, 4, 5, 6, 7]));
    let end = upload.on(&reply([0xC1, 0, 0, 0, 0, 0, 0, 0]));
    let Step::Failed(Failure::ByClient(Abort::CRC), Some(tell)) = end else {
        panic!("{end:?}");
    };
    assert_eq!(
        tell.data(),
        [0x80, 0x08, 0x10, 0x00, 0x04, 0x00, 0x04, 0x05]
    );
    assert_eq!(upload.finished(), None);
}

/// A node that sends again what it is told was not received.
fn served(content: &[u8], lose: impl Fn(u32) -> bool) -> (Option<Vec<u8>>, u32) {
    let (mut upload, _) = BlockUpload::new(node(), 0x2000, 1);
    let size = (content.len() as u32).to_le_bytes();
    let mut step = upload.on(&reply([
        0xC6, 0x00, 0x20, 0x01, size[0], size[1], size[2], size[3],
    ]));
    let (mut at, mut frames) = (0, 0);
    loop {
        let answer = sent(step);
        match answer[0] {
            0xA2 => at += 7 * usize::from(answer[1]),
            0xA3 => (),
            0xA1 => return (upload.finished().map(<[u8]>::to_vec), frames),
            other => panic!("{other:02X}"),
        }
        if at >= content.len() {
            let empty = (at - content.len()) as u8;
            let crc = crc::Crc::<u16>::new(&crc::CRC_16_XMODEM).checksum(content);
            let [low, high] = crc.to_le_bytes();
            step = upload.on(&reply([0xC1 | empty << 2, low, high, 0, 0, 0, 0, 0]));
            continue;
        }
        step = Step::NotMine;
        for (number, chunk) in (1u8..=127).zip(content[at..].chunks(7)) {
            let last = at + 7 * usize::from(number) >= content.len();
            let mut bytes = [0; 8];
            bytes[0] = number | u8::from(last) << 7;
            bytes[1..=chunk.len()].copy_from_slice(chunk);
            frames += 1;
            // the last of a block is never lost: nobody would answer
            let ends = last || number == 127;
            if ends || !lose(frames) {
                step = upload.on(&reply(bytes));
            }
        }
    }
}

#[test]
fn several_blocks_come_whole_and_what_was_lost_comes_again() {
    for size in [7, 8, 889, 890, 5000] {
        let content: Vec<u8> = (0..size).map(|n: u32| n as u8).collect();
        let (whole, frames) = served(&content, |_| false);
        assert_eq!(whole.as_deref(), Some(&content[..]), "{size}");
        assert_eq!(frames, size.div_ceil(7));
        let (whole, more) = served(&content, |frame| frame % 50 == 3 && frame < 2000);
        assert_eq!(whole.as_deref(), Some(&content[..]), "{size}, with losses");
        assert!(more >= frames);
    }
}

#[test]
fn a_node_without_blocks_and_one_that_answers_at_once_are_understood() {
    let (mut upload, _) = BlockUpload::new(node(), 0x1008, 0);
    let refused = upload.on(&reply([0x80, 0x08, 0x10, 0x00, 0x01, 0x00, 0x04, 0x05]));
    assert_eq!(refused, Step::Failed(Failure::ByNode(Abort::COMMAND), None));
    let (mut upload, _) = BlockUpload::new(node(), 0x1000, 0);
    let short = upload.on(&reply([0x43, 0x00, 0x10, 0x00, 0x92, 0x01, 0x02, 0x00]));
    assert_eq!(short, Step::Done(vec![0x92, 0x01, 0x02, 0x00]));
    let (mut upload, _) = BlockUpload::new(node(), 0x1008, 0);
    let endless = upload.on(&reply([0xC6, 0x08, 0x10, 0x00, 0xFF, 0xFF, 0xFF, 0xFF]));
    assert!(matches!(
        endless,
        Step::Failed(Failure::ByClient(Abort::OUT_OF_MEMORY), _)
    ));
    let other = BlockUpload::new(node(), 0x1008, 0)
        .0
        .on(&reply([0x43, 0x09, 0x10, 0, 1, 0, 0, 0]));
    assert_eq!(other, Step::NotMine, "a late answer about another object");
}
