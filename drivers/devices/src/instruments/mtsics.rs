//! Scale with MT-SICS: signals `mass` (kg) and `force` (N).
//!
//! A scale is calibrated in mass. The force is mass times the local gravity that the bench names; a scale
//! set to newton is taken at its word, and its mass follows by the same gravity. Buoyancy is not corrected.

use certbench_clock::Clock;
use certbench_link::ByteLink;
use certbench_model::plan::DevicePlan;
use certbench_model::vocabulary::DriverDescription;
use certbench_model::{FaultKind, Identity, Invalid, Reading};
use certbench_roles::{Device, Trouble};
use certbench_wire::mtsics::{self as wire, Command, Reply, Unreadable, decode_reply};
use std::sync::Arc;
use std::time::Duration;

use super::asked::{Asked, ask_line, device};
use super::{Said, asked_options, instrument, line, scalar};
use crate::line::{Answer, Failure, Line};
use crate::options::{Options, one_of, quantity};

/// `S S` and a number of ten places, or a quoted text.
const LINE_MOST: usize = 128;

pub(super) fn description() -> DriverDescription {
    let mut description = instrument(
        "mt-sics-scale",
        "force-gauge",
        "scale or balance, MT-SICS",
        "天平或秤，MT-SICS",
        &[
            "examples of the MT-SICS reference manual",
            "mt-sics-emulator 0.1.1, over a pty",
            "simulator",
        ],
    );
    description.roles.push("zero".into());
    description.signals = vec![
        scalar("force", "N", 0.1, 0.5),
        scalar("mass", "kg", 0.1, 0.5),
    ];
    description.options = asked_options(9600, "100 ms", "500 ms");
    description.options.extend([
        quantity(
            "gravity",
            "9.80665 m/s2",
            "gravity at the bench: force is mass times this",
            "实验台当地重力加速度：力等于质量乘以此值",
        ),
        one_of(
            "unstable",
            &["accept", "reject"],
            "what becomes of a weight that the scale does not call stable",
            "秤未判定为稳定的示值如何处理",
        ),
    ]);
    description
}

pub(super) fn open(
    plan: &DevicePlan,
    link: Arc<dyn ByteLink>,
    clock: &Clock,
) -> Result<Arc<dyn Device>, Trouble> {
    let options = Options::new(plan, description());
    let gravity = options.needed_quantity("gravity", "m/s2")?;
    if !(9.7..=9.9).contains(&gravity) {
        return Err(options.refuse(
            "gravity",
            format_args!("{gravity} m/s2 is not found on Earth"),
        ));
    }
    let scale = Scale {
        id: plan.id.clone(),
        line: line(plan, link, clock, &options, "scale", Duration::ZERO)?,
        gravity,
        reject_unstable: options.text("unstable")?.as_deref() == Some("reject"),
    };
    device(&plan.id, &options, scale)
}

struct Scale {
    id: String,
    line: Line,
    gravity: f64,
    reject_unstable: bool,
}

/// Kilograms of one unit of mass; the avoirdupois pound is 0.45359237 kg by definition.
fn kilograms(unit: wire::Unit) -> Option<f64> {
    const POUND: f64 = 0.453_592_37;
    match unit {
        wire::Unit::Milligram => Some(1e-6),
        wire::Unit::Gram => Some(1e-3),
        wire::Unit::Kilogram => Some(1.0),
        wire::Unit::Tonne => Some(1e3),
        wire::Unit::Pound => Some(POUND),
        wire::Unit::Ounce => Some(POUND / 16.0),
        wire::Unit::Newton => None,
    }
}

impl Scale {
    fn said(&self, text: &str) -> Said {
        let both = |force: Reading, mass: Reading| vec![("force", force), ("mass", mass)];
        let neither = |why: Invalid, complaint: Option<String>| Said {
            readings: both(Reading::Invalid(why), Reading::Invalid(why)),
            complaint,
        };
        match decode_reply(Command::Immediate, text) {
            Ok(Reply::Weight { stable: false, .. }) if self.reject_unstable => {
                neither(Invalid::NoSignal, None)
            }
            Ok(Reply::Weight { value, unit, .. }) => {
                let (newton, kg) = match kilograms(unit) {
                    Some(each) => (value * each * self.gravity, value * each),
                    None => (value, value / self.gravity),
                };
                Said {
                    readings: both(Reading::scalar(newton), Reading::scalar(kg)),
                    complaint: None,
                }
            }
            Ok(Reply::Overload | Reply::Underload) => neither(Invalid::OverRange, None),
            Ok(Reply::NotNow) => neither(Invalid::NoSignal, None),
            Ok(Reply::Error(_) | Reply::Done(_)) => {
                let complaint = format!("answered {text:?} to SI; does it speak MT-SICS?");
                neither(Invalid::Unreadable, Some(complaint))
            }
            Err(Unreadable::Unit(_)) => neither(Invalid::WrongUnit, None),
            Err(Unreadable::Line(_)) => neither(Invalid::Unreadable, None),
        }
    }

    fn reply(&self, command: Command) -> Result<Reply, Trouble> {
        let answer = ask_line(&self.line, &command.encode(), LINE_MOST);
        let answer = answer.map_err(|failure| self.line.trouble(&failure))?;
        decode_reply(command, &answer.value).map_err(|error| {
            let text = format!("{} to {}: {error}", self.id, command.word());
            Trouble::Fault(FaultKind::Instrument, text)
        })
    }

    /// The text of an answer that may be missing.
    fn text(&self, command: Command) -> Result<Option<String>, Trouble> {
        Ok(match self.reply(command)? {
            Reply::Done(text) => text,
            _ => None,
        })
    }
}

impl Asked for Scale {
    fn line(&self) -> &Line {
        &self.line
    }

    fn signals(&self) -> Vec<&'static str> {
        vec!["force", "mass"]
    }

    fn identify(&self) -> Result<Identity, Trouble> {
        let (model, firmware, serial) = (
            self.text(Command::Model)?,
            self.text(Command::Software)?,
            self.text(Command::Serial)?,
        );
        let missing = [("model", &model), ("serial", &serial)];
        Ok(Identity {
            read_from_device: serial.is_some(),
            label_needed: missing
                .into_iter()
                .filter(|(_, text)| text.is_none())
                .map(|(name, _)| name.to_owned())
                .collect(),
            notes: vec!["speaks MT-SICS".into()],
            model,
            serial,
            firmware,
            ..Identity::default()
        })
    }

    fn ask(&self) -> Result<Answer<Said>, Failure> {
        let answer = ask_line(&self.line, &Command::Immediate.encode(), LINE_MOST)?;
        Ok(answer.map(|text| self.said(&text)))
    }

    fn can_zero(&self) -> bool {
        true
    }

    fn zero(&self, _signal: &str) -> Result<(), Trouble> {
        match self.reply(Command::Zero)? {
            Reply::Done(_) => Ok(()),
            other => Err(Trouble::Refused(format!(
                "{} was not zeroed: {other:?}; is it loaded beyond its zeroing range, or not at rest?",
                self.id
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::plan;
    use certbench_link::pair;

    fn scale(reject_unstable: bool) -> Scale {
        let clock = Clock::simulated();
        let (near, _far) = pair::bytes(&clock, "scale", pair::Wire::default());
        let plan = plan("scale", "mt-sics-scale", &[]);
        let options = Options::new(&plan, description());
        Scale {
            id: "scale".into(),
            line: line(
                &plan,
                Arc::new(near),
                &clock,
                &options,
                "scale",
                Duration::ZERO,
            )
            .unwrap(),
            gravity: 9.81,
            reject_unstable,
        }
    }

    /// `S S     100.00 g` (the manual's example) is 0.1 kg, and 0.981 N where g is 9.81 m/s2.
    #[test]
    fn grams_become_newton_by_the_local_gravity() {
        let said = scale(false).said("S S     100.00 g");
        let [(_, force), (_, mass)] = said.readings.as_slice() else {
            panic!("{said:?}")
        };
        assert!((force.component(0).unwrap() - 0.981).abs() < 1e-12);
        assert!((mass.component(0).unwrap() - 0.1).abs() < 1e-12);
        let newton = scale(false).said("S S 9.81 N");
        assert!((newton.readings[1].1.component(0).unwrap() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn overload_and_unstable_weights_are_no_numbers() {
        let first = |said: Said| said.readings[0].1;
        assert_eq!(
            first(scale(false).said("S +")),
            Reading::Invalid(Invalid::OverRange)
        );
        assert_eq!(
            first(scale(true).said("S D 1.0 g")),
            Reading::Invalid(Invalid::NoSignal)
        );
        assert!(first(scale(false).said("S D 1.0 g")).component(0).is_some());
        assert_eq!(
            first(scale(false).said("S S 1.0 st")),
            Reading::Invalid(Invalid::WrongUnit)
        );
        assert!(scale(false).said("ES").complaint.is_some());
    }
}
