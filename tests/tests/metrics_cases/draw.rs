//! Random numbers, the same on every machine.

use serde_json::Value;

/// What goes in and what comes out.
pub(crate) type Case = (Value, Value);

/// A metric and how a case of it is made.
pub(crate) type Table = &'static [(&'static str, fn(&mut Draw) -> Case)];

/// A stream of numbers (SplitMix64).
pub(crate) struct Draw(u64);

impl Draw {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x2545_f491_4f6c_dd1d))
    }

    /// From 0 to 1.
    pub(crate) fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        (z >> 11) as f64 / (1u64 << 53) as f64
    }

    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// A whole number, both ends included.
    pub(crate) fn whole(&mut self, low: u64, high: u64) -> u64 {
        low + (self.unit() * (high - low + 1) as f64) as u64
    }

    pub(crate) fn chance(&mut self, share: f64) -> bool {
        self.unit() < share
    }

    pub(crate) fn values(&mut self, n: u64, low: f64, high: f64) -> Vec<f64> {
        (0..n).map(|_| self.between(low, high)).collect()
    }

    /// A position near a centre.
    pub(crate) fn position(&mut self, centre: [f64; 3], spread: f64) -> [f64; 3] {
        centre.map(|c| c + self.between(-spread, spread))
    }

    pub(crate) fn positions(&mut self, n: u64, centre: [f64; 3], spread: f64) -> Vec<[f64; 3]> {
        (0..n).map(|_| self.position(centre, spread)).collect()
    }

    /// Pairs with a rising first number.
    pub(crate) fn curve(&mut self, n: u64, step: f64, low: f64, high: f64) -> Vec<(f64, f64)> {
        (0..n)
            .map(|i| {
                let t = (i as f64 + self.between(0.0, 0.9)) * step;
                (t, self.between(low, high))
            })
            .collect()
    }
}
