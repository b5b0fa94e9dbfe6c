//! IMADA DST or DSV force gauge: signal `force` (N).
//!
//! What the gauge's plus sign means, and what a positive force is on this bench, are the bench's to say.
//! A gauge in peak mode gives no present force: its readings are invalid until it is switched back.

use std::sync::Arc;
use std::time::Duration;

use certbench_clock::Clock;
use certbench_link::ByteLink;
use certbench_model::plan::DevicePlan;
use certbench_model::vocabulary::DriverDescription;
use certbench_model::{Identity, Invalid, Reading};
use certbench_roles::{Device, Trouble};
use certbench_wire::imada::{Command, State, Unit, decode_reading};

use super::asked::{Asked, ask_line, device};
use super::{STANDARD_GRAVITY, Said, asked_options, instrument, line, scalar, unknown};
use crate::line::{Answer, Failure, Line};
use crate::options::{Options, one_of, optional_quantity};

/// Sign, digits, three letters.
const LINE_MOST: usize = 32;

pub(super) fn description() -> DriverDescription {
    let mut description = instrument(
        "imada-gauge",
        "force-gauge",
        "IMADA DST/DSV force gauge",
        "依梦达 DST/DSV 测力计",
        &["dstdsv 0.1.1 as a host of the simulator", "simulator"],
    );
    description.roles.push("zero".into());
    description.signals = vec![scalar("force", "N", 0.02, 0.1)];
    description.options = asked_options(19_200, "20 ms", "100 ms");
    description.options.extend([
        one_of(
            "plus",
            &["compression", "tension"],
            "what the gauge's plus sign means",
            "测力计显示正号所表示的方向",
        ),
        one_of(
            "positive",
            &["compression", "tension"],
            "what a positive force is",
            "正值所表示的方向",
        ),
        optional_quantity(
            "capacity",
            "N",
            "beyond this the gauge is overloaded",
            "超过此值即为过载",
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
    let same = options.text("plus")? == options.text("positive")?;
    let gauge = Gauge {
        id: plan.id.clone(),
        line: line(plan, link, clock, &options, "gauge", Duration::ZERO)?,
        sign: if same { 1.0 } else { -1.0 },
        capacity_n: options.quantity("capacity", "N")?,
    };
    device(&plan.id, &options, gauge)
}

struct Gauge {
    id: String,
    line: Line,
    sign: f64,
    capacity_n: Option<f64>,
}

fn said(sign: f64, capacity_n: Option<f64>, text: &str) -> Said {
    let Some(read) = decode_reading(text) else {
        return Said {
            complaint: (text.trim() == "E").then(|| "does not know `D` (E)".to_owned()),
            ..Said::one("force", Reading::Invalid(Invalid::Unreadable))
        };
    };
    let newton = match read.unit {
        Unit::Newton => read.value,
        Unit::KilogramForce => read.value * STANDARD_GRAVITY,
    };
    let over = read.state == State::Overload || capacity_n.is_some_and(|most| newton.abs() > most);
    match over {
        true => Said::one("force", Reading::Invalid(Invalid::OverRange)),
        false if read.peak => Said {
            complaint: Some("shows peaks; switch it to real time (T)".to_owned()),
            ..Said::one("force", Reading::Invalid(Invalid::NoSignal))
        },
        false => Said::one("force", Reading::scalar(sign * newton)),
    }
}

impl Asked for Gauge {
    fn line(&self) -> &Line {
        &self.line
    }

    fn signals(&self) -> Vec<&'static str> {
        vec!["force"]
    }

    fn identify(&self) -> Result<Identity, Trouble> {
        let answer = ask_line(&self.line, &Command::Read.encode(), LINE_MOST);
        let answer = answer.map_err(|failure| self.line.trouble(&failure))?;
        Ok(unknown(format!("first reply: {:?}", answer.value)))
    }

    fn ask(&self) -> Result<Answer<Said>, Failure> {
        let answer = ask_line(&self.line, &Command::Read.encode(), LINE_MOST)?;
        Ok(answer.map(|text| said(self.sign, self.capacity_n, &text)))
    }

    fn can_zero(&self) -> bool {
        true
    }

    fn zero(&self, _signal: &str) -> Result<(), Trouble> {
        let answer = ask_line(&self.line, &Command::Zero.encode(), LINE_MOST);
        let answer = answer.map_err(|failure| self.line.trouble(&failure))?;
        match answer.value.trim() {
            "R" => Ok(()),
            other => Err(Trouble::Refused(format!(
                "{} answered {other:?} to the command to zero",
                self.id
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sign_is_the_benchs_and_the_unit_the_gauges() {
        let value = |said: Said| said.readings[0].1.component(0).unwrap();
        assert_eq!(value(said(1.0, None, "+012.34NTO")), 12.34);
        assert_eq!(value(said(-1.0, None, "+012.34NTL")), -12.34);
        assert!((value(said(1.0, None, "-001.00KTH")) + 9.80665).abs() < 1e-12);
    }

    #[test]
    fn overload_and_peaks_are_no_present_force() {
        let first = |said: &Said| said.readings[0].1;
        let over = Reading::Invalid(Invalid::OverRange);
        assert_eq!(first(&said(1.0, None, "+500.00NTE")), over);
        assert_eq!(first(&said(1.0, Some(50.0), "-050.01NTO")), over);
        let peak = said(1.0, None, "+012.34NPO");
        assert_eq!(first(&peak), Reading::Invalid(Invalid::NoSignal));
        assert!(peak.complaint.is_some());
        assert!(said(1.0, None, "E").complaint.is_some());
    }
}
