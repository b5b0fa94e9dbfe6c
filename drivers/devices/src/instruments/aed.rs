//! HBM/HBK AED and FIT transducer electronics: signal `force` (N), asked or streaming.
//!
//! What a count is worth is set in the device by its calibration, and stands in the bench (`count`). The
//! format of the values is left as it is set, too: it is read (`COF?`), and one without the parts that are
//! needed is refused.

use std::sync::Arc;
use std::time::Duration;

use certbench_clock::Clock;
use certbench_link::ByteLink;
use certbench_model::plan::DevicePlan;
use certbench_model::vocabulary::DriverDescription;
use certbench_model::{FaultKind, Identity, Invalid, Reading};
use certbench_roles::{Device, Trouble};
use certbench_wire::aed::{Command, Decoder, Format, Identity as Who, Measured, Status};

use super::asked::{self, Asked, ask_line};
use super::heard::{self, Stream};
use super::{Said, asked_options, instrument, line, scalar};
use crate::line::{Answer, Failure, Heard, Line};
use crate::options::{Options, count, one_of, quantity};

/// The answer to `IDN?` has 33 characters.
const LINE_MOST: usize = 64;

pub(super) fn description() -> DriverDescription {
    let mut description = instrument(
        "hbm-aed",
        "force-gauge",
        "HBM/HBK AED, FIT digital transducer electronics",
        "HBM/HBK AED、FIT 数字式传感器电子单元",
        &[
            "formats, ends of range and identity of the manual of the AD104",
            "simulator",
        ],
    );
    description.signals = vec![scalar("force", "N", 0.01, 0.5)];
    description.options = asked_options(9600, "100 ms", "500 ms");
    description.options.extend([
        one_of(
            "mode",
            &["ask", "stream"],
            "asked for each reading (MSV?), or sending by itself (MSV?0)",
            "逐次查询（MSV?），或连续发送（MSV?0）",
        ),
        count(
            "format",
            9,
            "the format of values that is set in the device (COF): 0, 2, 3, 4, 6, 8, 9, 11 or 12",
            "设备内设定的测量值格式（COF）：0、2、3、4、6、8、9、11 或 12",
        ),
        quantity(
            "count",
            "1 mN",
            "force of one count, as the device was calibrated",
            "一个计数对应的力，按设备的校准",
        ),
        quantity(
            "stale_after",
            "500 ms",
            "in a stream: without a new value for so long a reading is stale",
            "连续发送时：超过此时间无新值则读数过期",
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
    let number: u8 = options.count("format")?;
    let format = Format::of(number).ok_or_else(|| {
        options.refuse("format", format_args!("COF{number} is not understood here"))
    })?;
    let scale = Scale {
        number,
        format,
        newton: options.needed_quantity("count", "N")?,
    };
    if scale.newton == 0.0 {
        return Err(options.refuse("count", "a count is worth something"));
    }
    if options.text("mode")?.as_deref() == Some("stream") {
        let decoder = Decoder::stream(format);
        let stream = Streamed { scale, decoder };
        return heard::device(plan, link, clock, &options, "amplifier", stream);
    }
    let line = line(plan, link, clock, &options, "amplifier", Duration::ZERO)?;
    asked::device(&plan.id, &options, Polled { scale, line })
}

/// How counts become newtons.
#[derive(Clone, Copy)]
struct Scale {
    /// Of `COF`.
    number: u8,
    format: Format,
    /// Of one count.
    newton: f64,
}

impl Scale {
    fn reading(self, measured: Measured) -> Reading {
        if measured.overflows(self.format) {
            return Reading::Invalid(Invalid::OverRange);
        }
        if measured.status.is_some_and(Status::incoherent) {
            return Reading::Invalid(Invalid::NoSignal);
        }
        Reading::scalar(f64::from(measured.counts) * self.newton)
    }

    /// Who it is, and whether its values come as the bench says.
    fn identify(self, line: &Line) -> Result<Identity, Trouble> {
        let ask = |command: Command| {
            let answer = ask_line(line, &command.encode(), LINE_MOST);
            answer.map_err(|failure| line.trouble(&failure))
        };
        let instrument = |text: String| Trouble::Fault(FaultKind::Instrument, text);
        let said = ask(Command::Identify)?.value;
        let who = Who::decode(&said)
            .ok_or_else(|| instrument(format!("answered {said:?} to IDN?; is it an AED?")))?;
        let set = ask(Command::Format)?.value;
        let set: u8 = set
            .trim()
            .parse()
            .map_err(|_| instrument(format!("answered {set:?} to COF?")))?;
        if set != self.number {
            return Err(Trouble::Refused(format!(
                "its values are set to COF{set}, and the bench says `format: {}`; read wrongly they would be other forces",
                self.number
            )));
        }
        let missing = who.serial.is_empty();
        Ok(Identity {
            read_from_device: !missing,
            label_needed: missing.then(|| "serial".to_owned()).into_iter().collect(),
            maker: Some("HBM".into()),
            model: Some(who.model),
            serial: Some(who.serial).filter(|serial| !serial.is_empty()),
            firmware: Some(who.software),
            notes: vec![format!("values as COF{set}")],
        })
    }
}

struct Polled {
    scale: Scale,
    line: Line,
}

impl Asked for Polled {
    fn line(&self) -> &Line {
        &self.line
    }

    fn signals(&self) -> Vec<&'static str> {
        vec!["force"]
    }

    fn identify(&self) -> Result<Identity, Trouble> {
        self.scale.identify(&self.line)
    }

    fn ask(&self) -> Result<Answer<Said>, Failure> {
        let mut decoder = Decoder::answers(self.scale.format);
        let answer = self.line.ask(&Command::Measure.encode(), |bytes| {
            decoder.push(bytes);
            match decoder.next() {
                None => Heard::More,
                Some(Ok(measured)) => Heard::Answer(measured),
                Some(Err(noise)) => Heard::Garbage(noise.to_string()),
            }
        })?;
        Ok(answer.map(|measured| Said::one("force", self.scale.reading(measured))))
    }
}

struct Streamed {
    scale: Scale,
    decoder: Decoder,
}

impl Stream for Streamed {
    fn push(&mut self, bytes: &[u8]) {
        self.decoder.push(bytes);
    }

    fn next(&mut self) -> Option<Said> {
        let reading = match self.decoder.next()? {
            Ok(measured) => self.scale.reading(measured),
            Err(_) => Reading::Invalid(Invalid::Unreadable),
        };
        Some(Said::one("force", reading))
    }

    fn signals(&self) -> Vec<&'static str> {
        vec!["force"]
    }

    fn wake(&self) -> &'static [u8] {
        b"MSV?0;"
    }

    fn rest(&self) -> &'static [u8] {
        b"STP;"
    }

    fn identify(&self, line: &Line) -> Option<Result<Identity, Trouble>> {
        Some(self.scale.identify(line))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// COF9 of the manual: counts, address, status; a count of 1 mN.
    #[test]
    fn counts_become_newtons_and_an_overflow_none() {
        let scale = Scale {
            number: 9,
            format: Format::of(9).unwrap(),
            newton: 1e-3,
        };
        let measured = |counts, status| Measured {
            counts,
            status: Some(Status(status)),
        };
        let force = scale.reading(measured(-12_345, 8)).component(0).unwrap();
        assert!((force + 12.345).abs() < 1e-12);
        let none = |status| scale.reading(measured(5, status));
        assert_eq!(none(0b010), Reading::Invalid(Invalid::OverRange));
        assert_eq!(none(0x80), Reading::Invalid(Invalid::NoSignal));
    }
}
