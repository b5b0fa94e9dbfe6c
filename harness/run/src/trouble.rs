//! Whose fault is it? Promise 3 of the design, as one table: a broken cable is never a failed
//! robot, and an overheating robot is never a broken cable.

use certbench_model::{CaseEnd, Channel, EventBody, FaultKind, Invalid, Source};
use certbench_roles::Trouble;

/// What the record is told, and how the case ends by it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Attributed {
    /// The event.
    pub(crate) told: EventBody,
    /// The end of the case.
    pub(crate) end: CaseEnd,
}

/// Attributes what a device answered or told.
///
/// A refusal at the time of performance is certbench's: it was accepted in the rehearsal, and
/// nothing was sent. Trouble that an instrument reports about itself is a fault of the bench.
pub(crate) fn attribute(device: &str, under_test: bool, trouble: &Trouble) -> Attributed {
    match trouble {
        Trouble::Refused(text) => fault(FaultKind::Harness, device, format!("refused: {text}")),
        Trouble::Fault(kind, text) => fault(*kind, device, text.clone()),
        Trouble::Event { code, text } => Attributed {
            told: EventBody::DeviceEvent {
                device: device.to_string(),
                code: code.clone(),
                text: text.clone(),
            },
            end: if under_test {
                CaseEnd::DeviceEvent(format!("{device}: {code}: {text}"))
            } else {
                CaseEnd::Fault(
                    FaultKind::Instrument,
                    format!("`{device}` reports {code}: {text}"),
                )
            },
        },
    }
}

/// A fault of the bench.
pub(crate) fn fault(kind: FaultKind, subject: &str, text: String) -> Attributed {
    Attributed {
        told: EventBody::Fault {
            kind,
            subject: subject.to_string(),
            text: text.clone(),
        },
        end: CaseEnd::Fault(kind, format!("{subject}: {text}")),
    }
}

/// A watched value beyond its limit: the item's doing, over a healthy channel.
pub(crate) fn tripped(channel: &str, text: String) -> Attributed {
    Attributed {
        told: EventBody::Tripped {
            channel: channel.to_string(),
            text: text.clone(),
            missing: false,
        },
        end: CaseEnd::Tripped(text),
    }
}

/// A channel that delivers nothing: silence says not whose it is, of the item as of an instrument.
/// Only a link that reports an error of its own is blamed, by who asks here.
pub(crate) fn silence(channel: &Channel, seconds: f64) -> Attributed {
    let Channel { id, device, .. } = channel;
    let who = match channel.source {
        Source::Reference => "instrument",
        Source::Device => "device",
    };
    fault(
        FaultKind::Unattributable,
        id,
        format!(
            "no sample from `{device}` for {seconds:.3} s. Either it is off or hung, or the link to \
             it failed; check the {who}'s power, then its cable, adapter and port"
        ),
    )
}

/// A channel whose reading is no number.
pub(crate) fn invalid(channel: &Channel, why: Invalid) -> Attributed {
    let Channel { id, device, .. } = channel;
    let kind = match (channel.source, why) {
        (_, Invalid::Stale) => FaultKind::Unattributable,
        (Source::Reference, _) => FaultKind::Instrument,
        (Source::Device, Invalid::OverRange | Invalid::NoSignal) => FaultKind::Unattributable,
        (Source::Device, _) => FaultKind::Link,
    };
    let words = why.words().en;
    fault(kind, id, format!("`{device}` gave no number: {words}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use certbench_model::channel::Component;
    use certbench_model::{CaseEnd, Unit};

    fn channel(source: Source) -> Channel {
        Channel {
            id: "force".into(),
            device: "gauge".into(),
            signal: "force".into(),
            components: vec![Component {
                name: "value".into(),
                unit: Unit::parse("N").unwrap(),
            }],
            digital: false,
            source,
            delay_s: [0.0, 0.0],
            interval_s: 0.01,
            calibration: None,
            registration: None,
        }
    }

    fn kind(a: &Attributed) -> Option<FaultKind> {
        match a.end {
            CaseEnd::Fault(kind, _) => Some(kind),
            _ => None,
        }
    }

    #[test]
    fn a_dead_cable_says_nothing_about_the_hand() {
        let dead = Trouble::Fault(FaultKind::Link, "no bytes".into());
        let a = attribute("hand", true, &dead);
        assert_eq!(kind(&a), Some(FaultKind::Link));
        assert!(matches!(a.told, EventBody::Fault { .. }));
    }

    #[test]
    fn an_overheating_hand_is_no_broken_cable() {
        let hot = Trouble::Event {
            code: "over-temperature".into(),
            text: "thumb at 81 Cel".into(),
        };
        let a = attribute("hand", true, &hot);
        assert_eq!(
            a.end,
            CaseEnd::DeviceEvent("hand: over-temperature: thumb at 81 Cel".into())
        );
        assert!(matches!(a.told, EventBody::DeviceEvent { .. }));
    }

    #[test]
    fn trouble_of_an_instrument_is_not_the_items() {
        let trouble = Trouble::Event {
            code: "overload".into(),
            text: "over 60 N".into(),
        };
        let a = attribute("gauge", false, &trouble);
        assert_eq!(kind(&a), Some(FaultKind::Instrument));
        assert!(matches!(a.told, EventBody::DeviceEvent { .. }));
    }

    #[test]
    fn a_refusal_in_performance_is_never_the_items() {
        let a = attribute("hand", true, &Trouble::Refused("beyond limit".into()));
        assert_eq!(kind(&a), Some(FaultKind::Harness));
    }

    #[test]
    fn silence_prints_both_hypotheses() {
        for source in [Source::Reference, Source::Device] {
            let a = silence(&channel(source), 1.0);
            assert_eq!(kind(&a), Some(FaultKind::Unattributable));
            let EventBody::Fault { text, .. } = a.told else {
                panic!("no fault")
            };
            assert!(
                text.contains("off or hung") && text.contains("link"),
                "{text}"
            );
        }
    }

    #[test]
    fn no_number_is_attributed_by_who_should_have_given_it() {
        for (source, why, expected) in [
            (Source::Reference, Invalid::OverRange, FaultKind::Instrument),
            (
                Source::Reference,
                Invalid::Unreadable,
                FaultKind::Instrument,
            ),
            (Source::Device, Invalid::Unreadable, FaultKind::Link),
            (Source::Device, Invalid::WrongUnit, FaultKind::Link),
            (Source::Device, Invalid::NoSignal, FaultKind::Unattributable),
            (Source::Reference, Invalid::Stale, FaultKind::Unattributable),
            (Source::Device, Invalid::Stale, FaultKind::Unattributable),
        ] {
            assert_eq!(kind(&invalid(&channel(source), why)), Some(expected));
        }
    }
}
