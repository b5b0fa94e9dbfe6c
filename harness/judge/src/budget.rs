//! Uncertainty budgets: contributions in, an expanded uncertainty with its k out.

use crate::stats::Confidence;
use crate::stats::student::{Contribution, combine};
use certbench_model::finding::{BudgetLine, Measured};
use certbench_model::{Channel, Text, Unit};

/// The contributions to one result, in its unit.
#[derive(Debug, Default, Clone)]
pub(crate) struct Budget {
    lines: Vec<BudgetLine>,
    unknown: bool,
}

impl Budget {
    /// Type A: statistics of this run, `nu` degrees of freedom. `None`: not known, and then the
    /// result has no uncertainty and no verdict.
    pub(crate) fn scatter(&mut self, name: Text, u: Option<f64>, nu: f64) {
        match u {
            Some(u) => self.lines.push(BudgetLine {
                name,
                type_ab: "A".into(),
                distribution: "t".into(),
                u,
                nu: Some(nu),
                from: None,
            }),
            None => self.unknown = true,
        }
    }

    /// Type B from a certificate: normal, taken as exactly known.
    pub(crate) fn certificate(&mut self, name: Text, u: Option<f64>, channel: &Channel) {
        let from = channel.calibration.as_ref().map(|c| c.certificate.clone());
        self.known(name, "normal", u, from);
    }

    /// Type B: anywhere within plus or minus `half`, rectangular (`u = a / sqrt 3`).
    pub(crate) fn rectangular(&mut self, name: Text, half: f64, from: Option<String>) {
        self.known(name, "rectangular", Some(half / 3f64.sqrt()), from);
    }

    /// Type B, normal, from a place that is named.
    pub(crate) fn normal(&mut self, name: Text, u: f64, from: Option<String>) {
        self.known(name, "normal", Some(u), from);
    }

    fn known(&mut self, name: Text, distribution: &str, u: Option<f64>, from: Option<String>) {
        match u {
            Some(u) => self.lines.push(BudgetLine {
                name,
                type_ab: "B".into(),
                distribution: distribution.into(),
                u,
                nu: None,
                from,
            }),
            None => self.unknown = true,
        }
    }

    /// A contribution that was worked out elsewhere.
    pub(crate) fn line(&mut self, line: BudgetLine) {
        self.lines.push(line);
    }

    /// Takes over the contributions of another budget.
    pub(crate) fn append(&mut self, other: Budget) {
        self.lines.extend(other.lines);
        self.unknown |= other.unknown;
    }

    /// The measured value at a coverage of 95.45 %.
    pub(crate) fn measured(self, value: f64, unit: Unit, n: usize) -> Measured {
        let contributions: Vec<Contribution> = self
            .lines
            .iter()
            .map(|line| Contribution {
                u: line.u,
                nu: line.nu.unwrap_or(f64::INFINITY),
            })
            .collect();
        let combined = combine(&contributions).filter(|_| !self.unknown && !self.lines.is_empty());
        let expanded = combined.and_then(|c| c.expanded(Confidence::P9545));
        let nu_eff = combined.map(|c| c.nu_eff.floor());
        Measured {
            value,
            unit,
            n: u32::try_from(n).unwrap_or(u32::MAX),
            u_expanded: expanded.map(|(u, _)| u),
            k: expanded.map(|(_, k)| k),
            nu_eff: nu_eff.filter(|nu| nu.is_finite()),
            budget: self.lines,
            bound: None,
        }
    }
}

/// Standard uncertainty of an instrument's reading, in the channel's unit.
pub(crate) fn instrument(channel: &Channel, reading: f64) -> Option<f64> {
    channel.calibration.as_ref()?.standard_uncertainty(reading)
}

/// Standard deviation of a single reading's noise in the channel's unit, if the certificate says.
pub(crate) fn noise(channel: &Channel) -> Option<f64> {
    channel.calibration.as_ref()?.noise
}
