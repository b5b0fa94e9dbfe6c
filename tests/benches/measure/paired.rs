//! Rounds that alternate between subject and baseline, and what is said of them.

/// The two numbers of every round, in its order.
pub(crate) struct Paired {
    rounds: Vec<(f64, f64)>,
}

/// Measures subject and baseline in turn, `rounds` times. One round before them warms up and is
/// thrown away; who goes first changes with every round.
pub(crate) fn in_turn<T>(
    rounds: usize,
    mut subject: impl FnMut() -> Result<T, String>,
    mut baseline: impl FnMut() -> Result<T, String>,
) -> Result<Vec<(T, T)>, String> {
    let mut all = Vec::new();
    for round in 0..=rounds {
        let both = if round % 2 == 0 {
            let first = subject()?;
            (first, baseline()?)
        } else {
            let first = baseline()?;
            (subject()?, first)
        };
        all.push(both);
    }
    all.remove(0);
    Ok(all)
}

/// The same for a single number.
pub(crate) fn paired(
    rounds: usize,
    subject: impl FnMut() -> Result<f64, String>,
    baseline: impl FnMut() -> Result<f64, String>,
) -> Result<Paired, String> {
    in_turn(rounds, subject, baseline).map(Paired::of)
}

impl Paired {
    /// What was measured elsewhere, in the order of the rounds.
    pub(crate) fn of(rounds: Vec<(f64, f64)>) -> Self {
        Self { rounds }
    }

    /// Median of the subject.
    pub(crate) fn subject(&self) -> f64 {
        median(self.rounds.iter().map(|round| round.0))
    }

    /// Median of the baseline.
    pub(crate) fn baseline(&self) -> f64 {
        median(self.rounds.iter().map(|round| round.1))
    }

    /// Subject over baseline.
    pub(crate) fn ratio(&self) -> Ratio {
        let ratios = || self.rounds.iter().map(|(subject, base)| subject / base);
        Ratio {
            median: median(ratios()),
            least: ratios().fold(f64::INFINITY, f64::min),
            most: ratios().fold(f64::NEG_INFINITY, f64::max),
        }
    }
}

/// A ratio over several rounds: the median, and how far the rounds lie apart.
#[derive(Clone, Copy)]
pub(crate) struct Ratio {
    pub(crate) median: f64,
    least: f64,
    most: f64,
}

impl std::fmt::Display for Ratio {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [median, least, most] = [self.median, self.least, self.most].map(three_digits);
        write!(f, "{median} ({least} to {most})")
    }
}

/// The middle of some numbers; not a number when there are none.
pub(crate) fn median(numbers: impl Iterator<Item = f64>) -> f64 {
    quantile(numbers, 0.5)
}

/// The smallest number that at least this share of all do not exceed.
pub(crate) fn quantile(numbers: impl Iterator<Item = f64>, share: f64) -> f64 {
    let mut sorted: Vec<f64> = numbers.collect();
    sorted.sort_by(f64::total_cmp);
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted
        .get(rank.saturating_sub(1))
        .copied()
        .unwrap_or(f64::NAN)
}

/// A number with three significant digits.
pub(crate) fn three_digits(number: f64) -> String {
    let magnitude = number.abs().log10().floor();
    let decimals = if magnitude.is_finite() {
        (2.0 - magnitude).clamp(0.0, 9.0) as usize
    } else {
        0
    };
    format!("{number:.decimals$}")
}
