//! Displacement over ASCII lines: signal `displacement` (mm).
//!
//! Neither gauge transmits its unit: the bench names it.

use std::sync::Arc;
use std::time::Duration;

use certbench_clock::Clock;
use certbench_link::ByteLink;
use certbench_model::plan::DevicePlan;
use certbench_model::vocabulary::{DriverDescription, ParamDescription};
use certbench_model::{Identity, Invalid, Reading};
use certbench_roles::{Device, Trouble};
use certbench_wire::keyence::{self, Measure};
use certbench_wire::lines::Lines;
use certbench_wire::mitutoyo;

use super::asked::{self, Asked, ask_line};
use super::heard::{self, Stream};
use super::{Said, asked_options, factor, instrument, line, scalar, unknown};
use crate::line::{Answer, Failure, Line};
use crate::options::{Options, count, one_of, quantity, text};

const LINE_MOST: usize = 64;

fn length_unit() -> ParamDescription {
    one_of(
        "length_unit",
        &["mm", "um", "[in_i]"],
        "unit that the gauge is set to; it does not send it",
        "量仪设定的单位；量仪不发送单位",
    )
}

pub(super) fn mitutoyo() -> DriverDescription {
    let mut description = instrument(
        "mitutoyo-gauge",
        "displacement",
        "Mitutoyo gauge (USB input tool, DP-1VA, height gauge)",
        "三丰量具（USB 输入工具、DP-1VA、高度规）",
        &["examples of the QM-Height user's manual", "simulator"],
    );
    description.signals = vec![scalar("displacement", "mm", 0.2, 0.5)];
    description.options = asked_options(9600, "200 ms", "500 ms");
    description.options.extend([
        length_unit(),
        count(
            "channel",
            1,
            "channel number in the line, 1 to 9",
            "行内的通道号，1 至 9",
        ),
        text(
            "request",
            "1",
            "what is sent to get a value, before CR; `none`: the gauge sends by itself",
            "索取数据的字样（CR 之前）；`none`：量具自行发送",
        ),
        quantity(
            "stale_after",
            "1 s",
            "where it sends by itself: without a new value for so long a reading is stale",
            "自行发送时：超过此时间无新值则读数过期",
        ),
    ]);
    description
}

pub(super) fn open_mitutoyo(
    plan: &DevicePlan,
    link: Arc<dyn ByteLink>,
    clock: &Clock,
) -> Result<Arc<dyn Device>, Trouble> {
    let options = Options::new(plan, mitutoyo());
    let gauge = Mitutoyo {
        channel: options.count("channel")?,
        mm: factor(&options, "length_unit", "mm")?,
    };
    match options.text("request")?.as_deref() {
        None | Some("none") => {
            let stream = MitutoyoStream {
                gauge,
                lines: Lines::new(LINE_MOST),
            };
            heard::device(plan, link, clock, &options, "gauge", stream)
        }
        Some(request) => {
            let asked = MitutoyoAsked {
                gauge,
                request: format!("{request}\r").into_bytes(),
                line: line(plan, link, clock, &options, "gauge", Duration::ZERO)?,
            };
            asked::device(&plan.id, &options, asked)
        }
    }
}

struct Mitutoyo {
    channel: u8,
    mm: f64,
}

impl Mitutoyo {
    fn said(&self, text: &str) -> Said {
        match mitutoyo::decode(text) {
            Some(mitutoyo::Line::Value { channel, value }) if channel == self.channel => {
                Said::one("displacement", Reading::scalar(value * self.mm))
            }
            Some(mitutoyo::Line::Error(_)) => {
                Said::one("displacement", Reading::Invalid(Invalid::NoSignal))
            }
            _ => Said::one("displacement", Reading::Invalid(Invalid::Unreadable)),
        }
    }
}

struct MitutoyoAsked {
    gauge: Mitutoyo,
    request: Vec<u8>,
    line: Line,
}

impl Asked for MitutoyoAsked {
    fn line(&self) -> &Line {
        &self.line
    }

    fn signals(&self) -> Vec<&'static str> {
        vec!["displacement"]
    }

    fn identify(&self) -> Result<Identity, Trouble> {
        let answer = ask_line(&self.line, &self.request, LINE_MOST);
        let answer = answer.map_err(|failure| self.line.trouble(&failure))?;
        Ok(unknown(format!("first reply: {:?}", answer.value)))
    }

    fn ask(&self) -> Result<Answer<Said>, Failure> {
        let answer = ask_line(&self.line, &self.request, LINE_MOST)?;
        Ok(answer.map(|text| self.gauge.said(&text)))
    }
}

struct MitutoyoStream {
    gauge: Mitutoyo,
    lines: Lines,
}

impl Stream for MitutoyoStream {
    fn push(&mut self, bytes: &[u8]) {
        self.lines.push(bytes);
    }

    fn next(&mut self) -> Option<Said> {
        Some(match self.lines.next()? {
            Ok(text) => self.gauge.said(&text),
            Err(_) => Said::one("displacement", Reading::Invalid(Invalid::Unreadable)),
        })
    }

    fn signals(&self) -> Vec<&'static str> {
        vec!["displacement"]
    }
}

pub(super) fn keyence() -> DriverDescription {
    let mut description = instrument(
        "keyence-lkg",
        "displacement",
        "Keyence LK-G laser displacement sensor, RS-232",
        "基恩士 LK-G 激光位移传感器，RS-232",
        &["examples of the LK-G user's manual", "simulator"],
    );
    description.signals = vec![scalar("displacement", "mm", 0.02, 0.1)];
    description.options = asked_options(115_200, "20 ms", "100 ms");
    description.options.extend([
        length_unit(),
        count("output", 1, "output number, 1 or 2", "输出编号，1 或 2"),
    ]);
    description
}

pub(super) fn open_keyence(
    plan: &DevicePlan,
    link: Arc<dyn ByteLink>,
    clock: &Clock,
) -> Result<Arc<dyn Device>, Trouble> {
    let options = Options::new(plan, keyence());
    let output: u8 = options.count("output")?;
    if !(1..=2).contains(&output) {
        return Err(options.refuse("output", "there are outputs 1 and 2"));
    }
    let sensor = Keyence {
        asked: Measure { output },
        mm: factor(&options, "length_unit", "mm")?,
        line: line(plan, link, clock, &options, "sensor", Duration::ZERO)?,
    };
    asked::device(&plan.id, &options, sensor)
}

struct Keyence {
    asked: Measure,
    mm: f64,
    line: Line,
}

fn keyence_said(asked: Measure, mm: f64, text: &str) -> Said {
    let invalid = |why| Said::one("displacement", Reading::Invalid(why));
    match keyence::decode_reply(asked, text) {
        Some(keyence::Reply::Value(value)) => {
            Said::one("displacement", Reading::scalar(value * mm))
        }
        Some(keyence::Reply::NotReady) => invalid(Invalid::NoSignal),
        Some(keyence::Reply::OutOfRange) => invalid(Invalid::OverRange),
        Some(keyence::Reply::Error(code)) => Said {
            complaint: Some(format!("refuses {} with error {code:02}", asked.word())),
            ..invalid(Invalid::Unreadable)
        },
        None => invalid(Invalid::Unreadable),
    }
}

impl Asked for Keyence {
    fn line(&self) -> &Line {
        &self.line
    }

    fn signals(&self) -> Vec<&'static str> {
        vec!["displacement"]
    }

    fn identify(&self) -> Result<Identity, Trouble> {
        let answer = ask_line(&self.line, &self.asked.encode(), LINE_MOST);
        let answer = answer.map_err(|failure| self.line.trouble(&failure))?;
        Ok(unknown(format!("first reply: {:?}", answer.value)))
    }

    fn ask(&self) -> Result<Answer<Said>, Failure> {
        let answer = ask_line(&self.line, &self.asked.encode(), LINE_MOST)?;
        Ok(answer.map(|text| keyence_said(self.asked, self.mm, &text)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(said: &Said) -> Reading {
        said.readings[0].1
    }

    /// QM-Height manual: `01A+00.12345` on a gauge set to inch; 1 in = 25.4 mm.
    #[test]
    fn the_unit_is_the_benchs_word() {
        let inch = Mitutoyo {
            channel: 1,
            mm: 25.4,
        };
        let mm = first(&inch.said("01A+00.12345")).component(0).unwrap();
        assert!((mm - 3.13563).abs() < 1e-9);
        assert_eq!(
            first(&inch.said("911")),
            Reading::Invalid(Invalid::NoSignal)
        );
        assert_eq!(
            first(&inch.said("02A+00.12345")),
            Reading::Invalid(Invalid::Unreadable)
        );
    }

    #[test]
    fn a_sensor_that_sees_nothing_gives_no_number() {
        let said = |text| keyence_said(Measure { output: 1 }, 1.0, text);
        assert_eq!(first(&said("M1,-00.0120")).component(0), Some(-0.012));
        assert_eq!(
            first(&said("M1,XXXXXXXX")),
            Reading::Invalid(Invalid::NoSignal)
        );
        assert_eq!(
            first(&said("M1,-FFFFFFF")),
            Reading::Invalid(Invalid::OverRange)
        );
        assert!(said("ER,M1,01").complaint.is_some());
    }
}
