//! Performance of an arm: ISO 9283:1998 (= GB/T 12642-2013), one characteristic a file.
//!
//! The standard gives methods, no limits. Poses are never pooled: each command pose, load and
//! velocity has a result of its own. Angles are handled one by one about their command, so that an
//! angle near ±180° has a mean.

pub mod compliance;
pub mod corner;
pub mod cube;
pub mod distance;
pub mod drift;
pub mod path;
pub mod pose;
pub mod settle;
pub mod variation;
pub mod velocity;
pub mod weave;

pub use pose::*;

/// `a - b`.
pub(crate) fn minus(a: Position, b: Position) -> Position {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

/// `a . b`.
pub(crate) fn dot(a: Position, b: Position) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

/// `a x b`.
pub(crate) fn cross(a: Position, b: Position) -> Position {
    [
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    ]
}

/// Length.
pub(crate) fn norm(v: Position) -> f64 {
    v[0].hypot(v[1]).hypot(v[2])
}

/// `a + s b`.
pub(crate) fn plus(a: Position, s: f64, b: Position) -> Position {
    [a[0] + s * b[0], a[1] + s * b[1], a[2] + s * b[2]]
}

/// The direction of a vector; `None` without one.
pub(crate) fn direction(v: Position) -> Option<Position> {
    let length = norm(v);
    (length > 0.0 && length.is_finite()).then(|| v.map(|c| c / length))
}

#[cfg(test)]
pub(crate) mod synthetic {
    use super::Position;

    /// The scatter of the standards notes, 9.1, in millimetres.
    pub(crate) fn scatter(j: i32) -> Position {
        [(7 * j % 13) - 6, (11 * j % 17) - 8, (5 * j % 19) - 9].map(|i| 0.001 * f64::from(i))
    }

    /// Thirty poses about a centre.
    pub(crate) fn poses(centre: Position, first: i32) -> Vec<Position> {
        (0..30)
            .map(|j| super::plus(centre, 1.0, scatter(j + first)))
            .collect()
    }
}
