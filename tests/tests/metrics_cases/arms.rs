//! ISO 9283.

use super::draw::{Case, Draw, Table};
use certbench_judge::metric::iso9283::*;
use certbench_judge::metric::payload;
use serde_json::json;

pub(crate) const TABLE: Table = &[
    ("pose", pose),
    ("angle", angle),
    ("condition", condition),
    ("variation", varied),
    ("angle-variation", angle_varied),
    ("distance", between),
    ("settle", settling),
    ("posing", posing),
    ("drift", drifting),
    ("angle-drift", angle_drifting),
    ("path", paths),
    ("path-angles", path_angles),
    ("circle", circles),
    ("crossing", crossing),
    ("corner", corners),
    ("velocity", velocities),
    ("compliance", complying),
    ("weave", weaving),
    ("cube", cubes),
    ("droop", drooping),
    ("hold-drift", holding),
    ("largest-departure", departing),
];

fn centre(d: &mut Draw) -> Position {
    [
        d.between(200.0, 900.0),
        d.between(-400.0, 400.0),
        d.between(100.0, 800.0),
    ]
}

fn pose(d: &mut Draw) -> Case {
    let command = centre(d);
    let n = d.whole(3, 40);
    let attained = d.positions(n, command, 0.3);
    let ap = accuracy(&attained, command).unwrap();
    let rp = repeatability(&attained).unwrap();
    (
        json!({ "command": command, "attained": attained }),
        json!({
            "ap": ap.ap_p, "components": ap.components, "s_along": ap.s_along,
            "mean": rp.mean_distance, "s": rp.s, "rp": rp.rp,
            "u_rp": repeatability_uncertainty(&attained),
        }),
    )
}

fn angle(d: &mut Draw) -> Case {
    let command = d.between(-180.0, 180.0);
    let n = d.whole(2, 40);
    let angles: Vec<f64> = (0..n)
        .map(|_| wrap_deg(command + d.between(-3.0, 3.0)))
        .collect();
    (
        json!({ "command": command, "angles": angles }),
        json!({ "ap": angle_accuracy(&angles, command), "rp": angle_repeatability(&angles, command) }),
    )
}

fn condition(d: &mut Draw) -> Case {
    let (u, value, sigma) = (
        d.between(0.0, 0.1),
        d.between(-0.5, 0.5),
        d.between(0.0, 1.0),
    );
    let seen = uncertainty_condition(u, value);
    (
        json!({ "u": u, "value": value, "sigma": sigma }),
        json!({ "share": seen.share, "met": seen.met, "noise": noise_as_repeatability(sigma) }),
    )
}

fn varied(d: &mut Draw) -> Case {
    let at = centre(d);
    let k = d.whole(2, 6);
    let series: Vec<Vec<Position>> = (0..k)
        .map(|_| {
            let near = d.position(at, 0.2);
            let n = d.whole(2, 30);
            d.positions(n, near, 0.05)
        })
        .collect();
    let slices: Vec<&[Position]> = series.iter().map(Vec::as_slice).collect();
    let v = variation::variation(&slices).unwrap();
    (
        json!({ "series": series }),
        json!({ "value": v.value, "u": v.u, "nu": v.nu }),
    )
}

fn angle_varied(d: &mut Draw) -> Case {
    let command = d.between(-180.0, 180.0);
    let series: Vec<Vec<f64>> = (0..3)
        .map(|_| {
            let offset = d.between(-1.0, 1.0);
            (0..10)
                .map(|_| wrap_deg(command + offset + d.between(-0.2, 0.2)))
                .collect()
        })
        .collect();
    let slices: Vec<&[f64]> = series.iter().map(Vec::as_slice).collect();
    let value = variation::angle_variation(&slices, command).map(|v| v.value);
    (
        json!({ "command": command, "series": series }),
        json!({ "value": value }),
    )
}

fn between(d: &mut Draw) -> Case {
    let (a, b) = (centre(d), centre(d));
    let n = d.whole(2, 40);
    let (first, second) = (d.positions(n, a, 0.2), d.positions(n, b, 0.2));
    let one = distance::distance(&first, &second, [a, b]).unwrap();
    let axes: Vec<_> = (0..3)
        .map(|i| distance::along_axis(&first, &second, [a, b], i).unwrap())
        .collect();
    (
        json!({ "first": first, "second": second, "commands": [a, b] }),
        json!({
            "ad": one.ad, "rd": one.rd, "u_rd": distance::rd_uncertainty(&one),
            "ad_axes": axes.iter().map(|a| a.ad).collect::<Vec<_>>(),
            "rd_axes": axes.iter().map(|a| a.rd).collect::<Vec<_>>(),
        }),
    )
}

/// A damped swing towards a point in space.
fn swing(d: &mut Draw) -> Vec<(f64, Position)> {
    let (zeta, omega) = (d.between(0.05, 0.9), d.between(10.0, 60.0));
    let direction = d.position([0.0; 3], 100.0);
    (0..2_000)
        .map(|i| {
            let t = f64::from(i) / 1_000.0;
            let rest = (-zeta * omega * t).exp() * (omega * t).cos();
            (t, direction.map(|c| c * (1.0 - rest)))
        })
        .collect()
}

fn settling(d: &mut Draw) -> Case {
    let samples = swing(d);
    let rest = samples[samples.len() - 1].1;
    let band = d.between(0.05, 2.0);
    let s = settle::settle(&samples, rest, band);
    (
        json!({ "samples": samples, "rest": rest, "band": band }),
        json!({
            "time": s.map(|s| s.stabilization_s), "overshoot": s.map(|s| s.overshoot),
            "crossed": s.map(|s| s.crossed), "stays": s.map(|s| s.stays),
        }),
    )
}

fn posing(d: &mut Draw) -> Case {
    let samples = swing(d);
    let rest = samples[samples.len() - 1].1;
    let (band, left) = (d.between(0.05, 2.0), d.between(0.1, 5.0));
    let time = settle::posing_time(&samples, rest, band, left);
    (
        json!({ "samples": samples, "rest": rest, "band": band, "left": left }),
        json!({ "time": time }),
    )
}

fn drifting(d: &mut Draw) -> Case {
    let command = centre(d);
    let k = d.whole(2, 12);
    let groups: Vec<drift::Group> = (0..k)
        .map(|i| {
            let near = d.position(command, 0.3);
            drift::Group {
                t_s: 600.0 * i as f64,
                attained: d.positions(10, near, 0.02),
            }
        })
        .collect();
    let seen = drift::drift(&groups, command).unwrap();
    let times: Vec<f64> = groups.iter().map(|g| g.t_s).collect();
    let attained: Vec<_> = groups.iter().map(|g| g.attained.clone()).collect();
    (
        json!({ "command": command, "t": times, "attained": attained }),
        json!({
            "d_ap": seen.d_ap, "d_rp": seen.d_rp,
            "stop": drift::may_stop_at(&seen.ap, 1_800.0, 0.5),
        }),
    )
}

fn angle_drifting(d: &mut Draw) -> Case {
    let begin = d.between(-180.0, 180.0);
    let groups: Vec<Vec<f64>> = (0..d.whole(2, 12))
        .map(|_| {
            let about = begin + d.between(-5.0, 5.0);
            let angles = d.values(10, about - 0.5, about + 0.5);
            angles.into_iter().map(wrap_deg).collect()
        })
        .collect();
    let seen = drift::angle_drift(&groups).unwrap();
    (
        json!({ "groups": groups }),
        json!({ "d_ap": seen.d_ap, "d_rp": seen.d_rp }),
    )
}

fn paths(d: &mut Draw) -> Case {
    let planes = d.whole(3, 12);
    let command = d.positions(planes, [0.0; 3], 300.0);
    let n = d.whole(2, 15);
    let crossings: Vec<Vec<Position>> = command
        .iter()
        .map(|c| {
            let near = d.position(*c, 0.2);
            d.positions(n, near, 0.05)
        })
        .collect();
    let at = path::path_accuracy(&crossings, &command).unwrap();
    let rt = path::path_repeatability(&crossings).unwrap();
    (
        json!({ "command": command, "crossings": crossings }),
        json!({ "at": at.each, "at_p": at.value, "rt": rt.each, "rt_p": rt.value }),
    )
}

fn crossing(d: &mut Draw) -> Case {
    let at: Vec<Position> = (0..50)
        .map(|i| {
            [
                f64::from(i) * 10.0,
                d.between(-1.0, 1.0),
                d.between(-1.0, 1.0),
            ]
        })
        .collect();
    let plane = path::Plane {
        point: [d.between(20.0, 450.0), 0.0, 0.0],
        normal: [1.0, 0.0, 0.0],
    };
    let cut = path::crossing(&at, plane).unwrap();
    (
        json!({ "path": at, "x": plane.point[0] }),
        json!({ "at": cut.at, "before": cut.before, "share": cut.share }),
    )
}

fn corners(d: &mut Draw) -> Case {
    let r = d.between(0.5, 5.0);
    let beyond = d.between(0.0, 0.5);
    // Along -y to the corner, past it, and back to the second leg along z.
    let path: Vec<Position> = (0..200)
        .map(|i| {
            let s = f64::from(i) / 20.0;
            let y = if s < 5.0 {
                (5.0 - s) * r
            } else {
                -beyond * (s - 5.0) * (-(s - 5.0)).exp()
            };
            [
                d.between(-0.05, 0.05),
                y,
                if s < 4.5 { 0.0 } else { (s - 4.5) * r },
            ]
        })
        .collect();
    let (first, second) = ([0.0, -1.0, 0.0], [0.0, 0.0, 1.0]);
    (
        json!({ "path": path }),
        json!({
            "cr": corner::round_off(&path, [0.0; 3]),
            "co": corner::overshoot(&path, [0.0; 3], first, second),
        }),
    )
}

fn velocities(d: &mut Draw) -> Case {
    let command = d.between(50.0, 1_600.0);
    let n = d.whole(2, 12);
    let passes: Vec<Vec<f64>> = (0..n)
        .map(|_| {
            let m = d.whole(2, 20);
            d.values(m, 0.95 * command, 1.03 * command)
        })
        .collect();
    let v = velocity::path_velocity(&passes, command).unwrap();
    (
        json!({ "command": command, "passes": passes }),
        json!({ "av": v.av, "rv": v.rv, "fv": v.fv }),
    )
}

fn complying(d: &mut Draw) -> Case {
    let n = d.whole(2, 12);
    let steps: Vec<(f64, f64)> = (1..=n)
        .map(|q| {
            let force = 10.0 * q as f64;
            (force, 0.002 * force + d.between(-0.001, 0.001))
        })
        .collect();
    let c = compliance::compliance(&steps).unwrap();
    (
        json!({ "steps": steps }),
        json!({ "full": c.at_full_load, "worst": c.worst, "slope": c.slope, "u": c.slope_u }),
    )
}

fn weaving(d: &mut Draw) -> Case {
    let (attained, command) = (d.between(1.0, 9.0), d.between(1.0, 9.0));
    (
        json!({ "attained": attained, "command": command }),
        json!({ "percent": weave::deviation(attained, command) }),
    )
}

fn cubes(d: &mut Draw) -> Case {
    use cube::UpperEdge::{MinusX, MinusY, PlusX, PlusY};
    let cube = cube::Cube {
        centre: centre(d),
        edge: d.between(100.0, 1_000.0),
    };
    let share = d.between(0.05, 0.9);
    let planes = [PlusX, MinusY, MinusX, PlusY];
    let poses = planes.map(|plane| cube.poses(plane, 0.1));
    let circles = planes.map(|plane| cube.circle(plane, share));
    (
        json!({ "centre": cube.centre, "edge": cube.edge, "share": share }),
        json!({ "poses": poses, "circles": circles, "diagonal": cube.diagonal() }),
    )
}

fn circles(d: &mut Draw) -> Case {
    let middle = centre(d);
    let points: Vec<Position> = d.positions(3, middle, 200.0);
    let n = d.whole(3, 60) as u32;
    let planes = cube::circle_through([points[0], points[1], points[2]], n).unwrap();
    let at: Vec<Position> = planes.iter().map(|p| p.point).collect();
    let normals: Vec<Position> = planes.iter().map(|p| p.normal).collect();
    let along = cube::along(planes[0], planes[1]);
    (
        json!({ "points": points, "n": n }),
        json!({ "at": at, "normals": normals, "along": along }),
    )
}

fn path_angles(d: &mut Draw) -> Case {
    let (planes, passes) = (d.whole(1, 8), d.whole(2, 12));
    let command: Vec<f64> = (0..planes).map(|_| d.between(-180.0, 180.0)).collect();
    let crossings: Vec<Vec<f64>> = command
        .iter()
        .map(|c| {
            let off = d.values(passes, -2.0, 2.0);
            off.iter().map(|o| wrap_deg(c + o)).collect()
        })
        .collect();
    let at = path::angle_path_accuracy(&crossings, &command).unwrap();
    let rt = path::angle_path_repeatability(&crossings, &command).unwrap();
    (
        json!({ "command": command, "crossings": crossings }),
        json!({ "at": at.each, "at_a": at.value, "rt": rt.each, "rt_a": rt.value }),
    )
}

fn drooping(d: &mut Draw) -> Case {
    let at = centre(d);
    let without = d.positions(20, at, 0.01);
    let lower = [at[0], at[1], at[2] - d.between(0.5, 3.0)];
    let with_load = d.positions(30, lower, 0.01);
    let droop = payload::droop(&without, &with_load).unwrap();
    (
        json!({ "without": without, "with": with_load }),
        json!({ "components": droop.components, "magnitude": droop.magnitude }),
    )
}

fn departing(d: &mut Draw) -> Case {
    let at = centre(d);
    let n = d.whole(20, 200);
    let samples: Vec<(f64, Position)> = d
        .positions(n, at, 0.3)
        .into_iter()
        .enumerate()
        .map(|(i, p)| (0.01 * i as f64, p))
        .collect();
    let sigma = d.between(0.001, 0.1);
    let seen = payload::departure(&samples, 0.055).unwrap();
    (
        json!({ "samples": samples, "edge": 0.055, "sigma": sigma, "n": n }),
        json!({
            "largest": seen.largest, "u": seen.start_u,
            "lift": payload::departure_lift(sigma, n as usize),
        }),
    )
}

fn holding(d: &mut Draw) -> Case {
    let samples = d.curve(200, 0.5, 10.0, 11.0);
    let drift = payload::drift(&samples, 10.0).unwrap();
    (
        json!({ "samples": samples, "edge": 10.0 }),
        json!({ "change": drift.change, "u": drift.change_u, "slope": drift.slope_per_s }),
    )
}
