//! Zero an instrument, or hold it against a known value.

use crate::executor::{Cut, Executor};
use crate::resolve::seconds;
use crate::trouble::fault;
use certbench_model::step::{Check, Zero};
use certbench_model::{FaultKind, Text};
use certbench_roles::Trouble;

impl Executor {
    pub(super) fn zero(&mut self, zero: &Zero) -> Result<(), Cut> {
        let plan = self.bench.plan.clone();
        let Some((_, channel)) = plan.channel(&zero.channel) else {
            let why = format!("the plan has no channel `{}`", zero.channel);
            return Err(self.impossible(Text::same(why)));
        };
        let device = self.opened(&channel.device)?;
        let Some(instrument) = device.zero() else {
            let refused = Trouble::Refused("it cannot be zeroed from here".to_string());
            return Err(self.trouble(&channel.device, &refused));
        };
        let what = format!("zero `{}`", channel.signal);
        self.command(&channel.device, &what, device.call_at_most(), || {
            instrument.zero(&channel.signal)
        })
    }

    /// The mean over a time against a known value, or against what was taken before.
    pub(super) fn check(&mut self, check: &Check) -> Result<(), Cut> {
        let plan = self.bench.plan.clone();
        let known = plan.channel(&check.channel).and_then(|(index, channel)| {
            let component = match check.component.as_str() {
                "" => 0,
                name => channel.component(name)?,
            };
            Some((index, channel, component))
        });
        let Some((index, channel, component)) = known else {
            let why = format!("the plan has no channel `{}`", check.channel);
            return Err(self.impossible(Text::same(why)));
        };
        let unit = channel.components.get(component).map(|c| c.unit);
        let taken = check.returns_to.as_ref().map(|name| {
            let first = self.case.taken.get(name).map(|taken| taken.first);
            unit.and_then(|unit| first?.to(unit).ok())
        });
        let (expect, kind) = match taken {
            None => (check.expect, FaultKind::Instrument),
            Some(Some(first)) => (first, FaultKind::Unattributable),
            Some(None) => {
                let why = format!("`{}`: nothing was taken to check against", check.channel);
                return Err(self.impossible(Text::same(why)));
            }
        };
        let (mut sum, mut n, mut invalid) = (0.0, 0u64, 0u64);
        let until = self.now() + seconds(check.over_s);
        self.follow(index, until, |sample| {
            match sample.reading.component(component) {
                Some(value) => {
                    sum += value;
                    n += 1;
                }
                None => invalid += 1,
            }
            false
        })?;
        let mean = sum / n as f64;
        let text = if n == 0 || invalid > 0 {
            format!(
                "{n} valid and {invalid} invalid samples in {} s",
                check.over_s
            )
        } else if (mean - expect).abs() > check.within {
            format!(
                "the mean of {n} samples is {mean}; expected {expect} ± {}{}",
                check.within,
                match check.returns_to {
                    None => "",
                    Some(_) =>
                        ". Either the instrument has drifted, or what it looks at has not come back \
                         to where it was; look at both with a target that stands still",
                }
            )
        } else {
            return Ok(());
        };
        self.suspects.insert(channel.device.clone());
        let attributed = fault(kind, &channel.id, format!("check: {text}"));
        Err(self.cut(attributed))
    }
}
