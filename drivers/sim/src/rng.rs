//! Noise as a function of (seed, what, count): no state, so nobody's asking changes what others get.

/// What the noise is on. The numbers are part of "same seed, same bytes".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stream {
    FingerForce(u8),
    Gauge,
    Tracker(u8),
    RestError(u8),
    KinematicError(u8),
    Load,
    Probe(u8),
    Grip(u8),
    Windup(u8),
}

impl Stream {
    fn number(self) -> u64 {
        let (family, member) = match self {
            Stream::FingerForce(i) => (1, i),
            Stream::Gauge => (2, 0),
            Stream::Tracker(i) => (3, i),
            Stream::RestError(i) => (4, i),
            Stream::KinematicError(i) => (5, i),
            Stream::Load => (6, 0),
            Stream::Probe(i) => (7, i),
            Stream::Grip(i) => (8, i),
            Stream::Windup(i) => (9, i),
        };
        family << 8 | u64::from(member)
    }
}

/// All noise of a world.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Noise(u64);

impl Noise {
    pub(crate) fn new(seed: u64) -> Noise {
        Noise(seed)
    }

    /// A draw of the standard normal distribution (Box and Muller).
    pub(crate) fn normal(self, stream: Stream, count: u64) -> f64 {
        let at = mix(self.0 ^ mix(stream.number() ^ mix(count)));
        let (u, v) = (unit(at), unit(mix(at)));
        (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
    }
}

/// The finaliser of splitmix64 (Steele, Lea and Flood 2014).
fn mix(x: u64) -> u64 {
    let x = x.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

/// In (0, 1].
fn unit(x: u64) -> f64 {
    ((x >> 11) + 1) as f64 / (1u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first output of splitmix64 for the seed 0, as its authors print it.
    #[test]
    fn the_mixer_is_splitmix64() {
        assert_eq!(mix(0), 0xE220_A839_7B1D_CDAF);
    }

    #[test]
    fn draws_are_normal_and_streams_are_apart() {
        let noise = Noise::new(7);
        let n = 20_000;
        let draws: Vec<f64> = (0..n).map(|i| noise.normal(Stream::Gauge, i)).collect();
        let mean = draws.iter().sum::<f64>() / n as f64;
        let variance = draws.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n as f64;
        let beyond_2 = draws.iter().filter(|x| x.abs() > 2.0).count() as f64 / n as f64;
        assert!(
            mean.abs() < 0.03 && (variance - 1.0).abs() < 0.04,
            "{mean} {variance}"
        );
        assert!((beyond_2 - 0.0455).abs() < 0.006, "{beyond_2}");
        let other = |i| noise.normal(Stream::Tracker(0), i);
        let correlation = (0..n).map(|i| draws[i as usize] * other(i)).sum::<f64>() / n as f64;
        assert!(correlation.abs() < 0.03, "{correlation}");
        assert_ne!(
            noise.normal(Stream::Gauge, 0),
            Noise::new(8).normal(Stream::Gauge, 0)
        );
    }
}
