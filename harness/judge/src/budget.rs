//! Uncertainty budgets: contributions in, an expanded uncertainty with its k out.

use crate::stats::Confidence;
use crate::stats::student::{Contribution, combine};
use certbench_model::finding::{BudgetLine, Measured};
use certbench_model::{Channel, InUse, Part, Text, Unit};
use std::ops::{Add, Mul};

/// What is left open of a reading, cause by cause, as standard uncertainties: first what the certificate
/// says (or the noise, where that alone does not cancel), then resolution, alignment and temperature of
/// the instrument as it is used, zero where nothing is stated.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Doubt([f64; 4]);

/// What the parts in use are called.
const PARTS: [(&str, &str); 3] = [
    ("resolution", "分辨力"),
    ("alignment", "对准"),
    ("temperature", "温度"),
];

impl Doubt {
    /// Of a certificate alone.
    pub(crate) fn certified(u: f64) -> Doubt {
        Doubt([u, 0.0, 0.0, 0.0])
    }

    /// Root of the sum of squares.
    pub(crate) fn combined(self) -> f64 {
        self.0.iter().map(|u| u * u).sum::<f64>().sqrt()
    }

    /// Of a mean of `n` readings: their noise is independent, a part in use does not average out.
    pub(crate) fn averaged(self, n: usize) -> Doubt {
        let [noise, parts @ ..] = self.0;
        let [resolution, alignment, temperature] = parts;
        let noise = noise / (n.max(1) as f64).sqrt();
        Doubt([noise, resolution, alignment, temperature])
    }

    /// Cause by cause with another one.
    pub(crate) fn with(self, other: Doubt, of: fn(f64, f64) -> f64) -> Doubt {
        Doubt(std::array::from_fn(|i| of(self.0[i], other.0[i])))
    }

    /// In another unit; `None` when that is of another dimension.
    pub(crate) fn converted(self, from: Unit, to: Unit) -> Option<Doubt> {
        let factor = from.convert_difference(1.0, to).ok()?;
        Some(self * factor)
    }
}

impl Mul<f64> for Doubt {
    type Output = Doubt;

    /// Times a sensitivity, whose sign says nothing.
    fn mul(self, sensitivity: f64) -> Doubt {
        Doubt(self.0.map(|u| u * sensitivity.abs()))
    }
}

impl Add for Doubt {
    type Output = Doubt;

    /// As if the same cause acted twice with the same sign.
    fn add(self, other: Doubt) -> Doubt {
        self.with(other, |a, b| a + b)
    }
}

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
                common: false,
            }),
            None => self.unknown = true,
        }
    }

    /// Type B from a certificate: normal, taken as exactly known; and a rectangular line for each part
    /// of the instrument in use that adds something.
    pub(crate) fn certificate(&mut self, name: Text, u: Option<Doubt>, channel: &Channel) {
        let from = channel.calibration.as_ref().map(|c| c.certificate.clone());
        self.known(name.clone(), "normal", u.map(|u| u.0[0]), from);
        let parts = channel.calibration.as_ref().and_then(|c| c.in_use.as_ref());
        let parts = parts.map_or([None; 3], InUse::parts);
        let each = u.iter().flat_map(|u| u.0.into_iter().skip(1));
        for ((u, part), (en, zh)) in each.zip(parts).zip(PARTS) {
            let Some(part) = part.filter(|_| u > 0.0) else {
                continue;
            };
            self.line(BudgetLine {
                name: Text::new(format!("{}: {en}", name.en), format!("{}：{zh}", name.zh)),
                type_ab: "B".into(),
                distribution: "rectangular".into(),
                u,
                nu: None,
                from: Some(format!("{}: {}", channel.id, part.from)),
                common: part.steady,
            });
        }
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
                common: false,
            }),
            None => self.unknown = true,
        }
    }

    /// Something that nobody knows enters: there is no uncertainty.
    pub(crate) fn unknown(&mut self) {
        self.unknown = true;
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

/// What is left open of an instrument's reading, in the channel's unit; `None` where its certificate
/// says nothing.
pub(crate) fn instrument(channel: &Channel, reading: f64) -> Option<Doubt> {
    let certified = channel
        .calibration
        .as_ref()?
        .standard_uncertainty(reading)?;
    Some(with_parts(channel, certified, reading, |_| true))
}

/// What does not cancel between readings of nearly one value, in the channel's unit: the noise of one of
/// them if it is known, or else all that the certificate says, and every part in use that is not steady.
pub(crate) fn between_readings(
    channel: &Channel,
    reading: f64,
    noise: Option<f64>,
) -> Option<Doubt> {
    let certified = channel.calibration.as_ref()?.standard_uncertainty(reading);
    let apart = noise.or(certified)?;
    Some(with_parts(channel, apart, reading, |part| !part.steady))
}

fn with_parts(channel: &Channel, first: f64, reading: f64, counts: fn(&Part) -> bool) -> Doubt {
    let in_use = channel.calibration.as_ref().and_then(|c| c.in_use.as_ref());
    let parts = in_use.map_or([None; 3], InUse::parts);
    let [resolution, alignment, temperature] = parts.map(|part| {
        let part = part.filter(|part| counts(part));
        part.map_or(0.0, |part| part.standard_uncertainty(reading))
    });
    Doubt([first, resolution, alignment, temperature])
}

/// Standard deviation of a single reading's noise in the channel's unit, if the certificate says.
pub(crate) fn noise(channel: &Channel) -> Option<f64> {
    channel.calibration.as_ref()?.noise
}

/// Standard uncertainty of an angle of a pose by its certificate, degrees.
pub(crate) fn angle(channel: &Channel) -> Option<f64> {
    let angles = channel.calibration.as_ref()?.angles?;
    Some(angles.u_deg / angles.k)
}

/// Standard deviation of the mean of so many angles by the instrument's noise, degrees. Without one
/// stated, all that the certificate says, which no mean makes less.
pub(crate) fn angle_noise(channel: &Channel, readings: usize) -> Option<f64> {
    let angles = channel.calibration.as_ref()?.angles?;
    let mean = |s: f64| s / (readings.max(1) as f64).sqrt();
    Some(angles.noise_deg.map_or(angles.u_deg / angles.k, mean))
}
