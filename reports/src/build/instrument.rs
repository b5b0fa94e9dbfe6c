//! Every channel with the instrument and certificate behind it.

use super::{head, quantity};
use crate::document::{Certificate, Frame, FramePoint, Instrument};
use crate::extra::Laboratory;
use crate::number::{exact, factor, significant, with_unit};
use certbench_model::finding::{FittedFrame, Residual};
use certbench_model::{
    Calibration, CalibrationRange, Channel, Date, Facts, Quantity, Registration, Source, Unit,
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
        file: calibration.file.clone(),
    }
}

/// `0 … 500 N: U = 0.2 N + 0.1 % (k = 2)`.
fn range(range: &CalibrationRange, unit: Unit) -> String {
    let ends = with_unit(
        &format!("{} … {}", exact(range.from), exact(range.to)),
        unit,
    );
    let absolute = (range.u_abs != 0.0).then(|| with_unit(&exact(range.u_abs), unit));
    let percent = exact((range.u_rel * 1e8).round() / 1e6);
    let relative = (range.u_rel != 0.0).then(|| format!("{percent} %"));
    let parts: Vec<_> = [absolute, relative].into_iter().flatten().collect();
    let u = match parts.as_slice() {
        [] => with_unit("0", unit),
        parts => parts.join(" + "),
    };
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
