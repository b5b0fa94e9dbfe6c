//! Block transfer: bytes written out here from CiA 301's figures, and our client against our server.

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
    let (mut upload, ask) = Client::upload_in_blocks(node(), 0x1008, 0);
    // checksum supported, 1008h sub 0, blocks of 127, no switch to another protocol
    assert_eq!(ask.data(), [0xA4, 0x08, 0x10, 0x00, 0x7F, 0x00, 0x00, 0x00]);
    // the node has checksums, too, and announces nine bytes
    let start = upload.on(&reply([0xC6, 0x08, 0x10, 0x00, 9, 0, 0, 0]));
    assert_eq!(sent(start), [0xA3, 0, 0, 0, 0, 0, 0, 0]);
    let first = upload.on(&reply([0x01, b'1', b'2', b'3', b'4', b'5', b'6', b'7']));
    assert_eq!(first, Step::Wait, "no answer within a block");
    let confirm = upload.on(&reply([0x82, b'8', b'9', 0, 0, 0, 0, 0]));
    assert_eq!(sent(confirm), [0xA2, 2, 0x7F, 0, 0, 0, 0, 0]);
    // five bytes of the last segment are empty
    let end = upload.on(&reply([0xC1 | 5 << 2, 0xC3, 0x31, 0, 0, 0, 0, 0]));
    let taken = asked([0xA1, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(end, Step::Done(b"123456789".to_vec(), Some(taken)));
}

#[test]
fn a_wrong_checksum_is_no_data() {
    let (mut upload, _) = Client::upload_in_blocks(node(), 0x1008, 0);
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
}

/// A node that sends again what it is told was not received.
fn served(content: &[u8], lose: impl Fn(u32) -> bool) -> (Vec<u8>, u32) {
    let (mut upload, _) = Client::upload_in_blocks(node(), 0x2000, 1);
    let size = (content.len() as u32).to_le_bytes();
    let mut step = upload.on(&reply([
        0xC6, 0x00, 0x20, 0x01, size[0], size[1], size[2], size[3],
    ]));
    let (mut at, mut frames) = (0, 0);
    loop {
        let answer = match step {
            Step::Done(content, Some(_)) => return (content, frames),
            step => sent(step),
        };
        match answer[0] {
            0xA2 => at += 7 * usize::from(answer[1]),
            0xA3 => (),
            other => panic!("{other:02X}"),
        }
        if at >= content.len() {
            let empty = (at - content.len()) as u8;
            let crc = crc::Crc::<u16>::new(&crc::CRC_16_XMODEM).checksum(content);
            let [low, high] = crc.to_le_bytes();
            step = upload.on(&reply([0xC1 | empty << 2, low, high, 0, 0, 0, 0, 0]));
            continue;
        }
        step = Step::Wait;
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
        assert_eq!(whole, content, "{size}");
        assert_eq!(frames, size.div_ceil(7));
        // squares: a block of any length does not lose the same segment each time
        let (whole, more) = served(&content, |frame| frame.isqrt().pow(2) == frame);
        assert_eq!(whole, content, "{size}, with losses");
        assert!(more >= frames);
    }
}

/// Whatever a node says instead of beginning in blocks, it is asked for segments, and that answer counts.
#[test]
fn a_node_without_blocks_is_served_by_segments() {
    let (mut upload, _) = Client::upload_in_blocks(node(), 0x1008, 0);
    let refused = reply([0x80, 0x08, 0x10, 0x00, 0x01, 0x00, 0x04, 0x05]);
    assert_eq!(
        sent(upload.on(&refused)),
        [0x40, 0x08, 0x10, 0x00, 0, 0, 0, 0]
    );
    let short = upload.on(&reply([0x4B, 0x08, 0x10, 0x00, b'h', b'i', 0, 0]));
    assert_eq!(short, Step::Done(b"hi".to_vec(), None));
    let (mut upload, _) = Client::upload_in_blocks(node(), 0x1008, 0);
    upload.on(&refused);
    let again = upload.on(&refused);
    assert_eq!(again, Step::Failed(Failure::ByNode(Abort::COMMAND), None));

    let (mut download, _) = Client::download_in_blocks(node(), 0x1008, 0, b"123456789");
    assert_eq!(
        sent(download.on(&refused)),
        [0x21, 0x08, 0x10, 0x00, 9, 0, 0, 0]
    );
    let segment = download.on(&reply([0x60, 0x08, 0x10, 0x00, 0, 0, 0, 0]));
    assert_eq!(sent(segment), *b"\x001234567");
}

/// By the figure of the standard a node may go on in the other protocol without being asked anew.
#[test]
fn a_node_that_answers_at_once_is_understood() {
    let (mut upload, _) = Client::upload_in_blocks(node(), 0x1000, 0);
    let short = upload.on(&reply([0x43, 0x00, 0x10, 0x00, 0x92, 0x01, 0x02, 0x00]));
    assert_eq!(short, Step::Done(vec![0x92, 0x01, 0x02, 0x00], None));
    let (mut upload, _) = Client::upload_in_blocks(node(), 0x1008, 0);
    let segments = upload.on(&reply([0x41, 0x08, 0x10, 0x00, 9, 0, 0, 0]));
    assert_eq!(sent(segments), [0x60, 0, 0, 0, 0, 0, 0, 0]);
    let (mut upload, _) = Client::upload_in_blocks(node(), 0x1008, 0);
    let endless = upload.on(&reply([0xC6, 0x08, 0x10, 0x00, 0xFF, 0xFF, 0xFF, 0xFF]));
    assert!(matches!(
        endless,
        Step::Failed(Failure::ByClient(Abort::OUT_OF_MEMORY), _)
    ));
    let other = Client::upload_in_blocks(node(), 0x1008, 0)
        .0
        .on(&reply([0x43, 0x09, 0x10, 0, 1, 0, 0, 0]));
    assert_eq!(other, Step::NotMine, "a late answer about another object");
}

/// Code 0504 0003h, invalid sequence number, after as many blocks as this end is ready to send in vain.
#[test]
fn an_end_that_never_has_a_segment_is_given_up() {
    let sequence = [0x80, 0x00, 0x20, 0x00, 0x03, 0x00, 0x04, 0x05];
    let (mut download, _) = Client::download_in_blocks(node(), 0x2000, 0, &[7; 100]);
    let first = download.on(&reply([0xA4, 0x00, 0x20, 0x00, 4, 0, 0, 0]));
    let nothing = reply([0xA2, 0, 4, 0, 0, 0, 0, 0]);
    let mut blocks = 1;
    let end = loop {
        match download.on(&nothing) {
            again @ Step::SendAll(_) => assert_eq!(again, first, "the same again"),
            end => break end,
        }
        blocks += 1;
        assert!(blocks < 20, "it never ends");
    };
    let Step::Failed(Failure::ByClient(Abort::SEQUENCE_NUMBER), Some(tell)) = end else {
        panic!("{end:?}");
    };
    assert_eq!((tell.data(), blocks), (&sequence[..], 4));

    // one that confirms a little now and then is served on
    let (mut slow, _) = Client::download_in_blocks(node(), 0x2000, 0, &[7; 100]);
    slow.on(&reply([0xA4, 0x00, 0x20, 0x00, 4, 0, 0, 0]));
    for _ in 0..14 {
        for confirmed in [0, 0, 0, 1] {
            let again = slow.on(&reply([0xA2, confirmed, 4, 0, 0, 0, 0, 0]));
            assert!(matches!(again, Step::SendAll(_)), "{again:?}");
        }
    }

    // the server gives up a client that has nothing, and one that sends what cannot be used
    let (mut server, mut one) = (Server::new(node()), One(vec![7; 100]));
    server.on(&asked([0xA4, 0x00, 0x20, 0, 4, 0, 0, 0]), &mut one);
    server.on(&asked([0xA3, 0, 0, 0, 0, 0, 0, 0]), &mut one);
    let nothing = asked([0xA2, 0, 4, 0, 0, 0, 0, 0]);
    let answers: Vec<usize> = (0..4)
        .map(|_| server.on(&nothing, &mut one).len())
        .collect();
    assert_eq!(answers, [4, 4, 4, 1], "three times again, then an abort");
    server.on(&asked([0xC2, 0x00, 0x20, 0, 100, 0, 0, 0]), &mut one);
    let useless = asked([0x7F, 1, 2, 3, 4, 5, 6, 7]);
    for _ in 0..3 {
        assert_eq!(server.on(&useless, &mut one)[0].data()[..2], [0xA2, 0]);
    }
    assert_eq!(server.on(&useless, &mut one)[0].data(), sequence);

    // a block has 127 segments at most
    let (mut upload, _) = Client::upload_in_blocks(node(), 0x2000, 0);
    upload.on(&reply([0xC0, 0x00, 0x20, 0x00, 0, 0, 0, 0]));
    let same = reply([0x05, 1, 2, 3, 4, 5, 6, 7]);
    for _ in 0..127 {
        assert_eq!(upload.on(&same), Step::Wait);
    }
    let end = upload.on(&same);
    assert!(
        matches!(
            end,
            Step::Failed(Failure::ByClient(Abort::SEQUENCE_NUMBER), _)
        ),
        "{end:?}"
    );
}

/// One object of any length.
struct One(Vec<u8>);

impl Dictionary for One {
    fn read(&mut self, index: u16, _: u8) -> Result<Vec<u8>, Abort> {
        match index {
            0x2000 => Ok(self.0.clone()),
            _ => Err(Abort::NO_OBJECT),
        }
    }

    fn write(&mut self, _: u16, _: u8, data: &[u8]) -> Result<(), Abort> {
        self.0 = data.to_vec();
        Ok(())
    }
}

fn asked(bytes: [u8; 8]) -> CobFrame {
    CobFrame::new(0x605, &bytes).unwrap()
}

/// The frames of the figure "SDO block download": nine digits, their checksum 31C3h.
#[test]
fn nine_digits_go_down_in_one_block_with_their_checksum() {
    let (mut download, ask) = Client::download_in_blocks(node(), 0x2000, 0, b"123456789");
    assert_eq!(ask.data(), [0xC6, 0x00, 0x20, 0x00, 9, 0, 0, 0]);
    let block = download.on(&reply([0xA4, 0x00, 0x20, 0x00, 0x7F, 0, 0, 0]));
    let expected = [
        [0x01, b'1', b'2', b'3', b'4', b'5', b'6', b'7'],
        [0x82, b'8', b'9', 0, 0, 0, 0, 0],
    ];
    assert_eq!(block, Step::SendAll(expected.map(asked).to_vec()));
    let end = download.on(&reply([0xA2, 2, 0x7F, 0, 0, 0, 0, 0]));
    assert_eq!(sent(end), [0xC1 | 5 << 2, 0xC3, 0x31, 0, 0, 0, 0, 0]);
    assert_eq!(
        download.on(&reply([0xA1, 0, 0, 0, 0, 0, 0, 0])),
        Step::Done(Vec::new(), None)
    );
}

#[test]
fn the_server_gives_and_takes_nine_digits_as_the_figures_have_it() {
    let mut one = One(b"123456789".to_vec());
    let mut server = Server::new(node());
    let mut say = |bytes| -> Vec<[u8; 8]> {
        let answers = server.on(&asked(bytes), &mut one);
        let bytes = answers.iter().map(|frame| frame.data().try_into().unwrap());
        bytes.collect()
    };
    assert_eq!(
        say([0xA4, 0x00, 0x20, 0, 0x7F, 0, 0, 0]),
        [[0xC6, 0x00, 0x20, 0, 9, 0, 0, 0]]
    );
    let first = [0x01, b'1', b'2', b'3', b'4', b'5', b'6', b'7'];
    let last = [0x82, b'8', b'9', 0, 0, 0, 0, 0];
    assert_eq!(say([0xA3, 0, 0, 0, 0, 0, 0, 0]), [first, last]);
    assert_eq!(
        say([0xA2, 1, 0x7F, 0, 0, 0, 0, 0]),
        [[0x81, b'8', b'9', 0, 0, 0, 0, 0]],
        "again"
    );
    assert_eq!(
        say([0xA2, 1, 0x7F, 0, 0, 0, 0, 0]),
        [[0xD5, 0xC3, 0x31, 0, 0, 0, 0, 0]]
    );
    assert!(say([0xA1, 0, 0, 0, 0, 0, 0, 0]).is_empty());
    // no checksum wanted: none is given
    assert_eq!(
        say([0xA0, 0x00, 0x20, 0, 0x7F, 0, 0, 0]),
        [[0xC2, 0x00, 0x20, 0, 9, 0, 0, 0]]
    );
    say([0xA3, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(
        say([0xA2, 2, 0x7F, 0, 0, 0, 0, 0]),
        [[0xD5, 0, 0, 0, 0, 0, 0, 0]]
    );

    assert_eq!(
        say([0xC6, 0x00, 0x20, 0, 9, 0, 0, 0]),
        [[0xA4, 0x00, 0x20, 0, 0x7F, 0, 0, 0]]
    );
    assert!(say(first).is_empty());
    assert_eq!(say(last), [[0xA2, 2, 0x7F, 0, 0, 0, 0, 0]]);
    let wrong = say([0xC1 | 5 << 2, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(
        wrong,
        [[0x80, 0x00, 0x20, 0, 0x04, 0x00, 0x04, 0x05]],
        "a checksum of 0"
    );
}

/// Both directions, every size about the borders of segments and blocks; what is lost comes again.
#[test]
fn what_goes_down_in_blocks_comes_up_again_though_segments_are_lost() {
    for (size, lose) in [
        (0, 0),
        (1, 0),
        (7, 0),
        (8, 0),
        (888, 0),
        (889, 0),
        (890, 5),
        (10_000, 11),
    ] {
        let content: Vec<u8> = (0..size).map(|n: u32| (n % 251) as u8).collect();
        let (mut server, mut one) = (Server::new(node()), One(Vec::new()));
        let mut frames = 0;
        let mut lost = |frame: &CobFrame| {
            frames += 1;
            // the end of a block is never lost: nobody would answer
            let ends = matches!(frame.data()[0] & 0x7F, 0 | 127) || frame.data()[0] & 0x80 != 0;
            lose > 0 && frames % lose == 3 && frames < 2000 && !ends
        };
        let (mut down, ask) = Client::download_in_blocks(node(), 0x2000, 0, &content);
        let mut answers = server.on(&ask, &mut one);
        let done = loop {
            let answer = answers.pop().expect("an answer");
            match down.on(&answer) {
                Step::Send(frame) => answers = server.on(&frame, &mut one),
                Step::SendAll(block) => {
                    for frame in block.iter().filter(|frame| !lost(frame)) {
                        answers.extend(server.on(frame, &mut one));
                    }
                }
                end => break end,
            }
        };
        assert_eq!(
            (done, &one.0),
            (Step::Done(Vec::new(), None), &content),
            "{size}"
        );

        let (mut up, ask) = Client::upload_in_blocks(node(), 0x2000, 0);
        let (mut said, mut whole) = (vec![ask], None);
        while let Some(ask) = said.pop() {
            let mut answers = server.on(&ask, &mut one);
            answers.retain(|frame| ask.data()[0] & 0xE3 == 0xA0 || !lost(frame));
            for answer in answers {
                match up.on(&answer) {
                    Step::Send(next) => said.push(next),
                    Step::Wait => (),
                    Step::Done(data, Some(taken)) => {
                        said.push(taken);
                        whole = Some(data);
                    }
                    other => panic!("{size}: {other:?}"),
                }
            }
        }
        assert_eq!(whole.as_ref(), Some(&content), "{size}");
    }
}

#[test]
fn a_block_of_an_object_that_is_not_there_and_of_no_size_is_aborted() {
    let (mut server, mut one) = (Server::new(node()), One(Vec::new()));
    let (mut up, mut ask) = Client::upload_in_blocks(node(), 0x3000, 0);
    let end = loop {
        let answer = server.on(&ask, &mut one).remove(0);
        match up.on(&answer) {
            Step::Send(next) => ask = next,
            end => break end,
        }
    };
    assert_eq!(end, Step::Failed(Failure::ByNode(Abort::NO_OBJECT), None));
    let empty = server.on(&asked([0xA4, 0x00, 0x20, 0, 0, 0, 0, 0]), &mut one);
    assert_eq!(
        empty[0].data()[4..],
        [0x02, 0x00, 0x04, 0x05],
        "invalid block size"
    );
}
