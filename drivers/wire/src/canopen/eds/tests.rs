use super::*;

/// The examples of CiA 306-1: a record with parts, an expression of the node, a compact array.
const BOX: &str = "\
; an input and output box
[DeviceInfo]
VendorName=Nobody
VendorNumber=0x53494D
ProductName=IO-8
ProductNumber=401
[1000]
ParameterName=Device type
ObjectType=0x7
DataType=0x0007
AccessType=ro
DefaultValue=0x00030191
PDOMapping=0

[1800]
ParameterName=Transmit PDO 1
ObjectType=0x9
SubNumber=3
[1800sub0]
ParameterName=Highest sub-index
DataType=0x0005
AccessType=const
DefaultValue=2
[1800sub1]
ParameterName=COB-ID
DataType=0x0007
AccessType=rw
DefaultValue=$NODEID+0x180
[1800sub2]
ParameterName=Transmission type
DataType=0x0005
AccessType=rw
DefaultValue=255
ParameterValue=1
[1A00]
ParameterName=Mapping
ObjectType=0x8
[1A00sub0]
ParameterName=Number
DataType=0x0005
AccessType=rw
DefaultValue=1
[1A00sub1]
ParameterName=First
DataType=0x0007
AccessType=rw
DefaultValue=0x60000108
[6000]
ParameterName=Read inputs
ObjectType=0x8
DataType=0x0005
AccessType=ro
PDOMapping=1
CompactSubObj=2
[6000Value]
NrOfEntries=1
2=0x0F
[1008]
ParameterName=Name
DataType=0x0009
AccessType=const
DefaultValue=a box
";

fn node(number: u8) -> NodeId {
    NodeId::new(number).unwrap()
}

#[test]
fn a_makers_file_says_what_the_dictionary_has() {
    let eds = Eds::read(BOX).unwrap();
    assert_eq!((eds.vendor, eds.product), (0x0053_494D, 401));
    assert_eq!(eds.product_name.as_deref(), Some("IO-8"));
    assert_eq!(eds.number(0x1000, 0, node(5)), Some(0x0003_0191));
    assert_eq!(eds.number(0x1800, 1, node(5)), Some(0x185));
    assert_eq!(eds.number(0x6000, 0, node(5)), Some(2));
    assert_eq!(eds.number(0x6000, 2, node(5)), Some(0x0F));
    assert!(eds.entries[&(0x6000, 1)].mappable && !eds.entries[&(0x6000, 1)].writable);
    assert_eq!(eds.entries[&(0x1008, 0)].kind, DataType::Other(9));
    assert_eq!(eds.number(0x1008, 0, node(5)), None, "a text is no number");
    let inputs = Mapping {
        index: 0x6000,
        sub: 1,
        bits: 8,
    };
    assert_eq!(eds.tpdo(1, node(5)), Some(vec![inputs]));
    assert_eq!(eds.tpdo(2, node(5)), None);
}

/// Its bytes, and the line of the value.
fn configured(text: &str, number: u8) -> Vec<(u16, u8, usize, Vec<u8>)> {
    let eds = Eds::read(text).unwrap();
    let settings = eds.configuration(node(number)).unwrap();
    settings
        .into_iter()
        .map(|setting| (setting.index, setting.sub, setting.line, setting.data))
        .collect()
}

#[test]
fn a_configuration_is_what_may_be_written_and_has_a_value() {
    assert_eq!(configured(BOX, 5), [(0x1800, 2, 34, vec![1])]);
    let object = |kind: u16, access: &str, value: &str| {
        let text = format!(
            "[2000]\nParameterName=x\nDataType={kind:#06x}\nAccessType={access}\nParameterValue={value}\n"
        );
        configured(&text, 5).pop().map(|(.., data)| data)
    };
    for (kind, value, bytes) in [
        (0x07, "$NODEID+0x180", vec![0x85, 1, 0, 0]),
        (0x02, "-1", vec![0xFF]),
        (0x02, "0xFF", vec![0xFF]),
        (0x09, "left arm; 2", b"left arm; 2".to_vec()),
        (0x0A, "01 02 fF", vec![1, 2, 255]),
        (0x0F, "DEADBEEF", vec![0xDE, 0xAD, 0xBE, 0xEF]),
        (0x0B, "\u{624B}", vec![0x4B, 0x62]),
        (0x08, "1.5", vec![0, 0, 0xC0, 0x3F]), // IEEE 754: 3FC00000h
        (0x11, "-2", vec![0, 0, 0, 0, 0, 0, 0, 0xC0]),
    ] {
        assert_eq!(
            object(kind, "rw", value),
            Some(bytes),
            "{kind:#06x} {value}"
        );
    }
    assert_eq!(object(0x07, "ro", "5"), None);
    assert_eq!(object(0x07, "rw", ""), None);
}

/// In a configuration file the values of a compact array are what is written; in a data sheet, what is
/// there after power-on.
#[test]
fn the_values_of_a_compact_array_configure_it_in_a_configuration_file() {
    let array = "[2100]\nParameterName=gains\nObjectType=8\nDataType=6\nAccessType=rw\nDefaultValue=7\n\
                 CompactSubObj=2\n[2100Value]\nNrOfEntries=1\n2=0x0F\n";
    assert_eq!(configured(array, 5), []);
    let eds = Eds::read(array).unwrap();
    assert_eq!(eds.number(0x2100, 2, node(5)), Some(15));
    let dcf = format!("[DeviceComissioning]\nNodeID=5\n{array}");
    assert_eq!(configured(&dcf, 5), [(0x2100, 2, 12, vec![15, 0])]);
    let eds = Eds::read(&dcf).unwrap();
    assert_eq!(eds.number(0x2100, 1, node(5)), Some(7));
    assert_eq!(eds.number(0x2100, 2, node(5)), Some(15));
}

#[test]
fn numbers_are_decimal_hexadecimal_or_octal() {
    let of = |value: &str| {
        let key = Key {
            name: "DefaultValue".into(),
            value: value.into(),
            line: 1,
        };
        super::value(&key).map(|value| value.of(node(3)))
    };
    for (text, number) in [
        ("10", 10),
        ("010", 8),
        ("0x10", 16),
        ("0X1f", 31),
        ("0", 0),
        ("-5", -5),
        ("$NODEID", 3),
        ("0x-80000000", -0x8000_0000),
        ("$NODEID + 0x600", 0x603),
        ("0x600+$nodeid", 0x603),
        ("0xFFFFFFFFFFFFFFFF", -1),
    ] {
        assert_eq!(of(text), Ok(number), "{text}");
    }
    for text in ["", "x", "1.5", "0x", "9999999999999999999999", "09", "+-1"] {
        assert!(of(text).is_err(), "{text}");
    }
}

#[test]
fn a_complaint_names_its_line() {
    let with = |old: &str, new: &str| Eds::read(&BOX.replacen(old, new, 1)).unwrap_err();
    let complaint = with("DefaultValue=0x00030191", "DefaultValue=many");
    assert_eq!(
        complaint.to_string(),
        "line 12: DefaultValue=many is no number"
    );
    assert_eq!(with("[1000]", "[1000").line, 7);
    assert_eq!(with("AccessType=ro", "AccessType=maybe").line, 11);
    assert_eq!(with("DataType=0x0007\n", "").line, 7, "the section's");
    assert_eq!(with("; an input", "an input").line, 1);
    let too_large = with("ParameterValue=1", "ParameterValue=300");
    assert_eq!(
        too_large.to_string(),
        "line 34: ParameterValue=300 is out of range"
    );
    let elsewhere = with("ParameterValue=1", "DownloadFile=gains.bin");
    assert_eq!(elsewhere.line, 34);
    let twice = with("[1A00sub0]", "[1800sub1]");
    assert_eq!(
        twice.to_string(),
        "line 38: 1800:01 stands in line 24 already"
    );
}

/// CiA 306-1: bit 0 refuses the write of a download, bit 1 the read of a scan; an object's holds for its parts.
#[test]
fn what_a_tool_must_leave_alone_is_said() {
    let text = "[2100]\nObjectType=8\nObjFlags=0x2\n[2100sub1]\nDataType=6\nAccessType=rw\n\
                [2100sub2]\nDataType=6\nAccessType=rw\nObjFlags=1\n[2101]\nDataType=6\nAccessType=rw\n";
    let eds = Eds::read(text).unwrap();
    let flags = |index, sub| {
        let flags = eds.entries[&(index, sub)].flags;
        (flags.no_download, flags.no_scan)
    };
    assert_eq!(flags(0x2100, 1), (false, true));
    assert_eq!(flags(0x2100, 2), (true, true));
    assert_eq!(flags(0x2101, 0), (false, false));
}

#[test]
fn a_configuration_file_of_no_node_is_refused() {
    for number in ["0", "128", "255", "256"] {
        let text = format!("[DeviceComissioning]\nBaudrate=500\nNodeID={number}\n");
        assert_eq!(Eds::read(&text).unwrap_err().line, 3, "{number}");
    }
    let none = Eds::read("[DeviceComissioning]\nNodeID=\n").unwrap();
    assert_eq!(none.node, None);
}

#[test]
fn a_value_must_fit_with_the_number_of_its_node_too() {
    let text = "[2000]\nDataType=5\nAccessType=rw\nParameterValue=$NODEID+0xF0\n";
    let eds = Eds::read(text).unwrap();
    assert_eq!(eds.configuration(node(15)).unwrap()[0].data, [0xFF]);
    assert_eq!(eds.configuration(node(32)).unwrap_err().line, 4);
}

#[test]
fn the_values_of_a_compact_array_are_of_its_type() {
    let array = |kind: u8, value: &str| {
        format!(
            "[DeviceComissioning]\nNodeID=5\n[2100]\nObjectType=8\nDataType={kind}\nAccessType=rw\n\
             CompactSubObj=1\n[2100Value]\n1={value}\n"
        )
    };
    assert_eq!(Eds::read(&array(5, "300")).unwrap_err().line, 9);
    assert_eq!(Eds::read(&array(8, "fast")).unwrap_err().line, 9);
    let real = configured(&array(8, "1.5"), 5); // IEEE 754: 3FC00000h
    assert_eq!(real, [(0x2100, 1, 9, vec![0, 0, 0xC0, 0x3F])]);
}

/// Nobody writes a mapping: what the file would put there is not what the node has.
#[test]
fn a_mapping_that_the_file_would_change_is_not_known() {
    let changed = BOX.replacen(
        "DefaultValue=0x60000108",
        "DefaultValue=0x60000108\nParameterValue=0x60000208",
        1,
    );
    assert_eq!(Eds::read(&changed).unwrap().tpdo(1, node(5)), None);
}
