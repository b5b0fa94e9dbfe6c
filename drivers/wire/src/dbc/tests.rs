use proptest::prelude::*;

use super::*;

/// Statements in the form of Vector's documentation of the format, with a unit that is not ASCII, a
/// comment over two lines that looks like a message, and the lists that tools write at the top.
const FILE: &str = r#"VERSION "1.0"

NS_ :
	NS_DESC_
	CM_
	SIG_VALTYPE_
	BO_TX_BU_

BS_:

BU_: Cell Host

BO_ 416 LoadCell: 8 Cell
 SG_ Force : 0|32@1- (0.001,0) [-2000|2000] "N" Host
 SG_ Temperature : 39|8@0+ (0.5,-40) [-40|87.5] "°C" Host
 SG_ Counter : 40|4@1+ (1,0) [0|0] "" Host, Other

BO_ 2566834709 Motor: 8 Cell
 SG_ Page M : 0|8@1+ (1,0) [0|0] "" Host
 SG_ Speed m0 : 8|16@1- (0.1,0) [0|0] "rpm" Host
 SG_ Current m1 : 8|32@1- (1,0) [0|0] "A" Host

BO_ 3 Deep: 8 Cell
 SG_ A M : 0|8@1+ (1,0) [0|0] "" Host
 SG_ B m1M : 8|8@1+ (1,0) [0|0] "" Host
 SG_ C : 16|8@1+ (1,0) [0|0] "" Host

BO_ 3221225472 VECTOR__INDEPENDENT_SIG_MSG: 0 Vector__XXX
 SG_ Nowhere : 0|8@1+ (1,0) [0|0] "" Vector__XXX

CM_ BO_ 416 "first line; and
BO_ 417 Not: 8 Cell, said \"so\"";
BA_DEF_ BO_ "GenMsgCycleTime" INT 0 65535;
BA_ "GenMsgCycleTime" BO_ 416 10;
SIG_VALTYPE_ 2566834709 Current : 1;
"#;

fn file() -> Database {
    Database::read(FILE).expect("a database")
}

fn value(database: &Database, name: &str, data: &[u8]) -> Option<f64> {
    let (message, signal) = database.signal(name).expect("a signal");
    let raw = message.decode(signal, data).expect("long enough");
    raw.map(|raw| signal.physical(raw))
}

#[test]
fn a_load_cell_is_read_as_its_file_says() {
    let file = file();
    let names: Vec<&str> = file.messages.iter().map(|m| m.name.as_str()).collect();
    assert_eq!(names, ["LoadCell", "Motor", "Deep"]);
    // -12.345 N little-endian, 25 degrees as 130 halves above -40, counter 5
    let data = [0xC7, 0xCF, 0xFF, 0xFF, 0x82, 0x05, 0, 0];
    let force = value(&file, "LoadCell.Force", &data).unwrap();
    assert!((force + 12.345).abs() < 1e-9);
    assert_eq!(value(&file, "LoadCell.Temperature", &data), Some(25.0));
    assert_eq!(value(&file, "LoadCell.Counter", &data), Some(5.0));
    let (_, temperature) = file.signal("LoadCell.Temperature").unwrap();
    assert_eq!(temperature.unit, "°C");
    assert!(temperature.in_range(87.5) && !temperature.in_range(88.0));
}

#[test]
fn a_multiplexed_signal_is_only_in_the_frames_that_select_it() {
    let file = file();
    let (motor, _) = file.signal("Motor.Page").unwrap();
    assert_eq!((motor.id, motor.extended), (0x18FE_CA15, true));
    let page0 = [0, 0x18, 0xFC, 0, 0, 0, 0, 0]; // -1000 tenths
    assert_eq!(value(&file, "Motor.Speed", &page0), Some(-100.0));
    assert_eq!(value(&file, "Motor.Current", &page0), None);
    let page1 = [1, 0, 0, 0xC0, 0x3F, 0, 0, 0]; // 1.5 as a float of 32 bits
    assert_eq!(value(&file, "Motor.Current", &page1), Some(1.5));
    assert_eq!(value(&file, "Motor.Speed", &page1), None);
}

#[test]
fn multiplexing_that_is_not_decoded_is_refused_by_name() {
    let file = file();
    let refused = file.signal("Deep.B").unwrap_err().to_string();
    assert!(refused.contains("multiplexed itself"), "{refused}");
    assert!(file.signal("Deep.C").is_ok(), "it is in every frame");
    let ranges = FILE.replace(
        "SIG_VALTYPE_ 2566834709 Current : 1;",
        "SG_MUL_VAL_ 2566834709 Current Page 1-3, 5-5;",
    );
    let refused = Database::read(&ranges).unwrap();
    let refused = refused.signal("Motor.Current").unwrap_err().to_string();
    assert!(refused.contains("SG_MUL_VAL_"), "{refused}");
}

#[test]
fn what_is_not_there_says_what_is() {
    let file = file();
    for (name, says) in [
        ("LoadCell", "`Message.Signal`"),
        ("Cell.Force", "no message `Cell`"),
        ("LoadCell.Froce", "it has Force, Temperature, Counter"),
    ] {
        let e = file.signal(name).unwrap_err().to_string();
        assert!(e.contains(says), "{e}");
    }
}

#[test]
fn a_file_that_cannot_be_says_where() {
    for (text, line, says) in [
        ("hello", 1, "is it a DBC file?"),
        (
            "BO_ 5 A: 8 X\n SG_ S : 60|8@1+ (1,0) [0|0] \"\" Y",
            2,
            "reaches into byte 9",
        ),
        (
            "BO_ 5 A: 8 X\n SG_ S : 7|65@0+ (1,0) [0|0] \"\" Y",
            2,
            "65 bits",
        ),
        (
            "BO_ 5 A: 8 X\n\n SG_ S : 0|8@1 (1,0) [0|0] \"\" Y",
            3,
            "neither + nor -",
        ),
        ("BO_ 4000 A: 8 X\n", 1, "which no frame has"),
        (
            "SG_ S : 0|8@1+ (1,0) [0|0] \"\" Y",
            1,
            "before the first message",
        ),
        ("VERSION \"open", 1, "without an end"),
    ] {
        let e = Database::read(text).unwrap_err();
        assert!(
            e.to_string().contains(says) && e.line == line,
            "{text}: {e}"
        );
    }
}

#[test]
fn a_frame_that_ends_early_has_no_value() {
    let file = file();
    let (message, force) = file.signal("LoadCell.Force").unwrap();
    let short = message.decode(force, &[1, 2, 3]).unwrap_err();
    assert_eq!((short.has, short.needs), (3, 4));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn arbitrary_text_never_panics(noise: String, cut in 0usize..1200) {
        let cut = FILE.char_indices().nth(cut).map_or(FILE.len(), |(i, _)| i);
        let text = format!("{}{noise}{}", &FILE[..cut], &FILE[cut..]);
        if let Ok(file) = Database::read(&text) {
            for message in &file.messages {
                for signal in &message.signals {
                    let _ = message.decode(signal, noise.as_bytes());
                }
            }
        }
    }
}
