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

    /// The mean over a time against a known value.
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
        } else if (mean - check.expect).abs() > check.within {
            format!(
                "the mean of {n} samples is {mean}; expected {} ± {}",
                check.expect, check.within
            )
        } else {
            return Ok(());
        };
        self.suspects.insert(channel.device.clone());
        let attributed = fault(FaultKind::Instrument, &channel.id, format!("check: {text}"));
        Err(self.cut(attributed))
    }
}
