//! Every channel with the instrument and certificate behind it.

use super::{head, quantity};
use crate::document::{Certificate, Frame, FramePoint, Instrument, PartInUse};
use crate::extra::Laboratory;
use crate::number::{exact, factor, significant, with_unit};
use certbench_model::finding::{FittedFrame, Residual};
use certbench_model::{
    AngleCalibration, Calibration, CalibrationRange, Channel, Date, Facts, InUse, Part, Quantity,
    Registration, Source, Unit,
};

pub(super) fn instruments(
    facts: &Facts,
    fitted: &[FittedFrame],
    laboratory: &Laboratory,
) -> Vec<Instrument> {
    let one = |channel: &Channel| {
        let fitted = fitted.iter().find(|f| f.channel == channel.id);
        instrument(facts, fitted, laboratory, channel)
    };
    facts.plan.channels.iter().map(one).collect()
}

pub(super) fn source(source: Source) -> &'static str {
    match source {
        Source::Reference => "reference",
        Source::Device => "device",
    }
}

fn instrument(
    facts: &Facts,
    fitted: Option<&FittedFrame>,
    laboratory: &Laboratory,
    channel: &Channel,
) -> Instrument {
    let unit = channel.components.first().map_or(Unit::one(), |c| c.unit);
    let component = |c: &certbench_model::Component| match c.unit.print() {
        "" => c.name.clone(),
        print => format!("{} [{print}]", c.name),
    };
    let components: Vec<_> = channel.components.iter().map(component).collect();
    let [least, most] = channel.delay_s.map(|s| exact((s * 1e6).round() / 1e3));
    let device = facts.plan.device(&channel.device);
    Instrument {
        channel: channel.id.clone(),
        device: channel.device.clone(),
        signal: channel.signal.clone(),
        source: source(channel.source).to_string(),
        provenance: device.map(|d| head::provenance(d.provenance).to_string()),
        components: components.join(", "),
        identity: head::instrument_identity(facts, laboratory, &channel.device),
        interval_s: exact(channel.interval_s),
        delay_ms: format!("{least} … {most}"),
        calibration: channel
            .calibration
            .as_ref()
            .map(|c| certificate(c, unit, facts.day)),
        registration: match fitted {
            None => channel.registration.as_ref().map(|r| frame(r, &[])),
            Some(fitted) => {
                let fit = fitted.fit.as_ref();
                fit.map(|f| frame(&f.registration, &f.residuals))
            }
        },
        no_frame: fitted.map_or_else(Vec::new, |f| {
            f.reasons.iter().map(|r| r.text.clone()).collect()
        }),
    }
}

fn certificate(calibration: &Calibration, unit: Unit, day: Date) -> Certificate {
    let in_use = calibration.in_use.as_ref();
    Certificate {
        number: calibration.certificate.clone(),
        body: calibration.body.clone(),
        date: calibration.date.to_string(),
        due: calibration.due.to_string(),
        in_force: calibration.valid_on(day),
        uncertainty: calibration.ranges.iter().map(|r| range(r, unit)).collect(),
        noise: calibration.noise.map(|n| with_unit(&exact(n), unit)),
        direction: calibration.direction.clone(),
        bandwidth: calibration.bandwidth_hz.map(|f| format!("{} Hz", exact(f))),
        angles: calibration.angles.map(angles),
        in_use: in_use.map_or_else(Vec::new, |used| parts(used, unit)),
        in_certificate: in_use.map_or_else(Vec::new, |used| used.in_certificate.clone()),
        file: calibration.file.clone(),
    }
}

/// `U = 0.02° (k = 2), 0.005°`: uncertainty and noise.
fn angles(of: AngleCalibration) -> String {
    let noise = of.noise_deg.map(|n| format!(", σ = {}°", exact(n)));
    let u = format!("U = {}° (k\u{a0}=\u{a0}{})", exact(of.u_deg), factor(of.k));
    u + &noise.unwrap_or_default()
}

fn parts(used: &InUse, unit: Unit) -> Vec<PartInUse> {
    let names = ["resolution", "alignment", "temperature"];
    let stated = names.into_iter().zip(used.parts());
    let one = |(name, part): (&str, Option<&Part>)| {
        let part = part?;
        let half = amount(part.half_abs, part.half_rel, unit);
        Some(PartInUse {
            part: name.to_string(),
            half_width: format!("±\u{a0}{half}"),
            steady: part.steady,
            from: part.from.clone(),
        })
    };
    stated.filter_map(one).collect()
}

/// `0.2 N + 0.1 %`: an absolute part and one of the reading.
fn amount(absolute: f64, relative: f64, unit: Unit) -> String {
    let percent = exact((relative * 1e8).round() / 1e6);
    let absolute = (absolute != 0.0).then(|| with_unit(&exact(absolute), unit));
    let relative = (relative != 0.0).then(|| format!("{percent} %"));
    let parts: Vec<_> = [absolute, relative].into_iter().flatten().collect();
    match parts.as_slice() {
        [] => with_unit("0", unit),
        parts => parts.join(" + "),
    }
}

/// `0 … 500 N: U = 0.2 N + 0.1 % (k = 2)`.
fn range(range: &CalibrationRange, unit: Unit) -> String {
    let ends = with_unit(
        &format!("{} … {}", exact(range.from), exact(range.to)),
        unit,
    );
    let u = amount(range.u_abs, range.u_rel, unit);
    format!("{ends}: U = {u} (k\u{a0}=\u{a0}{})", factor(range.k))
}

fn frame(registration: &Registration, residuals: &[Residual]) -> Frame {
    Frame {
        frame: registration.frame.clone(),
        method: registration.method.clone(),
        u_position: match residuals {
            [] => quantity(registration.u_position),
            _ => with_unit(
                &significant(registration.u_position.value, 2),
                registration.u_position.unit,
            ),
        },
        u_angle: registration.u_angle.map(quantity),
        points: residuals.iter().map(frame_point).collect(),
    }
}

/// To the micrometre: finer than any tracker.
fn frame_point(residual: &Residual) -> FramePoint {
    let Quantity { value, unit } = residual.distance;
    FramePoint {
        point: residual.point.clone(),
        residual: with_unit(&exact((value * 1e3).round() / 1e3), unit),
        line: residual.evidence.line,
    }
}
