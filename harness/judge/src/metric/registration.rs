//! Where a measuring system's own frame lies in a robot's: a rigid fit of points.

use super::iso9283::{Position, barycentre};
use crate::stats::symmetric::eigen;

/// `q = R p + t` with its residuals.
#[derive(Debug, Clone, PartialEq)]
pub struct Rigid {
    /// Rotation, rows.
    pub rotation: [[f64; 3]; 3],
    /// Translation, mm.
    pub translation_mm: Position,
    /// Distance of each point from its partner after the fit, mm.
    pub residuals_mm: Vec<f64>,
    /// Centre of the partners, mm.
    centre_mm: Position,
    /// Principal axes of the partners and the root mean square distance of the points from each, mm.
    axes: [([f64; 3], f64); 3],
}

/// The rotation and translation that bring `seen` closest to `known` in the sense of least squares:
/// the unit quaternion of the largest eigenvalue of Horn's matrix.
///
/// Source: Horn, "Closed-form solution of absolute orientation using unit quaternions", Journal of
/// the Optical Society of America A 4(4), 1987. No scale is fitted: both are in millimetres.
///
/// `None` for fewer than three points, lists of unequal length, points that lie on one line (within
/// a thousandth of their extent), or numbers that are not finite.
#[must_use]
pub fn rigid_fit(seen: &[Position], known: &[Position]) -> Option<Rigid> {
    if seen.len() < 3 || seen.len() != known.len() {
        return None;
    }
    let (from, to) = (barycentre(seen)?, barycentre(known)?);
    let pairs = || seen.iter().zip(known);
    let mut s = [[0.0; 3]; 3];
    for (p, q) in pairs() {
        for (i, row) in s.iter_mut().enumerate() {
            for (j, cell) in row.iter_mut().enumerate() {
                *cell += (p[i] - from[i]) * (q[j] - to[j]);
            }
        }
    }
    let [[xx, xy, xz], [yx, yy, yz], [zx, zy, zz]] = s;
    let horn = [
        [xx + yy + zz, yz - zy, zx - xz, xy - yx],
        [yz - zy, xx - yy - zz, xy + yx, zx + xz],
        [zx - xz, xy + yx, yy - xx - zz, yz + zy],
        [xy - yx, zx + xz, yz + zy, zz - xx - yy],
    ];
    let [w, x, y, z] = eigen(horn)?.first()?.1;
    let rotation = [
        [
            1.0 - 2.0 * (y * y + z * z),
            2.0 * (x * y - w * z),
            2.0 * (x * z + w * y),
        ],
        [
            2.0 * (x * y + w * z),
            1.0 - 2.0 * (x * x + z * z),
            2.0 * (y * z - w * x),
        ],
        [
            2.0 * (x * z - w * y),
            2.0 * (y * z + w * x),
            1.0 - 2.0 * (x * x + y * y),
        ],
    ];
    let turned = |p: Position| rotation.map(|row| row[0] * p[0] + row[1] * p[1] + row[2] * p[2]);
    let centre = turned(from);
    let translation_mm = [0, 1, 2].map(|i| to[i] - centre[i]);
    let residual = |(p, q): (&Position, &Position)| {
        let p = turned(*p);
        let d = [0, 1, 2].map(|i| p[i] + translation_mm[i] - q[i]);
        d[0].hypot(d[1]).hypot(d[2])
    };
    let axes = principal_axes(known, to)?;
    let seen_axes = principal_axes(seen, from)?;
    let broad = [axes, seen_axes].map(|[(_, breadth), _, (_, extent)]| breadth > 1e-3 * extent);
    if broad != [true, true] {
        return None;
    }
    Some(Rigid {
        rotation,
        translation_mm,
        residuals_mm: pairs().map(residual).collect(),
        centre_mm: to,
        axes,
    })
}

/// Principal axes of points about their centre, the one of the longest extent first, each with the
/// root mean square distance of the points from it: least for the first, most for the last.
fn principal_axes(points: &[Position], centre: Position) -> Option<[([f64; 3], f64); 3]> {
    let n = points.len() as f64;
    let moment = |i: usize, j: usize| {
        let products = points
            .iter()
            .map(|p| (p[i] - centre[i]) * (p[j] - centre[j]));
        products.sum::<f64>() / n
    };
    let found = eigen([0, 1, 2].map(|i| [0, 1, 2].map(|j| moment(i, j))))?;
    let all: f64 = found.iter().map(|(l, _)| l).sum();
    let axis = |k: usize| found.get(k).map(|(l, v)| (*v, (all - l).max(0.0).sqrt()));
    Some([axis(0)?, axis(1)?, axis(2)?])
}

impl Rigid {
    /// Root mean square of the residuals, mm: the fiducial registration error.
    #[must_use]
    pub fn rms_mm(&self) -> f64 {
        let n = self.residuals_mm.len() as f64;
        (self.residuals_mm.iter().map(|r| r * r).sum::<f64>() / n).sqrt()
    }

    /// Degrees of freedom of the residuals: three a point less the six of the fit.
    #[must_use]
    pub fn nu(&self) -> f64 {
        3.0 * self.residuals_mm.len() as f64 - 6.0
    }

    /// Standard uncertainty (root mean square, all three axes together) of a position at `p_mm` that
    /// the fit has brought into the frame, mm:
    /// `TRE² = FLE²/n (1 + 1/3 Σ_k d_k²/f_k²)`, `FLE² = FRE² n/(n-2)`, with FRE the root mean square
    /// residual, d_k the distance of the position from principal axis k of the points and f_k the root
    /// mean square distance of the points from it.
    ///
    /// Source: Fitzpatrick, West, Maurer, "Predicting error in rigid-body point-based registration",
    /// IEEE Transactions on Medical Imaging 17(5), 1998. Assumes errors of the
    /// points that are independent, alike in all directions and of zero mean; an error common to all
    /// points (a robot that is wrong everywhere alike) is taken into the frame and stays unseen.
    #[must_use]
    pub fn uncertainty_at(&self, p_mm: Position) -> f64 {
        let n = self.residuals_mm.len() as f64;
        let fre = self.rms_mm();
        let localization = fre * fre * n / (n - 2.0);
        let from_centre = [0, 1, 2].map(|i| p_mm[i] - self.centre_mm[i]);
        let whole: f64 = from_centre.iter().map(|v| v * v).sum();
        let leverage: f64 = self
            .axes
            .iter()
            .map(|(axis, f)| {
                let along: f64 = axis.iter().zip(from_centre).map(|(a, v)| a * v).sum();
                (whole - along * along).max(0.0) / (f * f)
            })
            .sum();
        (localization / n * (1.0 + leverage / 3.0)).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const CUBE: [Position; 4] = [
        [0.0, 0.0, 0.0],
        [100.0, 0.0, 0.0],
        [0.0, 100.0, 0.0],
        [0.0, 0.0, 100.0],
    ];

    #[test]
    fn a_quarter_turn_about_z_and_a_shift_are_found() {
        let known = CUBE.map(|[x, y, z]| [10.0 - y, 20.0 + x, z - 5.0]);
        let fit = rigid_fit(&CUBE, &known).unwrap();
        let wanted = [[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]];
        for (row, wanted) in fit.rotation.iter().zip(wanted) {
            for (cell, wanted) in row.iter().zip(wanted) {
                assert!((cell - wanted).abs() < 1e-12);
            }
        }
        assert!((fit.translation_mm[0] - 10.0).abs() < 1e-9);
        assert!(fit.rms_mm() < 1e-9);
    }

    #[test]
    fn a_mirrored_cloud_is_not_turned_inside_out() {
        let mirrored = CUBE.map(|[x, y, z]| [-x, y, z]);
        let fit = rigid_fit(&CUBE, &mirrored).unwrap();
        let [a, b, c] = fit.rotation;
        let det = a[0] * (b[1] * c[2] - b[2] * c[1]) - a[1] * (b[0] * c[2] - b[2] * c[0])
            + a[2] * (b[0] * c[1] - b[1] * c[0]);
        assert!((det - 1.0).abs() < 1e-12, "a rotation, never a reflection");
        assert!(fit.rms_mm() > 10.0, "and the residuals tell");
    }

    #[test]
    fn points_on_a_line_or_too_few_fix_nothing() {
        let line = [[0.0; 3], [1.0, 1.0, 1.0], [2.0, 2.0, 2.0], [3.0, 3.0, 3.0]];
        assert_eq!(rigid_fit(&line, &line), None);
        assert_eq!(rigid_fit(&CUBE[..2], &CUBE[..2]), None);
        assert_eq!(rigid_fit(&CUBE[..3], &CUBE), None);
        let mut lost = CUBE;
        lost[1][2] = f64::NAN;
        assert_eq!(rigid_fit(&lost, &CUBE), None);
    }

    /// The corners of a square of side 2a in a plane: f² is a² about the two axes in the plane and
    /// 2 a² about its normal, so at the centre TRE² = FLE²/4, and at a height h above it
    /// TRE² = FLE²/4 (1 + 2/3 h²/a²).
    #[test]
    fn the_uncertainty_grows_away_from_the_points_as_the_paper_says() {
        let a = 50.0;
        let square = [[a, a, 0.0], [-a, a, 0.0], [-a, -a, 0.0], [a, -a, 0.0]];
        let mut seen = square;
        seen[0][2] += 0.4;
        let fit = rigid_fit(&seen, &square).unwrap();
        let localization = fit.rms_mm() * 2.0_f64.sqrt();
        let close =
            |got: f64, wanted: f64| assert!((got / wanted - 1.0).abs() < 1e-9, "{got} {wanted}");
        close(fit.uncertainty_at([0.0; 3]), localization / 2.0);
        let high = fit.uncertainty_at([0.0, 0.0, 3.0 * a]);
        close(high, localization / 2.0 * 7.0_f64.sqrt());
    }

    /// Points with errors of a known size, many times over: the formula meets what happens. The
    /// errors come from a fixed low-discrepancy sequence, so the test is the same every time.
    #[test]
    fn the_predicted_uncertainty_is_the_one_that_happens() {
        let target = [30.0, 250.0, -40.0];
        let mut state = 1_u64;
        let mut noise = || {
            // A sum of four uniform numbers, variance 1/3: close enough to normal here.
            let mut sum = 0.0;
            for _ in 0..4 {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                sum += (state >> 11) as f64 / (1_u64 << 53) as f64 - 0.5;
            }
            sum
        };
        let (mut happened, mut predicted) = (0.0, 0.0);
        let rounds = 4000;
        for _ in 0..rounds {
            let seen = CUBE.map(|p| p.map(|v| v + 0.1 * noise()));
            let fit = rigid_fit(&seen, &CUBE).unwrap();
            let at = [0, 1, 2].map(|i| {
                let r = fit.rotation[i];
                r[0] * target[0] + r[1] * target[1] + r[2] * target[2] + fit.translation_mm[i]
            });
            happened += (0..3).map(|i| (at[i] - target[i]).powi(2)).sum::<f64>();
            predicted += fit.uncertainty_at(target).powi(2);
        }
        let ratio = (predicted / happened).sqrt();
        assert!((0.95..1.05).contains(&ratio), "{ratio}");
    }

    proptest! {
        #[test]
        fn what_was_turned_is_turned_back(
            angles in proptest::array::uniform3(-3.0..3.0_f64),
            shift in proptest::array::uniform3(-1e4..1e4_f64),
        ) {
            let (sa, ca) = angles[0].sin_cos();
            let (sb, cb) = angles[1].sin_cos();
            let (sc, cc) = angles[2].sin_cos();
            let r = [
                [cc * cb, cc * sb * sa - sc * ca, cc * sb * ca + sc * sa],
                [sc * cb, sc * sb * sa + cc * ca, sc * sb * ca - cc * sa],
                [-sb, cb * sa, cb * ca],
            ];
            let known = CUBE.map(|p| [0, 1, 2].map(|i: usize| {
                r[i][0] * p[0] + r[i][1] * p[1] + r[i][2] * p[2] + shift[i]
            }));
            let fit = rigid_fit(&CUBE, &known).unwrap();
            prop_assert!(fit.rms_mm() < 1e-8);
            let cells = fit.rotation.iter().flatten().zip(r.iter().flatten());
            for (found, wanted) in cells {
                prop_assert!((found - wanted).abs() < 1e-10);
            }
        }
    }
}
