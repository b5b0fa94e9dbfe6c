//! A reading as a protobuf message, and the schema that tells viewers the names of its fields.
//!
//! Fields 1 to 6 are the components as `double`, field 7 is the enum `invalid` (0: valid). An
//! invalid reading has NaN in every component, so that a viewer shows a gap.

use certbench_model::{Component, Invalid, Reading};
use prost::Message;
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{
    DescriptorProto, EnumDescriptorProto, EnumValueDescriptorProto, FieldDescriptorProto,
    FileDescriptorProto, FileDescriptorSet,
};

/// Every message of every channel has this shape on the wire; schemas differ in names only.
#[derive(Clone, Copy, PartialEq, Message)]
struct Wire {
    #[prost(double, optional, tag = "1")]
    c1: Option<f64>,
    #[prost(double, optional, tag = "2")]
    c2: Option<f64>,
    #[prost(double, optional, tag = "3")]
    c3: Option<f64>,
    #[prost(double, optional, tag = "4")]
    c4: Option<f64>,
    #[prost(double, optional, tag = "5")]
    c5: Option<f64>,
    #[prost(double, optional, tag = "6")]
    c6: Option<f64>,
    #[prost(int32, tag = "7")]
    invalid: i32,
}

/// Number in the enum `invalid`, name in the schema, meaning. Numbers are never given anew.
const REASONS: [(i32, &str, Option<Invalid>); 7] = [
    (0, "VALID", None),
    (1, "OVER_RANGE", Some(Invalid::OverRange)),
    (2, "NO_SIGNAL", Some(Invalid::NoSignal)),
    (3, "UNREADABLE", Some(Invalid::Unreadable)),
    (4, "NOT_FINITE", Some(Invalid::NotFinite)),
    (5, "WRONG_UNIT", Some(Invalid::WrongUnit)),
    (6, "STALE", Some(Invalid::Stale)),
];

/// Writes `reading` of a channel with `components` into `out`, which is cleared first.
pub(crate) fn encode(reading: &Reading, components: usize, out: &mut Vec<u8>) {
    let invalid = match reading {
        Reading::Values { .. } => 0,
        Reading::Invalid(why) => REASONS
            .iter()
            .find(|(_, _, r)| r.as_ref() == Some(why))
            .map_or(3, |(number, _, _)| *number),
    };
    let at = |index: usize| match reading.values() {
        Some(values) => values.get(index).copied(),
        None => (index < components).then_some(f64::NAN),
    };
    let wire = Wire {
        c1: at(0),
        c2: at(1),
        c3: at(2),
        c4: at(3),
        c5: at(4),
        c6: at(5),
        invalid,
    };
    out.clear();
    out.reserve(wire.encoded_len());
    wire.encode_raw(out);
}

/// Reads a message; `Err` says what is wrong with it.
pub(crate) fn decode(bytes: &[u8], components: usize) -> Result<Reading, String> {
    let wire = Wire::decode(bytes).map_err(|e| format!("a message cannot be read: {e}"))?;
    let reason = REASONS
        .iter()
        .find(|(number, _, _)| *number == wire.invalid)
        .ok_or_else(|| format!("a message has the unknown reason {}", wire.invalid))?;
    if let Some(why) = reason.2 {
        return Ok(Reading::Invalid(why));
    }
    let all = [wire.c1, wire.c2, wire.c3, wire.c4, wire.c5, wire.c6];
    let mut values = [0.0; 6];
    let mut leading = 0;
    for (value, read) in values.iter_mut().zip(all.iter().map_while(|v| *v)) {
        *value = read;
        leading += 1;
    }
    if leading != components || all.iter().flatten().count() != components {
        return Err(format!(
            "a message has {leading} of {components} components"
        ));
    }
    match Reading::vector(values.get(..leading).unwrap_or_default()) {
        Reading::Invalid(_) => Err("a message that is called valid holds no finite number".into()),
        valid => Ok(valid),
    }
}

/// Name of the message type and its `FileDescriptorSet` for a channel with these components.
pub(crate) fn schema(components: &[Component]) -> (String, Vec<u8>) {
    let names = field_names(components);
    let short = match names
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .as_slice()
    {
        ["value"] => "Scalar".to_string(),
        ["x", "y", "z", "a", "b", "c"] => "Pose".to_string(),
        other => format!("Vector_{}", other.join("_")),
    };
    let field = |name: &str, number: usize, kind: Type| FieldDescriptorProto {
        name: Some(name.to_string()),
        number: Some(number as i32),
        label: Some(Label::Optional.into()),
        r#type: Some(kind.into()),
        ..Default::default()
    };
    let mut fields: Vec<_> = names
        .iter()
        .enumerate()
        .map(|(i, name)| field(name, i + 1, Type::Double))
        .collect();
    fields.push(FieldDescriptorProto {
        type_name: Some(format!(".certbench.{short}.Reason")),
        ..field("invalid", 7, Type::Enum)
    });
    let reason = EnumDescriptorProto {
        name: Some("Reason".to_string()),
        value: REASONS
            .iter()
            .map(|(number, name, _)| EnumValueDescriptorProto {
                name: Some((*name).to_string()),
                number: Some(*number),
                options: None,
            })
            .collect(),
        ..Default::default()
    };
    let file = FileDescriptorProto {
        name: Some(format!("certbench/{short}.proto")),
        package: Some("certbench".to_string()),
        message_type: vec![DescriptorProto {
            name: Some(short.clone()),
            field: fields,
            enum_type: vec![reason],
            ..Default::default()
        }],
        syntax: Some("proto3".to_string()),
        ..Default::default()
    };
    let set = FileDescriptorSet { file: vec![file] };
    (format!("certbench.{short}"), set.encode_to_vec())
}

/// Component names as protobuf identifiers, distinct from each other and from `invalid`.
fn field_names(components: &[Component]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (i, component) in components.iter().enumerate() {
        let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
        let mut name: String = component.name.chars().map(plain).collect();
        if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
            name.insert(0, 'c');
        }
        let lower = name.to_lowercase();
        if lower == "invalid" || names.iter().any(|n| n.to_lowercase() == lower) {
            name = format!("{name}_{}", i + 1);
        }
        names.push(name);
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use certbench_model::Unit;
    use proptest::prelude::*;

    #[test]
    fn a_force_of_one_newton_is_nine_bytes() {
        let mut bytes = Vec::new();
        encode(&Reading::scalar(1.0), 1, &mut bytes);
        // protobuf encoding: tag (1 << 3 | 1) = 0x09, then 1.0 as IEEE 754 little endian
        assert_eq!(bytes, [0x09, 0, 0, 0, 0, 0, 0, 0xF0, 0x3F]);
    }

    #[test]
    fn an_overloaded_gauge_has_a_reason_and_no_number() {
        let mut bytes = Vec::new();
        encode(&Reading::Invalid(Invalid::OverRange), 1, &mut bytes);
        // field 7 as varint: tag (7 << 3 | 0) = 0x38, then 1
        assert_eq!(bytes.get(9..), Some(&[0x38, 0x01][..]));
        assert_eq!(decode(&bytes, 1), Ok(Reading::Invalid(Invalid::OverRange)));
    }

    #[test]
    fn names_that_protobuf_does_not_take_are_mended_and_stay_apart() {
        let component = |name: &str| Component {
            name: name.to_string(),
            unit: Unit::one(),
        };
        let all = ["thumb-bend", "thumb bend", "2", "invalid", "力"].map(component);
        assert_eq!(
            field_names(&all),
            ["thumb_bend", "thumb_bend_2", "c2", "invalid_4", "c_"]
        );
    }

    #[test]
    fn a_message_with_a_component_too_few_is_no_reading() {
        let mut bytes = Vec::new();
        encode(&Reading::vector(&[1.0, 2.0]), 2, &mut bytes);
        assert!(decode(&bytes, 3).is_err());
        assert!(decode(&bytes, 1).is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]
        #[test]
        fn readings_come_back(values in proptest::collection::vec(proptest::num::f64::NORMAL | proptest::num::f64::ZERO, 1..=6)) {
            let reading = Reading::vector(&values);
            let mut bytes = Vec::new();
            encode(&reading, values.len(), &mut bytes);
            prop_assert_eq!(decode(&bytes, values.len()), Ok(reading));
        }

        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64), n in 0..8usize) {
            let _ = decode(&bytes, n);
        }
    }
}
