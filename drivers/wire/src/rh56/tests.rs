//! Vectors: user manual V1.09 as encoded by pyrh56 0.4.0.

use proptest::prelude::*;

use super::*;
use crate::noise::{Noise, Why};

/// ANGLE_SET 100, 200, ... 600 on hand 1.
const WRITE_ANGLES: [u8; 20] = [
    0xEB, 0x90, // header, host to hand
    0x01, // hand
    0x0F, // length: command to last data byte
    0x12, // write
    0xCE, 0x05, // address 1486
    0x64, 0x00, // little 100
    0xC8, 0x00, // ring 200
    0x2C, 0x01, // middle 300
    0x90, 0x01, // index 400
    0xF4, 0x01, // thumb bend 500
    0x58, 0x02, // thumb rotate 600
    0x2E, // sum from hand on
];

/// Five fingers left alone, the thumb rotated to 500.
const WRITE_ONE_ANGLE: [u8; 20] = [
    0xEB, 0x90, // header
    0x01, 0x0F, 0x12, // hand, length, write
    0xCE, 0x05, // address 1486
    0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, // five times -1
    0xF4, 0x01, // 500
    0xE0, // sum
];

/// Read ANGLE_ACT.
const READ_ANGLES: [u8; 9] = [
    0xEB, 0x90, // header
    0x01, // hand
    0x04, // length
    0x11, // read
    0x0A, 0x06, // address 1546
    0x0C, // twelve bytes
    0x32, // sum
];

/// The hand took a write to ANGLE_SET: header reversed, result 1 (manual, section 2.1 of the protocol).
const WRITTEN: [u8; 9] = [
    0x90, 0xEB, // header, hand to host
    0x01, // hand
    0x04, // length
    0x12, // write
    0xCE, 0x05, // address 1486
    0x01, // taken
    0xEB, // sum
];

fn decode_all<M: stream::Message>(bytes: &[u8]) -> Vec<Result<M, Noise>> {
    let mut decoder = Decoder::<M>::default();
    decoder.push(bytes);
    std::iter::from_fn(|| decoder.next()).collect()
}

#[test]
fn requests_are_the_manuals_bytes() {
    let angles = encode_six([100, 200, 300, 400, 500, 600].map(RawAngle));
    let write = register::ANGLE_SET.write(1, &angles).unwrap();
    assert_eq!(write.encode().unwrap(), WRITE_ANGLES);

    let mut one = [RawAngle::LEAVE; 6];
    one[5] = RawAngle(500);
    let write = register::ANGLE_SET.write(1, &encode_six(one)).unwrap();
    assert_eq!(write.encode().unwrap(), WRITE_ONE_ANGLE);

    assert_eq!(register::ANGLE_ACT.read(1).encode().unwrap(), READ_ANGLES);
}

#[test]
fn short_requests_are_the_manuals_bytes() {
    let read = |register: Register| register.read(1).encode().unwrap();
    let act = |register: Register| register.write(1, &[1]).unwrap().encode().unwrap();
    assert_eq!(
        read(register::FORCE_ACT),
        [0xEB, 0x90, 0x01, 0x04, 0x11, 0x2E, 0x06, 0x0C, 0x56]
    );
    assert_eq!(
        read(register::STATUS),
        [0xEB, 0x90, 0x01, 0x04, 0x11, 0x4C, 0x06, 0x06, 0x6E]
    );
    assert_eq!(
        act(register::CLEAR_ERROR),
        [0xEB, 0x90, 0x01, 0x04, 0x12, 0xEC, 0x03, 0x01, 0x07]
    );
    assert_eq!(
        act(register::GESTURE_FORCE_CLB),
        [0xEB, 0x90, 0x01, 0x04, 0x12, 0xF1, 0x03, 0x01, 0x0C]
    );
}

#[test]
fn a_hand_reads_what_the_host_wrote() {
    let heard = decode_all::<Request>(&WRITE_ONE_ANGLE);
    let [
        Ok(Request::Write {
            hand: 1,
            address: 1486,
            data,
        }),
    ] = heard.as_slice()
    else {
        panic!("{heard:?}");
    };
    let angles: [RawAngle; 6] = decode_six(data).unwrap();
    assert_eq!(angles, [-1, -1, -1, -1, -1, 500].map(RawAngle));
}

#[test]
fn the_answer_has_its_header_reversed() {
    let reply = Reply::Written {
        hand: 1,
        address: 1486,
        result: 1,
    };
    assert_eq!(reply.encode().unwrap(), WRITTEN);
    assert_eq!(decode_all::<Reply>(&WRITTEN), [Ok(reply)]);
    let own_echo = decode_all::<Reply>(&WRITE_ANGLES);
    assert!(
        own_echo.iter().all(Result::is_err),
        "a host's own request is no answer: {own_echo:?}"
    );
}

#[test]
fn an_answer_must_fit_its_request() {
    let request = register::ANGLE_ACT.read(1);
    let data = |address, n| Reply::Data {
        hand: 1,
        address,
        data: vec![0; n],
    };
    assert!(request.is_answered_by(&data(1546, 12)));
    assert!(!request.is_answered_by(&data(1582, 12)), "another register");
    assert!(!request.is_answered_by(&data(1546, 6)), "another length");
    assert!(!request.is_answered_by(&Reply::Written {
        hand: 1,
        address: 1546,
        result: 1
    }));
}

#[test]
fn an_incomplete_frame_is_awaited_until_the_line_is_silent() {
    let mut decoder = ReplyDecoder::default();
    decoder.push(&WRITTEN[..6]);
    assert_eq!(decoder.next(), None);
    decoder.push(&WRITTEN[6..]);
    assert!(matches!(decoder.next(), Some(Ok(_))));

    decoder.push(&WRITTEN[..6]);
    decoder.silence();
    let Some(Err(noise)) = decoder.next() else {
        panic!("an incomplete frame is noise")
    };
    assert_eq!(
        noise,
        Noise {
            why: Why::Incomplete,
            bytes: WRITTEN[..6].to_vec()
        }
    );
}

#[test]
fn noise_costs_only_the_frame_it_hit() {
    let mut line = vec![0x00, 0x90, 0xEB, 0x90]; // something before it, with half a header
    line.extend(WRITTEN);
    let mut hit = WRITTEN;
    hit[7] ^= 0x40; // one bit of the result
    line.extend(hit);
    line.extend(WRITTEN);
    let good = decode_all::<Reply>(&line).into_iter().flatten().count();
    assert_eq!(good, 2);
}

#[test]
fn error_bits_and_status_have_the_manuals_names() {
    let bits = ErrorBits(ErrorBits::STALL | ErrorBits::OVER_TEMPERATURE);
    assert_eq!(
        bits.names().collect::<Vec<_>>(),
        ["stall", "over-temperature"]
    );
    assert_eq!(Status::from(3), Status::ForceReached);
    assert_eq!(Status::from(4), Status::Unknown(4));
}

#[test]
fn registers_do_not_overlap_and_are_sorted() {
    for pair in register::ALL.windows(2) {
        assert!(
            pair[0].address + u16::from(pair[0].bytes) <= pair[1].address,
            "{pair:?}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn requests_round_trip(hand: u8, address: u16, data in prop::collection::vec(any::<u8>(), 1..253)) {
        for request in [
            Request::Read { hand, address, count: data[0] },
            Request::Write { hand, address, data: data.clone() },
        ] {
            prop_assert_eq!(decode_all::<Request>(&request.encode().unwrap()), [Ok(request)]);
        }
    }

    #[test]
    fn replies_round_trip(hand: u8, address: u16, data in prop::collection::vec(any::<u8>(), 1..253)) {
        for reply in [
            Reply::Written { hand, address, result: data[0] },
            Reply::Data { hand, address, data: data.clone() },
        ] {
            prop_assert_eq!(decode_all::<Reply>(&reply.encode().unwrap()), [Ok(reply)]);
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic_and_after_silence_a_frame_is_found(noise: Vec<u8>) {
        let mut decoder = ReplyDecoder::default();
        decoder.push(&noise);
        decoder.silence();
        while decoder.next().is_some() {}
        decoder.push(&WRITTEN);
        prop_assert!(matches!(decoder.next(), Some(Ok(_))));
    }

    #[test]
    fn noise_before_a_stream_of_frames_is_left_behind(noise in prop::collection::vec(any::<u8>(), 0..40)) {
        let mut line = noise;
        line.extend(WRITTEN.repeat(40)); // longer than the longest frame that noise can promise
        prop_assert!(matches!(decode_all::<Reply>(&line).last(), Some(Ok(_))));
    }

    #[test]
    fn too_much_data_is_refused_not_cut(length in 253usize..400) {
        let request = Request::Write { hand: 1, address: 0, data: vec![0; length] };
        prop_assert!(request.encode().is_err());
    }
}
