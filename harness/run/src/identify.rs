//! Who is on the bench? Before any power: identities, provenance, and whether the truth about
//! stopping was told. What does not fit is refused, all of it together.

use crate::executor::{Cut, Executor, Finish};
use crate::halt;
use crate::rehearse::Refusal;
use certbench_model::plan::{DevicePlan, SafeState};
use certbench_model::step::{Ask, Presence};
use certbench_model::{EventBody, Identity, LinkFacts, Provenance, RunEnd, Text};
use certbench_roles::{Answer, Device, Question, Trouble, Wiring};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Reading an identity may ask many registers.
const IDENTIFY: Duration = Duration::from_secs(10);

/// A field of an identity that only the label can tell, with what the order declares.
pub(crate) struct Label {
    device: String,
    field: &'static str,
    declared: String,
}

impl Executor {
    /// Identifies every device and checks what can be checked without power.
    pub(crate) fn identify(&mut self) -> Result<(), Finish> {
        self.control.note(|p| p.step = "identify".to_string());
        let (refusals, labels) = self.check_bench()?;
        if !refusals.is_empty() {
            return Err(self.refused(refusals));
        }
        for label in labels {
            self.confirm_label(label)?;
        }
        Ok(())
    }

    /// The checks, without the questions: what is refused, and what the label must tell.
    pub(crate) fn check_bench(&mut self) -> Result<(Vec<Refusal>, Vec<Label>), Finish> {
        let mut refusals: Vec<Refusal> = Vec::new();
        let mut labels = Vec::new();
        let mut failed: Option<Cut> = None;
        let defects = self.defects.drain(..);
        refusals.extend(defects.map(|text| refusal("plan", text)));
        let plan = self.bench.plan.clone();
        for planned in plan.bench.devices.iter().filter(|d| !d.imported()) {
            self.pulse()?;
            let device = match self.bench.device(&planned.id) {
                Ok(device) => device.clone(),
                Err(text) => {
                    refusals.push(refusal(&planned.id, text));
                    continue;
                }
            };
            let link = device.link();
            refusals.extend(provenance(planned, &link));
            refusals.extend(safety(planned, &device));
            self.renew(IDENTIFY);
            let identity = match device.identify() {
                Ok(identity) => identity,
                Err(Trouble::Refused(why)) => {
                    refusals.push(refusal(&planned.id, Text::same(why)));
                    continue;
                }
                Err(trouble) => {
                    failed.get_or_insert(self.trouble(&planned.id, &trouble));
                    continue;
                }
            };
            self.tell(EventBody::Identified {
                device: planned.id.clone(),
                identity: identity.clone(),
                link,
            });
            let items = plan.job.iter().flat_map(|job| &job.items);
            for item in items.filter(|item| item.device == planned.id) {
                let (differs, unsaid) = compare(&planned.id, &item.identity, &identity);
                refusals.extend(differs);
                labels.extend(unsaid);
            }
        }
        let paths = halt::missing_paths(&self.bench);
        refusals.extend(paths.into_iter().map(|text| refusal("bench", text)));
        match failed {
            Some(cut) if refusals.is_empty() => Err(cut.into()),
            _ => Ok((refusals, labels)),
        }
    }

    /// The plan is refused: the record is told why.
    pub(crate) fn refused(&mut self, refusals: Vec<Refusal>) -> Finish {
        let count = refusals.len();
        let reasons = refusals
            .into_iter()
            .map(|r| {
                Text::new(
                    format!("{}: {}", r.place, r.text.en),
                    format!("{}：{}", r.place, r.text.zh),
                )
            })
            .collect();
        self.tell(EventBody::Refused { reasons });
        Finish {
            end: RunEnd::Refused,
            text: format!("the plan is refused for {count} reason(s); nothing was armed"),
        }
    }

    /// Asks a person for what the device cannot say.
    fn confirm_label(&mut self, label: Label) -> Result<(), Finish> {
        let Label {
            device,
            field,
            declared,
        } = label;
        let question = Question {
            id: format!("label.{device}.{field}"),
            text: Text::new(
                format!("Read the label of `{device}`: is its {field} `{declared}`?"),
                format!("请查看 `{device}` 的铭牌：其 {field} 是否为 `{declared}`？"),
            ),
            ask: Ask::Confirm,
            presence: Presence::Inside,
            changes: BTreeMap::new(),
        };
        let (answer, by) = self.ask_operator(question)?;
        let by_a_person = by == "operator" || !self.bench.any_physical();
        if answer == Answer::Yes && by_a_person {
            self.tell(EventBody::LabelConfirmed {
                device,
                field: field.to_string(),
                value: declared,
            });
            return Ok(());
        }
        let text = if answer == Answer::No {
            Text::new(
                format!("the label does not say {field} `{declared}`, as the order declares"),
                format!("铭牌上的 {field} 与委托声明的 `{declared}` 不符"),
            )
        } else {
            Text::new(
                format!("nobody confirmed {field} `{declared}` from the label"),
                format!("无人依据铭牌确认 {field} 为 `{declared}`"),
            )
        };
        Err(self.refused(vec![refusal(&device, text)]))
    }

    /// Begins sampling on every device; what they refuse. From here on, every end halts.
    pub(crate) fn start(&mut self) -> Result<Vec<Refusal>, Finish> {
        self.control.note(|p| p.step = "start".to_string());
        let plan = self.bench.plan.clone();
        if !self.control.bind(&self.shared, &plan) {
            let text = "this control belongs to another run".to_string();
            return Err(self.harness("control", text).into());
        }
        self.started = true;
        let mut refusals = Vec::new();
        let devices: Vec<_> = self.bench.devices().map(|(_, d)| d.clone()).collect();
        for device in devices {
            self.pulse()?;
            let mine = plan.channels.iter().enumerate();
            let mine = mine.filter(|(_, c)| c.device == device.id());
            let wiring = mine.map(|(i, c)| (c.signal.clone(), i as u16)).collect();
            let samples = crate::shared::sample_sink(&self.shared);
            let news = crate::shared::news_sink(&self.shared);
            let lease = self.shared.lease.clone();
            self.renew(device.call_at_most());
            match device.start(Wiring(wiring), samples, news, lease) {
                Ok(()) => {}
                Err(Trouble::Refused(why)) => {
                    refusals.push(refusal(device.id(), Text::same(why)));
                }
                Err(trouble) => return Err(self.trouble(device.id(), &trouble).into()),
            }
        }
        Ok(refusals)
    }
}

fn refusal(place: &str, text: Text) -> Refusal {
    Refusal {
        place: place.to_string(),
        text,
    }
}

/// Declared against what the link can be.
fn provenance(planned: &DevicePlan, link: &LinkFacts) -> Option<Refusal> {
    let LinkFacts { kind, port, .. } = link;
    let declared = planned.provenance;
    let text = match (declared, link.may_be_physical) {
        (Provenance::Physical, false) => Text::new(
            format!("declared physical, but its link ({kind} `{port}`) can never be"),
            format!("声明为实体设备，但其链路（{kind} `{port}`）不可能是实体"),
        ),
        (Provenance::Simulated | Provenance::Replayed, true) => Text::new(
            format!(
                "declared {declared:?}, but a physical device may be at its link ({kind} `{port}`)"
            ),
            format!("声明为非实体设备，但其链路（{kind} `{port}`）上可能是实体设备"),
        ),
        _ => return None,
    };
    Some(refusal(&planned.id, text))
}

/// What moves must say where a halt takes it, and torque-off must say what catches it.
fn safety(planned: &DevicePlan, device: &Arc<dyn Device>) -> Option<Refusal> {
    let halts = device.halt().is_some();
    let moves = device.joints().is_some()
        || device.grasp().is_some()
        || device.power().is_some()
        || device.setpoint().is_some();
    let text = match &planned.safety {
        None if halts || moves => Text::new(
            "it can move, and the bench names no safe state for it",
            "该设备可运动，而测试台未给出其安全状态",
        ),
        Some(_) if moves && !halts => Text::new(
            "it can move, and its driver has no halt",
            "该设备可运动，而其驱动没有停机手段",
        ),
        Some(s) if s.safe_state == SafeState::TorqueOff && s.held_by.is_none() => Text::new(
            "its safe state is torque off, and the bench does not say what then holds it against gravity",
            "其安全状态为切断力矩，而测试台未说明此时由何物承受重力",
        ),
        _ => return None,
    };
    Some(refusal(&planned.id, text))
}

/// The declared identity against what the device says; what it cannot say is left to the label.
fn compare(device: &str, declared: &Identity, said: &Identity) -> (Vec<Refusal>, Vec<Label>) {
    let fields = [
        ("maker", &declared.maker, &said.maker),
        ("model", &declared.model, &said.model),
        ("serial", &declared.serial, &said.serial),
        ("firmware", &declared.firmware, &said.firmware),
    ];
    let mut refusals = Vec::new();
    let mut labels = Vec::new();
    for (field, declared, said) in fields {
        match (declared, said) {
            (Some(declared), Some(said)) if !same(declared, said) => refusals.push(refusal(
                device,
                Text::new(
                    format!("its {field} is `{said}`, the order declares `{declared}`"),
                    format!("其 {field} 为 `{said}`，委托声明为 `{declared}`"),
                ),
            )),
            (Some(declared), None) => labels.push(Label {
                device: device.to_string(),
                field,
                declared: declared.clone(),
            }),
            _ => {}
        }
    }
    (refusals, labels)
}

fn same(a: &str, b: &str) -> bool {
    a.trim().eq_ignore_ascii_case(b.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(serial: Option<&str>, firmware: Option<&str>) -> Identity {
        Identity {
            serial: serial.map(str::to_string),
            firmware: firmware.map(str::to_string),
            ..Identity::default()
        }
    }

    #[test]
    fn a_contradiction_is_refused_and_silence_is_left_to_the_label() {
        let declared = identity(Some("A17"), Some("1.2"));
        let (refusals, labels) = compare("hand", &declared, &identity(Some("B3"), None));
        assert_eq!(refusals.len(), 1);
        assert!(refusals[0].text.en.contains("serial is `B3`"));
        assert_eq!(labels.len(), 1);
        assert_eq!(
            (labels[0].field, labels[0].declared.as_str()),
            ("firmware", "1.2")
        );
        let (refusals, labels) = compare("hand", &declared, &identity(Some(" a17 "), Some("1.2")));
        assert!(refusals.is_empty() && labels.is_empty());
    }

    #[test]
    fn what_nobody_declared_is_not_compared() {
        let (refusals, labels) =
            compare("hand", &identity(None, None), &identity(Some("B3"), None));
        assert!(refusals.is_empty() && labels.is_empty());
    }
}
