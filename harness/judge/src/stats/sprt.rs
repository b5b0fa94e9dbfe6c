//! Wald's sequential probability ratio test of a success probability.
//!
//! The plan is frozen before the first trial, its truncation included. Assumes independent trials
//! with one common probability.

use super::binomial::smallest_plan;

/// `H0`: the probability is `good`; `H1`: it is `bad < good`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sprt {
    good: f64,
    bad: f64,
    alpha: f64,
    beta: f64,
}

/// What the trials so far say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// The item is accepted (`H0`).
    Accept,
    /// It is rejected.
    Reject,
    /// Go on.
    Continue,
}

impl Sprt {
    /// `alpha`: risk that a good item is rejected; `beta`: that a bad one is accepted. `None` unless
    /// `0 < bad < good < 1` and both risks lie strictly between 0 and 1/2.
    #[must_use]
    pub fn new(good: f64, bad: f64, alpha: f64, beta: f64) -> Option<Self> {
        let risk = |r: f64| r > 0.0 && r < 0.5;
        let ordered = 0.0 < bad && bad < good && good < 1.0;
        (ordered && risk(alpha) && risk(beta)).then_some(Self {
            good,
            bad,
            alpha,
            beta,
        })
    }

    /// What a success adds to the log likelihood ratio: `ln(p1/p0)`, negative.
    #[must_use]
    pub fn success(&self) -> f64 {
        (self.bad / self.good).ln()
    }

    /// What a failure adds: `ln((1-p1)/(1-p0))`, positive.
    #[must_use]
    pub fn failure(&self) -> f64 {
        ((1.0 - self.bad) / (1.0 - self.good)).ln()
    }

    /// At or above it the item is rejected: `A = ln((1-beta)/alpha)`.
    #[must_use]
    pub fn reject_at(&self) -> f64 {
        ((1.0 - self.beta) / self.alpha).ln()
    }

    /// At or below it the item is accepted: `B = ln(beta/(1-alpha))`.
    #[must_use]
    pub fn accept_at(&self) -> f64 {
        (self.beta / (1.0 - self.alpha)).ln()
    }

    /// After `k` successes of `n` trials: `LLR = k ln(p1/p0) + (n-k) ln((1-p1)/(1-p0))`.
    #[must_use]
    pub fn ratio(&self, k: u64, n: u64) -> f64 {
        k as f64 * self.success() + n.saturating_sub(k) as f64 * self.failure()
    }

    /// The word after `k` successes of `n` trials, without truncation.
    #[must_use]
    pub fn word(&self, k: u64, n: u64) -> Word {
        match self.ratio(k, n) {
            llr if llr >= self.reject_at() => Word::Reject,
            llr if llr <= self.accept_at() => Word::Accept,
            _ => Word::Continue,
        }
    }

    /// As [`Self::word`], but at `most` trials the sign of the ratio decides (Wald 1945: accepted at
    /// 0 or below). Truncation changes both risks a little; at three times the single plan by less
    /// than can be measured.
    #[must_use]
    pub fn truncated(&self, k: u64, n: u64, most: u64) -> Word {
        match self.word(k, n) {
            Word::Continue if n >= most && self.ratio(k, n) <= 0.0 => Word::Accept,
            Word::Continue if n >= most => Word::Reject,
            word => word,
        }
    }

    /// Three times the trials of the single plan with the same risks.
    #[must_use]
    pub fn usual_truncation(&self) -> Option<u64> {
        smallest_plan(self.good, self.alpha, self.bad, self.beta).map(|p| 3 * p.trials)
    }

    /// Slope and intercept of a boundary: `k = slope n + intercept` successes.
    fn line(&self, at: f64) -> (f64, f64) {
        let spread = self.success() - self.failure();
        (-self.failure() / spread, at / spread)
    }

    /// Successes at which it is accepted, as slope over n and intercept.
    #[must_use]
    pub fn accept_line(&self) -> (f64, f64) {
        self.line(self.accept_at())
    }

    /// Successes at which it is rejected, as slope over n and intercept.
    #[must_use]
    pub fn reject_line(&self) -> (f64, f64) {
        self.line(self.reject_at())
    }

    /// Average number of trials of a good and of a bad item, by Wald's approximation (no overshoot):
    /// `ASN(p) = (L B + (1-L) A) / (p ln(p1/p0) + (1-p) ln((1-p1)/(1-p0)))`.
    #[must_use]
    pub fn average_trials(&self) -> (f64, f64) {
        let at = |p: f64, accepted: f64| {
            let end = accepted * self.accept_at() + (1.0 - accepted) * self.reject_at();
            end / (p * self.success() + (1.0 - p) * self.failure())
        };
        (at(self.good, 1.0 - self.alpha), at(self.bad, self.beta))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::check::to_digits;

    fn straight(sprt: &Sprt, successes: bool) -> u64 {
        (1..)
            .find(|n| sprt.word(if successes { *n } else { 0 }, *n) != Word::Continue)
            .unwrap()
    }

    #[test]
    fn ninety_five_against_eighty_five_percent() {
        let sprt = Sprt::new(0.95, 0.85, 0.05, 0.10).unwrap();
        to_digits(sprt.reject_at(), 2.890372, 6);
        to_digits(sprt.accept_at(), -2.251292, 6);
        to_digits(sprt.success(), -0.1112256, 7);
        to_digits(sprt.failure(), 1.0986123, 7);
        assert_eq!((straight(&sprt, true), straight(&sprt, false)), (21, 3));
        let (good, bad) = sprt.average_trials();
        to_digits(good, 39.31, 2);
        to_digits(bad, 33.82, 2);
        let ((slope, accept), (_, reject)) = (sprt.accept_line(), sprt.reject_line());
        to_digits(slope, 0.908066, 6);
        to_digits(accept, 1.860821, 6);
        to_digits(reject, -2.389057, 6);
        assert_eq!(sprt.usual_truncation(), Some(3 * 77));
    }

    #[test]
    fn other_plans_agree_with_the_printed_ones() {
        for (good, bad, alpha, beta, accept, reject, asn) in [
            (0.90, 0.80, 0.05, 0.10, 20, 5, (54.35, 53.51)),
            (0.99, 0.95, 0.05, 0.05, 72, 2, (107.13, 64.18)),
        ] {
            let sprt = Sprt::new(good, bad, alpha, beta).unwrap();
            assert_eq!(
                (straight(&sprt, true), straight(&sprt, false)),
                (accept, reject)
            );
            let (at_good, at_bad) = sprt.average_trials();
            to_digits(at_good, asn.0, 2);
            to_digits(at_bad, asn.1, 2);
        }
    }

    #[test]
    fn truncation_ends_what_would_go_on() {
        let sprt = Sprt::new(0.95, 0.85, 0.05, 0.10).unwrap();
        assert_eq!(sprt.word(91, 100), Word::Continue);
        assert_eq!(sprt.truncated(91, 100, 100), Word::Accept);
        assert_eq!(sprt.truncated(90, 100, 100), Word::Reject);
        assert_eq!(sprt.truncated(91, 100, 101), Word::Continue);
    }

    #[test]
    fn hypotheses_in_the_wrong_order_are_no_test() {
        assert_eq!(Sprt::new(0.85, 0.95, 0.05, 0.1), None);
        assert_eq!(Sprt::new(0.95, 0.85, 0.6, 0.1), None);
    }
}
