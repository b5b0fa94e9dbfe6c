//! CAN frames as values.

use certbench_link::{BadFrame, CanFrame};
use proptest::prelude::*;

#[test]
fn frames_read_and_print_as_in_can_utils() {
    // Notation of candump -L and cansend (can-utils manual pages).
    for text in [
        "123#DEADBEEF",
        "00000123#DEADBEEF",
        "5A1#",
        "7FF#R",
        "12345678#R8",
        "123##1AABBCC",
        "123##0",
        "20000004#0020000000000000",
    ] {
        assert_eq!(text.parse::<CanFrame>().unwrap().to_string(), text);
    }
    for text in [
        "",
        "123",
        "#",
        "12#00",
        "1234#00",
        "123#0",
        "123#GG",
        "800#00",
        "123#R9",
        "123##",
        "123##g00",
        "123#+1",
        "123#001122334455667788",
    ] {
        assert!(text.parse::<CanFrame>().is_err(), "{text}");
    }
}

#[test]
fn a_frame_cannot_be_malformed() {
    assert_eq!(CanFrame::standard(0x800, &[]), Err(BadFrame::Id(0x800, 11)));
    assert_eq!(
        CanFrame::extended(0x2000_0000, &[]),
        Err(BadFrame::Id(0x2000_0000, 29))
    );
    assert_eq!(
        CanFrame::standard(1, &[0; 9]),
        Err(BadFrame::Length(9, "classic CAN"))
    );
    assert_eq!(
        CanFrame::fd(1, false, true, &[0; 9]),
        Err(BadFrame::Length(9, "CAN FD"))
    );
    assert_eq!(
        CanFrame::fd(1, false, true, &[0; 65]),
        Err(BadFrame::Length(65, "CAN FD"))
    );
    assert_eq!(
        CanFrame::remote(1, false, 9),
        Err(BadFrame::Length(9, "remote"))
    );
    assert!(CanFrame::fd(1, false, true, &[0; 64]).is_ok());
    let remote = CanFrame::remote(0x701, false, 1).unwrap();
    assert_eq!((remote.len(), remote.data(), remote.dlc()), (1, &[][..], 1));
}

#[test]
fn data_length_codes_are_those_of_iso_11898() {
    let lengths: Vec<_> = (0..=16).map(|dlc| CanFrame::length_of(dlc, true)).collect();
    let expected = [0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 20, 24, 32, 48, 64].map(Some);
    assert_eq!(lengths[..16], expected);
    assert_eq!(lengths[16], None);
    assert_eq!(CanFrame::length_of(15, false), Some(8));
    for (dlc, len) in expected.iter().enumerate() {
        let frame = CanFrame::fd(1, true, false, &vec![0; len.unwrap()]).unwrap();
        assert_eq!(usize::from(frame.dlc()), dlc);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_text_is_a_frame_or_an_error(text in "\\PC{0,40}|[0-9A-FR#]{0,30}") {
        if let Ok(frame) = text.parse::<CanFrame>() {
            prop_assert_eq!(frame.to_string().parse::<CanFrame>().unwrap(), frame);
        }
    }
}
