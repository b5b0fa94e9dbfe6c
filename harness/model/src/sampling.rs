//! Sampling plans of trials: frozen before the first trial, followed by the run to know when to end,
//! and by the judge to decide.

use crate::Text;
use serde::{Deserialize, Serialize};

/// How many trials decide, and how.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sampling {
    /// `trials` trials, accepted with at most `failures` failures. It is decided as soon as nothing
    /// that is still to come can change it.
    Single {
        /// n.
        trials: u32,
        /// c.
        failures: u32,
    },
    /// Wald's sequential test, cut off after `trials` trials.
    Sequential {
        /// The hypotheses and risks.
        test: Sprt,
        /// Where it is cut off.
        trials: u32,
    },
}

/// What the trials so far say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// The item is accepted.
    Accept,
    /// It is rejected.
    Reject,
    /// Go on.
    Continue,
}

impl Sampling {
    /// The most trials that it can take.
    #[must_use]
    pub fn most(&self) -> u32 {
        match self {
            Sampling::Single { trials, .. } | Sampling::Sequential { trials, .. } => *trials,
        }
    }

    /// The word after `k` successes of `n` trials.
    #[must_use]
    pub fn word(&self, k: u64, n: u64) -> Word {
        match self {
            Sampling::Single { trials, failures } => match n.saturating_sub(k) {
                failed if failed > u64::from(*failures) => Word::Reject,
                _ if k + u64::from(*failures) >= u64::from(*trials) => Word::Accept,
                _ => Word::Continue,
            },
            Sampling::Sequential { test, trials } => test.truncated(k, n, u64::from(*trials)),
        }
    }

    /// In words.
    #[must_use]
    pub fn text(&self) -> Text {
        match self {
            Sampling::Single { trials, failures } => Text::new(
                format!("plan of {trials} trials with at most {failures} failures"),
                format!("方案：{trials} 次试验，最多 {failures} 次失败"),
            ),
            Sampling::Sequential { test, trials } => {
                let [good, bad, alpha, beta] = test.levels().map(percent);
                Text::new(
                    format!(
                        "sequential test of {good} against {bad}, risks {alpha} and {beta}, at most \
                         {trials} trials"
                    ),
                    format!(
                        "序贯检验：{good} 对 {bad}，风险 {alpha} 与 {beta}，最多 {trials} 次试验"
                    ),
                )
            }
        }
    }

    /// When [`Self::word`] is no longer to go on, as a condition over `TRIAL.successes`,
    /// `TRIAL.failures` and `TRIAL.trials`. Numbers are printed so that they read back to the same
    /// bits: the run ends where the judge decides.
    #[must_use]
    pub fn ending(&self, trial: &str) -> String {
        match self {
            Sampling::Single { trials, failures } => {
                let enough = trials.saturating_sub(*failures);
                format!("{trial}.failures > {failures} or {trial}.successes >= {enough}")
            }
            Sampling::Sequential { test, trials } => {
                let ratio = format!(
                    "{trial}.successes * ({}) + {trial}.failures * {}",
                    test.success(),
                    test.failure()
                );
                format!(
                    "{ratio} >= {} or {ratio} <= {} or {trial}.trials >= {trials}",
                    test.reject_at(),
                    test.accept_at()
                )
            }
        }
    }
}

/// Digits enough for a level, without those that the binary number adds.
fn percent(share: f64) -> String {
    format!("{} %", (share * 1e8).round() / 1e6)
}

/// Wald's sequential probability ratio test of a success probability (Wald 1945). `H0`: the
/// probability is `good`; `H1`: it is `bad < good`. Assumes independent trials with one common
/// probability.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Sprt {
    good: f64,
    bad: f64,
    alpha: f64,
    beta: f64,
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

    /// p0, p1, and the risks alpha and beta.
    #[must_use]
    pub fn levels(&self) -> [f64; 4] {
        [self.good, self.bad, self.alpha, self.beta]
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
    /// 0 or below).
    #[must_use]
    pub fn truncated(&self, k: u64, n: u64, most: u64) -> Word {
        match self.word(k, n) {
            Word::Continue if n >= most && self.ratio(k, n) <= 0.0 => Word::Accept,
            Word::Continue if n >= most => Word::Reject,
            word => word,
        }
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
