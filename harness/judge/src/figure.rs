//! Figures as data.

use certbench_model::figure::{Axis, Figure, FigureKind, Level, Series};
use certbench_model::{Accept, Text, Unit};

/// Most points of a series.
const POINTS_MAX: usize = 2_000;

/// Keeps the least and the largest value of each of a thousand stretches, in order of time, so that
/// no peak is lost on the way to paper.
pub(crate) fn decimate(points: &[(f64, f64)]) -> Vec<[f64; 2]> {
    decimate_all(points.len(), points.iter().copied())
}

/// As [`decimate`] for `n` points that come one at a time.
pub(crate) fn decimate_all(n: usize, points: impl Iterator<Item = (f64, f64)>) -> Vec<[f64; 2]> {
    if n <= POINTS_MAX {
        return points.map(|(x, y)| [x, y]).collect();
    }
    let stretch = n.div_ceil(POINTS_MAX / 2);
    let mut kept = Vec::with_capacity(POINTS_MAX);
    let mut extremes: Option<Extremes> = None;
    for (index, point) in points.enumerate() {
        if index % stretch == 0 {
            kept.extend(extremes.take().into_iter().flat_map(Extremes::points));
        }
        extremes = Some(extremes.map_or(Extremes::of(point), |e| e.with(point)));
    }
    kept.extend(extremes.into_iter().flat_map(Extremes::points));
    kept
}

/// The least and the largest value of a stretch.
#[derive(Clone, Copy)]
struct Extremes {
    low: (f64, f64),
    high: (f64, f64),
}

impl Extremes {
    fn of(point: (f64, f64)) -> Extremes {
        Extremes {
            low: point,
            high: point,
        }
    }

    /// Of equal values the first is the least, the last the largest.
    fn with(self, point: (f64, f64)) -> Extremes {
        let less = point.1.total_cmp(&self.low.1).is_lt();
        let more = point.1.total_cmp(&self.high.1).is_ge();
        Extremes {
            low: if less { point } else { self.low },
            high: if more { point } else { self.high },
        }
    }

    /// Both in order of time; one when they are the same point.
    fn points(self) -> impl Iterator<Item = [f64; 2]> {
        let (first, second) = match self.low.0 <= self.high.0 {
            true => (self.low, self.high),
            false => (self.high, self.low),
        };
        let second = (first != second).then_some(second);
        std::iter::once(first).chain(second).map(|(x, y)| [x, y])
    }
}

pub(crate) fn series(name: Text, points: Vec<[f64; 2]>) -> Series {
    Series {
        name,
        points,
        low: Vec::new(),
        high: Vec::new(),
        labels: Vec::new(),
    }
}

pub(crate) fn axis(label: Text, unit: Unit) -> Axis {
    Axis { label, unit }
}

pub(crate) fn figure(
    kind: FigureKind,
    title: Text,
    x: Axis,
    y: Axis,
    series: Vec<Series>,
) -> Figure {
    Figure {
        title,
        kind,
        x,
        y,
        series,
        limits: Vec::new(),
        events: Vec::new(),
    }
}

/// The limits of a measure as levels in `unit`.
pub(crate) fn limits(accept: Option<&Accept>, unit: Unit) -> Vec<Level> {
    let Some(accept) = accept else {
        return Vec::new();
    };
    let level = |name: Text, limit: Option<certbench_model::Quantity>| {
        let at = limit?.to(unit).ok()?;
        Some(Level { name, at })
    };
    let lower = level(Text::new("lower limit", "下限"), accept.at_least);
    let upper = level(Text::new("upper limit", "上限"), accept.at_most);
    lower.into_iter().chain(upper).collect()
}

#[cfg(test)]
mod tests {
    use super::decimate;

    #[test]
    fn a_spike_survives_decimation() {
        let mut points: Vec<_> = (0..1_000_000).map(|i| (f64::from(i), 0.0)).collect();
        points[123_456].1 = 7.0;
        points[765_432].1 = -3.0;
        let few = decimate(&points);
        assert!(few.len() <= 2_000);
        assert!(few.contains(&[123_456.0, 7.0]) && few.contains(&[765_432.0, -3.0]));
        assert!(few.windows(2).all(|w| w[0][0] < w[1][0]));
    }

    #[test]
    fn a_short_series_is_left_alone() {
        assert_eq!(
            decimate(&[(0.0, 1.0), (1.0, 2.0)]),
            [[0.0, 1.0], [1.0, 2.0]]
        );
        assert!(decimate(&[]).is_empty());
    }
}
