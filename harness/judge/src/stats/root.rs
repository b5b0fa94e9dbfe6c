//! Bisection: slow, and it cannot fail.

/// The point in `[low, high]` where the non-decreasing `f` reaches `target`.
///
/// Halves the interval until no double lies between its ends (at most 200 times), so it ends for
/// every `f`, also for one that never reaches the target: then the nearer end is returned.
pub(crate) fn bisect(mut low: f64, mut high: f64, target: f64, f: impl Fn(f64) -> f64) -> f64 {
    for _ in 0..200 {
        let middle = low + (high - low) / 2.0;
        if middle <= low || middle >= high {
            break;
        }
        if f(middle) < target {
            low = middle;
        } else {
            high = middle;
        }
    }
    low + (high - low) / 2.0
}

#[cfg(test)]
mod tests {
    use super::bisect;

    #[test]
    fn finds_the_cube_root_of_two() {
        let root = bisect(0.0, 2.0, 2.0, |x| x * x * x);
        assert!((root - 2f64.cbrt()).abs() < 1e-15);
    }

    #[test]
    fn ends_on_a_function_that_never_gets_there() {
        assert!((bisect(0.0, 1.0, 5.0, |_| f64::NAN) - 0.0).abs() < 1e-9);
        assert!((bisect(0.0, 1.0, 5.0, |_| 0.0) - 1.0).abs() < 1e-9);
    }
}
