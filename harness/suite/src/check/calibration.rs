//! Certificates and registrations of instruments.

use super::Checker;
use super::device::Signal;
use super::literal::{date, difference_in, filled, not_negative, number_in, positive, quantity_at};
use super::shared::not_empty;
use crate::complaint::{Complaint, Span};
use crate::written::bench::{Calibration as Written, Range, Registration as WrittenRegistration};
use crate::yaml::{At, Scalar};
use certbench_model::{
    Calibration, CalibrationRange, Date, FileDigest, Quantity, Registration, Unit,
};

/// A certificate and the delay of the instrument that it is about.
#[derive(Clone, Debug)]
pub(crate) struct Certified {
    pub(crate) span: Span,
    pub(crate) calibration: Calibration,
    pub(crate) delay_s: [f64; 2],
}

/// What was written is either sound or complained of.
fn opened<T>(written: Option<Option<T>>) -> Option<Option<T>> {
    match written {
        None => Some(None),
        Some(sound) => sound.map(Some),
    }
}

impl Checker<'_> {
    /// What a certificate says about a signal, in the unit of its first component; a contact has no
    /// ranges.
    pub(crate) fn calibration(
        &self,
        span: Span,
        written: &At<Written>,
        of: &Signal,
    ) -> Option<Certified> {
        let (unit, digital) = (of.unit(), of.digital);
        let certificate = written.get()?;
        let sink = self.sink;
        let days = (date(&certificate.date, sink), date(&certificate.due, sink));
        let ranges = self.ranges(certificate, written.head, unit, digital);
        let delay_s = self.delay(certificate.delay.as_ref());
        let file = self.certificate_file(certificate);
        let noise = certificate
            .noise
            .as_ref()
            .and_then(|n| not_negative(difference_in(n, unit, sink)?, n.span, "noise", sink));
        let bandwidth_hz = certificate
            .bandwidth
            .as_ref()
            .and_then(|b| positive(number_in(b, "Hz", sink)?, b.span, "a bandwidth", sink));
        let angles = certificate.angles.as_ref().map(|a| self.angles(a, of));
        let in_use = certificate.in_use.as_ref().map(|u| self.in_use(u, of));
        let direction = certificate.direction.as_ref().and_then(|d| filled(d, sink));
        let calibration = Calibration {
            certificate: filled(&certificate.certificate, sink)?,
            body: filled(&certificate.body, sink)?,
            file,
            date: days.0?,
            due: self.ordered(days, certificate)?,
            ranges: ranges?,
            direction,
            bandwidth_hz,
            noise,
            angles: opened(angles)?,
            in_use: opened(in_use)?,
        };
        Some(Certified {
            span,
            calibration,
            delay_s: delay_s?,
        })
    }

    fn ordered(&self, days: (Option<Date>, Option<Date>), written: &Written) -> Option<Date> {
        let (date, due) = (days.0?, days.1?);
        if due < date {
            let message = format!("due on {due}, before the calibration itself on {date}");
            let complaint = Complaint::new("due-before-date", written.due.span, message);
            self.sink
                .push(complaint.also(written.date.span, "calibrated here"));
            return None;
        }
        Some(due)
    }

    fn ranges(
        &self,
        written: &Written,
        head: Span,
        unit: Unit,
        digital: bool,
    ) -> Option<Vec<CalibrationRange>> {
        let whole = CalibrationRange {
            from: 0.0,
            to: 1.0,
            u_abs: 0.0,
            u_rel: 0.0,
            k: 2.0,
        };
        let list = match (&written.ranges, digital) {
            (None, true) => return Some(vec![whole]),
            (Some(ranges), true) => {
                let message = "a contact has no ranges; its certificate is about its delay";
                self.sink
                    .push(Complaint::new("needless-range", ranges.head, message));
                return None;
            }
            (None, false) => {
                let message = "the key `ranges` is missing";
                self.sink.push(Complaint::new("missing-key", head, message));
                return None;
            }
            (Some(ranges), false) => ranges,
        };
        not_empty("missing-range", "calibrated ranges", list, self.sink);
        let read: Vec<_> = list
            .get()?
            .iter()
            .map(|r| Some((r.span, self.range_of(r, unit)?)))
            .collect();
        let read: Vec<(Span, CalibrationRange)> = read.into_iter().collect::<Option<_>>()?;
        for ((first, a), (second, b)) in read.iter().zip(read.iter().skip(1)) {
            if b.from < a.to {
                let message = format!("begins at {} {unit}, inside the range before it", b.from);
                let complaint = Complaint::new("overlapping-range", *second, message);
                self.sink
                    .push(complaint.also(*first, format!("ends at {} {unit}", a.to)));
                return None;
            }
        }
        Some(read.into_iter().map(|(_, r)| r).collect())
    }

    fn range_of(&self, written: &At<Range>, unit: Unit) -> Option<CalibrationRange> {
        let range = written.get()?;
        let sink = self.sink;
        let end = |at: &At<Scalar>| quantity_at(at, unit, sink)?.to(unit).ok();
        let (from, to) = (end(&range.from), end(&range.to));
        let u_abs = difference_in(&range.u, unit, sink)
            .and_then(|u| not_negative(u, range.u.span, "an uncertainty", sink));
        let u_rel = match &range.u_relative {
            None => Some(0.0),
            Some(at) => number_in(at, "1", sink)
                .and_then(|u| not_negative(u, at.span, "an uncertainty", sink)),
        };
        let k = self.coverage_factor(&range.k);
        let (from, to) = (from?, to?);
        if from >= to {
            let message = format!("the range begins at {from} {unit} and ends at {to} {unit}");
            sink.push(Complaint::new("swapped-range", written.span, message));
            return None;
        }
        Some(CalibrationRange {
            from,
            to,
            u_abs: u_abs?,
            u_rel: u_rel?,
            k: k?,
        })
    }

    pub(super) fn coverage_factor(&self, written: &At<Scalar>) -> Option<f64> {
        let text = &written.get()?.text;
        let k = text.parse::<f64>().ok().filter(|k| (1.0..=5.0).contains(k));
        if k.is_none() {
            let message = format!("`{text}` is no coverage factor; it lies between 1 and 5");
            self.sink
                .push(Complaint::new("not-a-number", written.span, message));
        }
        k
    }

    fn delay(&self, written: Option<&At<Vec<At<Scalar>>>>) -> Option<[f64; 2]> {
        let Some(written) = written else {
            return Some([0.0, 0.0]);
        };
        let [least, most] = written.get()?.as_slice() else {
            let message = "a delay has two ends: least and most";
            self.sink
                .push(Complaint::new("bad-range", written.span, message));
            return None;
        };
        let time = |at: &At<Scalar>| {
            not_negative(
                number_in(at, "s", self.sink)?,
                at.span,
                "a delay",
                self.sink,
            )
        };
        let (least, most) = (time(least)?, time(most)?);
        if least > most {
            let message = format!("the delay begins at {least} s and ends at {most} s");
            self.sink
                .push(Complaint::new("swapped-range", written.span, message));
            return None;
        }
        Some([least, most])
    }

    fn certificate_file(&self, written: &Written) -> Option<FileDigest> {
        let Some(file) = &written.file else {
            if let Some(hash) = &written.sha256 {
                let message = "a hash without a file";
                self.sink
                    .push(Complaint::new("missing-key", hash.span, message).help("add `file:`"));
            }
            return None;
        };
        let digest = match self.sources.digest_inside(file.span, file.get()?) {
            Ok(digest) => digest,
            Err(complaint) => {
                self.sink.push(complaint);
                return None;
            }
        };
        let declared = written.sha256.as_ref();
        if let Some((hash, at)) = declared.and_then(|h| Some((h.get()?, h.span)))
            && !hash.eq_ignore_ascii_case(&digest.sha256)
        {
            let message = format!("`{}` is not the file with this hash", digest.path);
            self.sink.push(
                Complaint::new("wrong-hash", at, message)
                    .note(format!("its SHA-256 is {}", digest.sha256)),
            );
        }
        Some(digest)
    }

    /// Where a tracker's own frame lies.
    pub(crate) fn registration(&self, written: &At<WrittenRegistration>) -> Option<Registration> {
        let registration = written.get()?;
        let sink = self.sink;
        let translation = self.three(&registration.translation, "mm");
        let rotation = self.three(&registration.rotation, "deg");
        let uncertainty = |at: &At<Scalar>, symbol: &str| {
            let value = positive(number_in(at, symbol, sink)?, at.span, "U", sink)?;
            Some(Quantity::new(value, Unit::parse(symbol).ok()?))
        };
        let u_position = uncertainty(&registration.u_position, "mm");
        let u_angle = registration
            .u_angle
            .as_ref()
            .and_then(|u| uncertainty(u, "deg"));
        Some(Registration {
            frame: filled(&registration.frame, sink)?,
            method: filled(&registration.method, sink)?,
            translation_mm: translation?,
            rotation_deg: rotation?,
            u_position: u_position?,
            u_angle,
        })
    }

    pub(crate) fn three(&self, written: &At<Vec<At<Scalar>>>, symbol: &str) -> Option<[f64; 3]> {
        let list = written.get()?;
        let numbers: Vec<f64> = list
            .iter()
            .filter_map(|at| number_in(at, symbol, self.sink))
            .collect();
        if list.len() != 3 {
            let message = format!("three values are expected, found {}", list.len());
            self.sink
                .push(Complaint::new("wrong-length", written.head, message));
        }
        numbers.try_into().ok()
    }
}
