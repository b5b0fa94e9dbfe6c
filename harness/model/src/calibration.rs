//! What a certificate of calibration says, as far as a verdict needs it.

use crate::{Date, FileDigest, Quantity};
use serde::{Deserialize, Serialize};

/// One calibrated signal of a reference instrument (ISO/IEC 17025:2017, 6.4.13 e and 6.5).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// Number of the certificate.
    pub certificate: String,
    /// The body that issued it.
    pub body: String,
    /// The certificate itself.
    pub file: Option<FileDigest>,
    /// Day of the calibration.
    pub date: Date,
    /// Last day on which it may be used for a verdict.
    pub due: Date,
    /// Uncertainty over the range; all in the signal's own unit. A sample in no range is unusable.
    pub ranges: Vec<CalibrationRange>,
    /// Direction it holds for: `compression` or `tension` (what positive means is the gauge's option
    /// `positive`), `positive`, `negative`, or `both`, as when empty. A reading against it, or a word
    /// that no sign tells, is unusable for a verdict.
    pub direction: Option<String>,
    /// Highest signal frequency it holds for, Hz.
    pub bandwidth_hz: Option<f64>,
    /// Standard deviation of a single reading's noise (1 sigma), in the signal's unit. It is part
    /// of `U` too; metrics of repeatability need it apart (standards.md 9.4).
    pub noise: Option<f64>,
    /// What it says of the angles of a pose, whose positions the ranges are about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub angles: Option<AngleCalibration>,
    /// What it does not say: the instrument as it is used on this bench.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_use: Option<InUse>,
}

/// Uncertainty of the angles of a pose, in degrees.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct AngleCalibration {
    /// Expanded uncertainty of one angle.
    pub u_deg: f64,
    /// Its coverage factor.
    pub k: f64,
    /// Standard deviation of a single angle's noise (1 sigma); part of `u_deg` too.
    pub noise_deg: Option<f64>,
}

/// What the use of an instrument adds to its certificate (JCGM 100:2008, 4.3.7 and F.2): each part an
/// unknown error anywhere within a half-width.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct InUse {
    /// Half of the step of the indication (F.2.2.1).
    pub resolution: Option<Part>,
    /// How the instrument stands to what it measures.
    pub alignment: Option<Part>,
    /// How far from the temperature of its calibration it is used.
    pub temperature: Option<Part>,
    /// What the `U` of the certificate holds already: `resolution`, `alignment`, `temperature`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub in_certificate: Vec<String>,
}

/// An error within plus or minus `half_abs + half_rel * |reading|`, no value likelier than another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// Absolute half-width, in the signal's unit.
    pub half_abs: f64,
    /// Part proportional to the magnitude of the reading (0.01 = 1 %).
    pub half_rel: f64,
    /// It is the same error at every reading of a run: it cancels out of a repeatability, and is one
    /// error in several results.
    pub steady: bool,
    /// Where that is known from.
    pub from: String,
}

impl Part {
    /// Standard uncertainty at a reading, in the signal's unit: half-width over the root of 3.
    pub fn standard_uncertainty(&self, reading: f64) -> f64 {
        (self.half_abs + self.half_rel * reading.abs()) / 3f64.sqrt()
    }
}

impl InUse {
    /// Resolution, alignment, temperature, as far as they are stated.
    pub fn parts(&self) -> [Option<&Part>; 3] {
        [&self.resolution, &self.alignment, &self.temperature].map(Option::as_ref)
    }
}

/// Expanded uncertainty of a stretch of the range: `U = u_abs + u_rel * |reading|`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CalibrationRange {
    /// Lower end, in the signal's unit.
    pub from: f64,
    /// Upper end, in the signal's unit.
    pub to: f64,
    /// Absolute part of the expanded uncertainty, in the signal's unit.
    pub u_abs: f64,
    /// Part proportional to the magnitude of the reading (0.01 = 1 %).
    pub u_rel: f64,
    /// Coverage factor of both.
    pub k: f64,
}

impl Calibration {
    /// Standard uncertainty of one reading, or `None` outside the calibrated range.
    pub fn standard_uncertainty(&self, reading: f64) -> Option<f64> {
        let inside = |r: &&CalibrationRange| r.from <= reading && reading <= r.to;
        self.ranges
            .iter()
            .find(inside)
            .map(|r| (r.u_abs + r.u_rel * reading.abs()) / r.k)
    }

    /// Largest expanded uncertainty (k = 2) over the calibrated range, as it is used.
    pub fn worst_expanded_uncertainty(&self) -> f64 {
        let worst = |r: &CalibrationRange| {
            let far = r.from.abs().max(r.to.abs());
            let parts = self.in_use.iter().flat_map(InUse::parts).flatten();
            let beside = parts.map(|part| part.standard_uncertainty(far).powi(2));
            let own = (r.u_abs + r.u_rel * far) / r.k;
            2.0 * (own * own + beside.sum::<f64>()).sqrt()
        };
        self.ranges.iter().map(worst).fold(0.0, f64::max)
    }

    /// Whether the certificate may carry a verdict on that day.
    pub fn valid_on(&self, day: Date) -> bool {
        self.date <= day && day <= self.due
    }
}

/// Where a tracker's own frame lies in a named frame of the bench. Without one, accuracy is not
/// tested; repeatability is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Registration {
    /// The frame that poses are then expressed in.
    pub frame: String,
    /// How it was found, for example `best fit over 12 points off the judged poses`.
    pub method: String,
    /// Translation x, y, z in mm: p_frame = R p_tracker + t.
    pub translation_mm: [f64; 3],
    /// Rotation as rotations about fixed x, then y, then z, in degrees.
    pub rotation_deg: [f64; 3],
    /// Expanded uncertainty (k = 2) of a position so transformed.
    pub u_position: Quantity,
    /// Expanded uncertainty (k = 2) of an angle so transformed.
    pub u_angle: Option<Quantity>,
}
