//! What a bench says of an instrument beside the ranges of its certificate: its angles, and how it is
//! used.

use super::Checker;
use super::device::Signal;
use super::literal::{difference_in, filled, number_in, positive};
use crate::complaint::{Complaint, Span};
use crate::written::bench::{Alignment, Angles, InUse as Written, PartName, Resolution, Warmth};
use crate::yaml::{At, Scalar};
use certbench_model::{AngleCalibration, InUse, Part, Unit};

/// An axis that stands further off is no alignment, degrees.
const ANGLE_MOST: f64 = 45.0;

impl Checker<'_> {
    /// The angles of a pose.
    pub(super) fn angles(&self, written: &At<Angles>, of: &Signal) -> Option<AngleCalibration> {
        let angles = written.get()?;
        let turns = |c: &certbench_model::Component| c.name == "a" && c.unit.compatible(degree());
        if !of.components.iter().any(turns) {
            let message = "this signal is no pose with angles a, b, c";
            self.sink
                .push(Complaint::new("no-angles", written.head, message));
            return None;
        }
        let degrees = |at: &At<Scalar>, what| {
            positive(number_in(at, "deg", self.sink)?, at.span, what, self.sink)
        };
        let noise = angles.noise.as_ref().map(|n| degrees(n, "noise"));
        Some(AngleCalibration {
            u_deg: degrees(&angles.u, "an uncertainty")?,
            k: self.coverage_factor(&angles.k)?,
            noise_deg: noise.map_or(Some(None), |n| n.map(Some))?,
        })
    }

    /// Resolution, alignment and temperature of an instrument, as half-widths in the signal's unit.
    pub(super) fn in_use(&self, written: &At<Written>, of: &Signal) -> Option<InUse> {
        let used = written.get()?;
        if of.digital {
            let message = "a contact has no reading that a use could change";
            self.sink
                .push(Complaint::new("needless-use", written.head, message));
            return None;
        }
        let stated: [(PartName, Option<Span>); 3] = [
            (
                PartName::Resolution,
                used.resolution.as_ref().map(|p| p.head),
            ),
            (PartName::Alignment, used.alignment.as_ref().map(|p| p.head)),
            (
                PartName::Temperature,
                used.temperature.as_ref().map(|p| p.head),
            ),
        ];
        let held = self.held(used, &stated);
        if used.in_certificate.is_none() && stated.iter().all(|(_, at)| at.is_none()) {
            let message = "nothing is said of resolution, alignment or temperature";
            self.sink
                .push(Complaint::new("missing-key", written.head, message));
        }
        let resolution = used
            .resolution
            .as_ref()
            .map(|p| self.resolution(p, of.unit()));
        let alignment = used.alignment.as_ref().map(|p| self.alignment(p, of));
        let temperature = used.temperature.as_ref().map(|p| self.warmth(p, of.unit()));
        Some(InUse {
            resolution: resolution.flatten(),
            alignment: alignment.flatten(),
            temperature: temperature.flatten(),
            in_certificate: held,
        })
    }

    /// What the certificate holds already; to state it beside would count it twice.
    fn held(&self, used: &Written, stated: &[(PartName, Option<Span>); 3]) -> Vec<String> {
        let list = used.in_certificate.as_ref().and_then(At::get);
        let mut held = Vec::new();
        for at in list.into_iter().flatten() {
            let Some(name) = at.get() else { continue };
            let twice = stated.iter().find(|(n, at)| n == name && at.is_some());
            if let Some(beside) = twice.and_then(|(_, at)| *at) {
                let message = "the certificate's U holds it already, and it is stated beside it";
                let complaint = Complaint::new("counted-twice", at.span, message);
                self.sink.push(complaint.also(beside, "stated here"));
            }
            let word = match name {
                PartName::Resolution => "resolution",
                PartName::Alignment => "alignment",
                PartName::Temperature => "temperature",
            };
            held.push(word.to_string());
        }
        held
    }

    fn resolution(&self, written: &At<Resolution>, unit: Unit) -> Option<Part> {
        let part = written.get()?;
        let step = self.above_zero(&part.step, unit, "a resolution")?;
        Some(Part {
            half_abs: step / 2.0,
            half_rel: 0.0,
            steady: false,
            from: filled(&part.from, self.sink)?,
        })
    }

    fn alignment(&self, written: &At<Alignment>, of: &Signal) -> Option<Part> {
        let part = written.get()?;
        let (half_abs, half_rel) = match (&part.half_width, &part.angle) {
            (Some(half), None) => (self.above_zero(half, of.unit(), "a half-width")?, 0.0),
            (None, Some(at)) => (0.0, self.cosine(at, of)?),
            _ => {
                let message = "an alignment is either a `half_width` or an `angle`";
                self.sink
                    .push(Complaint::new("missing-key", written.head, message));
                return None;
            }
        };
        Some(Part {
            half_abs,
            half_rel,
            steady: self.steady(part.steady.as_ref(), true)?,
            from: filled(&part.from, self.sink)?,
        })
    }

    /// What is lost at most along an axis that stands off by an angle, as a share of what is read. Not corrected for, it lies
    /// between nothing and this: the root of its mean square is that of a half-width (F.2.4.5).
    fn cosine(&self, at: &At<Scalar>, of: &Signal) -> Option<f64> {
        if of.components.len() != 1 {
            let message = "a signal of several components has no axis; state a `half_width`";
            self.sink.push(Complaint::new("no-axis", at.span, message));
            return None;
        }
        let angle = self.above_zero(at, degree(), "an angle")?;
        if angle > ANGLE_MOST {
            let message = format!("an axis that is {angle} deg off is no alignment");
            self.sink
                .push(Complaint::new("out-of-range", at.span, message));
            return None;
        }
        Some(1.0 / angle.to_radians().cos() - 1.0)
    }

    fn warmth(&self, written: &At<Warmth>, unit: Unit) -> Option<Part> {
        let part = written.get()?;
        let kelvin = Unit::parse("K").ok()?;
        let within = self.above_zero(&part.within, kelvin, "a range of temperature");
        let per = part.per_kelvin.as_ref();
        let share = part.per_kelvin_relative.as_ref();
        if per.is_none() && share.is_none() {
            let message = "neither `per_kelvin` nor `per_kelvin_relative` says what a kelvin does";
            self.sink
                .push(Complaint::new("missing-key", written.head, message));
            return None;
        }
        let per = per.map_or(Some(0.0), |at| self.above_zero(at, unit, "a coefficient"));
        let share = share.map_or(Some(0.0), |at| {
            self.above_zero(at, Unit::one(), "a coefficient")
        });
        let (per, share, within) = (per?, share?, within?);
        Some(Part {
            half_abs: per * within,
            half_rel: share * within,
            steady: self.steady(part.steady.as_ref(), false)?,
            from: filled(&part.from, self.sink)?,
        })
    }

    fn steady(&self, written: Option<&At<bool>>, otherwise: bool) -> Option<bool> {
        written.map_or(Some(otherwise), |at| at.get().copied())
    }

    fn above_zero(&self, at: &At<Scalar>, unit: Unit, what: &str) -> Option<f64> {
        positive(
            difference_in(at, unit, self.sink)?,
            at.span,
            what,
            self.sink,
        )
    }
}

fn degree() -> Unit {
    Unit::parse("deg").unwrap_or(Unit::one())
}
