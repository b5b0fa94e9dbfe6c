//! Vectors: vendor manuals (Robotiq 2F, Waveshare relay) with checksums by pymodbus 3.16.1, and the
//! worked examples of the Modbus Application Protocol V1.1b3, section 6.

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::noise::{Noise, Why};

/// Waveshare relay: channel 0 on.
const RELAY_ON: [u8; 8] = [
    0x01, // unit
    0x05, // write single coil
    0x00, 0x00, // coil 0
    0xFF, 0x00, // on
    0x8C, 0x3A, // crc, low byte first
];

/// Waveshare relay box: read eight digital inputs.
const READ_INPUTS: [u8; 8] = [
    0x01, // unit
    0x02, // read discrete inputs
    0x00, 0x00, // from 0
    0x00, 0x08, // eight
    0x79, 0xCC, // crc
];

/// Robotiq 2F: activate.
const ACTIVATE: [u8; 15] = [
    0x09, // unit
    0x10, // write registers
    0x03, 0xE8, // from 1000
    0x00, 0x03, // three
    0x06, // six bytes
    0x01, 0x00, 0x00, 0x00, 0x00, 0x00, // rACT = 1
    0x72, 0xE1, // crc
];

/// Robotiq 2F: read status, functions 03 and 04.
const READ_STATUS_03: [u8; 8] = [0x09, 0x03, 0x07, 0xD0, 0x00, 0x03, 0x04, 0x0E];
const READ_STATUS_04: [u8; 8] = [0x09, 0x04, 0x07, 0xD0, 0x00, 0x03, 0xB1, 0xCE];

fn read(table: Table, start: u16, count: u16) -> Request {
    Request::Read {
        table,
        start,
        count,
    }
}

fn heard(bytes: &[u8]) -> Vec<Result<Heard, Noise>> {
    let mut decoder = RequestDecoder::default();
    decoder.push(bytes);
    decoder.silence();
    std::iter::from_fn(|| decoder.next()).collect()
}

fn answers(unit: u8, request: &Request, bytes: &[u8]) -> Vec<Result<Reply, Noise>> {
    let mut decoder = ReplyDecoder::new(unit, request.clone());
    decoder.push(bytes);
    std::iter::from_fn(|| decoder.next()).collect()
}

#[test]
fn requests_are_the_manuals_bytes() {
    assert_eq!(
        Request::WriteCoil {
            address: 0,
            on: true
        }
        .encode(1)
        .unwrap(),
        RELAY_ON
    );
    assert_eq!(
        read(Table::DiscreteInputs, 0, 8).encode(1).unwrap(),
        READ_INPUTS
    );
    assert_eq!(
        read(Table::HoldingRegisters, 2000, 3).encode(9).unwrap(),
        READ_STATUS_03
    );
    assert_eq!(
        read(Table::InputRegisters, 2000, 3).encode(9).unwrap(),
        READ_STATUS_04
    );
    let activate = Request::WriteRegisters {
        start: 1000,
        values: vec![0x0100, 0, 0],
    };
    assert_eq!(activate.encode(9).unwrap(), ACTIVATE);
}

#[test]
fn a_server_hears_what_a_client_asked() {
    for frame in [
        &RELAY_ON[..],
        &READ_INPUTS,
        &ACTIVATE,
        &READ_STATUS_03,
        &READ_STATUS_04,
    ] {
        let heard = heard(frame);
        let [
            Ok(Heard {
                unit,
                request: Ok(request),
                ..
            }),
        ] = heard.as_slice()
        else {
            panic!("{heard:?}");
        };
        assert_eq!(request.encode(*unit).unwrap(), frame);
    }
}

/// Section 6.1: coils 20 to 38 read as CD 6B 05. Section 6.11: ten coils from 20 written as CD 01.
#[test]
fn bits_are_packed_lowest_first() {
    let coils = read(Table::Coils, 19, 19);
    let bits: Vec<bool> = [
        1, 0, 1, 1, 0, 0, 1, 1, // CD, coils 27 to 20
        1, 1, 0, 1, 0, 1, 1, 0, // 6B, coils 35 to 28
        1, 0, 1, // 05, coils 38 to 36
    ]
    .map(|bit| bit == 1)
    .to_vec();
    let frame = Reply::Bits(bits.clone()).encode(1, &coils);
    assert_eq!(frame[..6], [0x01, 0x01, 0x03, 0xCD, 0x6B, 0x05]);
    assert_eq!(answers(1, &coils, &frame), [Ok(Reply::Bits(bits))]);

    let ten = [1, 0, 1, 1, 0, 0, 1, 1, 1, 0].map(|bit| bit == 1).to_vec();
    let write = Request::WriteCoils {
        start: 19,
        values: ten,
    }
    .encode(1)
    .unwrap();
    assert_eq!(
        write[..9],
        [0x01, 0x0F, 0x00, 0x13, 0x00, 0x0A, 0x02, 0xCD, 0x01]
    );
}

#[test]
fn an_answer_of_another_register_count_unit_or_function_is_noise() {
    let asked = read(Table::HoldingRegisters, 2001, 1);
    let why = |unit, request: &Request, reply: Reply| {
        let answers = answers(9, &asked, &reply.encode(unit, request));
        answers
            .into_iter()
            .map(|answer| answer.map_err(|noise| noise.why))
            .next()
    };
    let three = Reply::Registers(vec![1, 2, 3]);
    assert_eq!(
        why(9, &read(Table::HoldingRegisters, 0, 3), three),
        Some(Err(Why::Length))
    );
    let one = Reply::Registers(vec![1]);
    assert_eq!(why(8, &asked, one.clone()), Some(Err(Why::Address)));
    assert_eq!(
        why(9, &read(Table::InputRegisters, 2001, 1), one.clone()),
        Some(Err(Why::Function))
    );
    assert_eq!(why(9, &asked, one.clone()), Some(Ok(one)));
}

#[test]
fn a_write_is_answered_by_its_own_echo_only() {
    let on = Request::WriteCoil {
        address: 0,
        on: true,
    };
    assert_eq!(answers(1, &on, &RELAY_ON), [Ok(Reply::Written)]);
    let off = Request::WriteCoil {
        address: 0,
        on: false,
    };
    let late = answers(1, &off, &RELAY_ON);
    assert!(
        matches!(late.first(), Some(Err(Noise { why: Why::Echo, .. }))),
        "{late:?}"
    );
}

/// Section 7: an exception is the function with its top bit set and a code.
#[test]
fn an_exception_keeps_its_name() {
    let asked = read(Table::Coils, 0x04A1, 1);
    let frame = Exception::IllegalDataAddress.encode(0x0A, asked.function());
    assert_eq!(frame[..3], [0x0A, 0x81, 0x02]);
    let answer = answers(0x0A, &asked, &frame);
    assert_eq!(
        answer,
        [Ok(Reply::Exception(Exception::IllegalDataAddress))]
    );
    assert_eq!(
        Exception::from(2).to_string(),
        "exception 02, illegal data address"
    );
}

#[test]
fn a_server_says_which_exception_a_bad_request_earns() {
    let toggle = rtu::seal(vec![1, 0x05, 0, 0, 0x55, 0x00]);
    let none = rtu::seal(vec![1, 0x03, 0, 0, 0, 0]);
    let unknown = rtu::seal(vec![1, 0x2B, 0x0E, 0x01, 0x00]);
    let earns = |frame: &[u8]| match heard(frame).as_slice() {
        [
            Ok(Heard {
                request: Err(exception),
                ..
            }),
        ] => *exception,
        other => panic!("{other:?}"),
    };
    assert_eq!(earns(&toggle), Exception::IllegalDataValue);
    assert_eq!(earns(&none), Exception::IllegalDataValue);
    assert_eq!(earns(&unknown), Exception::IllegalFunction);
}

#[test]
fn an_incomplete_frame_is_awaited_until_the_line_is_silent() {
    let mut decoder = RequestDecoder::default();
    decoder.push(&ACTIVATE[..9]);
    assert_eq!(decoder.next(), None);
    decoder.push(&ACTIVATE[9..]);
    assert!(matches!(decoder.next(), Some(Ok(_))));
    decoder.push(&ACTIVATE[..9]);
    decoder.silence();
    assert!(matches!(
        decoder.next(),
        Some(Err(Noise {
            why: Why::Incomplete,
            ..
        }))
    ));
}

#[test]
fn a_noisy_frame_is_no_answer() {
    let asked = read(Table::DiscreteInputs, 0, 8);
    let mut frame = Reply::Bits(vec![true; 8]).encode(1, &asked);
    frame[3] ^= 0x01; // one input changed on the way
    let answers = answers(1, &asked, &frame);
    assert!(
        matches!(
            answers.first(),
            Some(Err(Noise {
                why: Why::Checksum,
                ..
            }))
        ),
        "{answers:?}"
    );
    assert!(answers.iter().all(Result::is_err));
}

#[test]
fn the_silence_between_frames_follows_the_baud_rate() {
    assert_eq!(silent_interval(115_200), Duration::from_micros(1750));
    assert_eq!(silent_interval(9600).as_micros(), 4010); // 3.5 * 11 bits / 9600
    assert!(silent_interval(0) > Duration::from_secs(1));
}

fn any_request() -> impl Strategy<Value = Request> {
    let table = prop::sample::select(vec![
        Table::Coils,
        Table::DiscreteInputs,
        Table::HoldingRegisters,
        Table::InputRegisters,
    ]);
    prop_oneof![
        (table, any::<u16>(), 1u16..=MOST_REGISTERS_READ).prop_map(|(t, s, n)| read(t, s, n)),
        (any::<u16>(), any::<bool>()).prop_map(|(address, on)| Request::WriteCoil { address, on }),
        (any::<u16>(), any::<u16>())
            .prop_map(|(address, value)| Request::WriteRegister { address, value }),
        (any::<u16>(), prop::collection::vec(any::<bool>(), 1..100))
            .prop_map(|(start, values)| Request::WriteCoils { start, values }),
        (any::<u16>(), prop::collection::vec(any::<u16>(), 1..123))
            .prop_map(|(start, values)| Request::WriteRegisters { start, values }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn requests_round_trip(unit: u8, request in any_request()) {
        let frame = request.encode(unit).unwrap();
        let function = request.function();
        prop_assert_eq!(heard(&frame), [Ok(Heard { unit, function, request: Ok(request) })]);
    }

    #[test]
    fn replies_round_trip(unit: u8, request in any_request(), seed: u16) {
        let reply = match &request {
            Request::Read { table, count, .. } if table.is_bits() => {
                Reply::Bits((0..*count).map(|i| (seed ^ i) % 3 == 0).collect())
            }
            Request::Read { count, .. } => Reply::Registers((0..*count).map(|i| seed ^ i).collect()),
            _ => Reply::Written,
        };
        let frame = reply.encode(unit, &request);
        prop_assert_eq!(answers(unit, &request, &frame), [Ok(reply)]);
    }

    #[test]
    fn arbitrary_bytes_never_panic_and_after_silence_a_request_is_heard(noise: Vec<u8>) {
        let mut decoder = RequestDecoder::default();
        decoder.push(&noise);
        decoder.silence();
        while decoder.next().is_some() {}
        decoder.push(&RELAY_ON);
        prop_assert!(matches!(decoder.next(), Some(Ok(_))));
    }

    #[test]
    fn arbitrary_bytes_are_never_taken_for_an_answer(noise: Vec<u8>, request in any_request()) {
        for answer in answers(1, &request, &noise) {
            prop_assert!(answer.is_err());
        }
    }
}

/// Frames of pymodbus 3.16.1 (`FramerSocket`, `FramerRTU`): the same question and answer over a connection and on
/// a line.
#[test]
fn a_frame_is_dressed_for_a_connection_and_undressed_again() {
    let line = [0x01, 0x03, 0x06, 0x0A, 0x00, 0x06, 0xE5, 0x42];
    let tcp = [0x12, 0x34, 0, 0, 0, 6, 0x01, 0x03, 0x06, 0x0A, 0x00, 0x06];
    assert_eq!(to_tcp(0x1234, &line), tcp);
    let answer = [0x12, 0x34, 0, 0, 0, 7, 0x01, 0x03, 0x04, 0x03, 0xE8, 0, 0];
    let as_on_a_line = vec![0x01, 0x03, 0x04, 0x03, 0xE8, 0, 0, 0x7A, 0x43];
    let mut incoming = FromTcp::default();
    // in pieces, and two of them in one
    incoming.push(&answer[..5]);
    assert_eq!(incoming.next(), None);
    incoming.push(&[&answer[5..], &answer[..]].concat());
    for _ in 0..2 {
        assert_eq!(incoming.next(), Some(Ok((0x1234, as_on_a_line.clone()))));
    }
    assert_eq!(incoming.next(), None);
}

#[test]
fn what_is_no_frame_of_a_connection_is_noise() {
    let mut incoming = FromTcp::default();
    incoming.push(&[0, 1, 0, 7, 0, 6]); // another protocol
    assert!(matches!(incoming.next(), Some(Err(_))));
    let mut incoming = FromTcp::default();
    incoming.push(&[0, 1, 0, 0, 0xFF, 0xFF, 1]); // longer than any frame
    assert!(matches!(incoming.next(), Some(Err(_))));
    assert_eq!(to_tcp(1, &[]), [0, 1, 0, 0, 0, 0]);
}
