//! The test cube of a bench: commanded positions of its poses, and whether those that are written lie
//! on it.

use super::Checker;
use super::bench::{Bench, entries};
use super::literal::{filled, number_in, positive};
use crate::complaint::{Complaint, Span};
use crate::written::bench::{Bench as Written, Cube as WrittenCube, CubePlane};
use crate::yaml::At;
use certbench_model::cube::{Cube, UpperEdge};
use certbench_model::plan::{Pose, TestCube};

/// Where on a diagonal the poses lie, from its ends, and by how much of the diagonal's length they may
/// be off (ISO 9283:1998, 6.8).
const INSET: f64 = 0.10;
const INSET_OFF: f64 = 0.02;
/// Diameters of the circular paths as shares of the plane's shorter side: the large one, and a tenth
/// of it.
const CIRCLES: [(&str, f64); 2] = [("large", 0.8), ("small", 0.08)];

impl Checker<'_> {
    /// Gives the poses of the cube their commanded positions.
    pub(crate) fn cube(&self, written: &Written, bench: &mut Bench) {
        let Some((at, cube)) = written.cube.as_ref().and_then(|c| Some((c.head, c.get()?))) else {
            return;
        };
        let (Some(read), Some(device)) = (self.cube_of(cube), cube.device.get()) else {
            return;
        };
        if self.bench_device(bench, device, cube.device.span).is_none() {
            return;
        }
        bench.cube = Some(TestCube {
            device: device.clone(),
            frame: read.frame.clone(),
            cube: read.cube,
            plane: read.plane,
        });
        for (name, tcp) in read.poses() {
            match bench.poses.get_mut(&name) {
                Some((_, pose)) if pose.device != *device => {}
                Some((_, pose)) => match pose.tcp {
                    None => {
                        pose.tcp = Some(tcp);
                        pose.frame = Some(read.frame.clone());
                    }
                    Some(is) => {
                        let off = self.off(&read, &name, is, pose.frame.as_deref(), tcp);
                        let place = place_of(written, &name).unwrap_or(at);
                        if let Some(message) = off {
                            let complaint = Complaint::new("off-the-cube", place, message);
                            self.sink.push(complaint.also(at, "this cube").help(
                                "leave `tcp` and `frame` out, and the cube gives them; or correct the cube",
                            ));
                        }
                    }
                },
                // Joint angles are for the laboratory to find; only a robot without any needs none.
                None if bench
                    .devices
                    .get(device)
                    .is_some_and(|d| d.joints.is_empty()) =>
                {
                    let pose = Pose {
                        device: device.clone(),
                        joints_deg: Vec::new(),
                        tcp: Some(tcp),
                        frame: Some(read.frame.clone()),
                    };
                    bench.poses.insert(name, (at, pose));
                }
                None => {}
            }
        }
    }

    fn cube_of(&self, cube: &WrittenCube) -> Option<Read> {
        let centre = self.three(&cube.centre, "mm");
        let orientation = self.three(&cube.orientation, "deg");
        let edge = number_in(&cube.edge, "mm", self.sink)
            .and_then(|e| positive(e, cube.edge.span, "an edge", self.sink));
        let frame = filled(&cube.frame, self.sink);
        let plane = match cube.plane.as_ref().map(At::get) {
            None | Some(Some(CubePlane::PlusX)) => UpperEdge::PlusX,
            Some(Some(CubePlane::MinusX)) => UpperEdge::MinusX,
            Some(Some(CubePlane::PlusY)) => UpperEdge::PlusY,
            Some(Some(CubePlane::MinusY)) => UpperEdge::MinusY,
            Some(None) => return None,
        };
        Some(Read {
            cube: Cube {
                centre: centre?,
                edge: edge?,
            },
            plane,
            orientation: orientation?,
            frame: frame?,
        })
    }

    /// What is wrong with a pose that states its position itself.
    fn off(
        &self,
        cube: &Read,
        name: &str,
        is: [f64; 6],
        frame: Option<&str>,
        should: [f64; 6],
    ) -> Option<String> {
        if frame != Some(cube.frame.as_str()) {
            return Some(format!(
                "`{name}` is commanded in another frame than the cube, `{}`",
                cube.frame
            ));
        }
        let by = |i: usize| is.get(i).zip(should.get(i)).map_or(0.0, |(a, b)| a - b);
        let off_mm = by(0).hypot(by(1)).hypot(by(2));
        let most_mm = INSET_OFF * cube.cube.diagonal();
        let [x, y, z, ..] = should;
        (off_mm > most_mm).then(|| {
            format!(
                "`{name}` is {off_mm:.1} mm off its place on the cube, ({x:.1}, {y:.1}, {z:.1}) mm; \
                 2 % of the diagonal are {most_mm:.1} mm"
            )
        })
    }
}

/// The place of a pose's name.
fn place_of(written: &Written, name: &str) -> Option<Span> {
    let mut poses = entries(written.poses.as_ref());
    poses.find(|(n, ..)| *n == name).map(|(_, span, _)| span)
}

/// A cube that was read.
struct Read {
    cube: Cube,
    plane: UpperEdge,
    orientation: [f64; 3],
    frame: String,
}

impl Read {
    /// Every pose by name: position and orientation.
    fn poses(&self) -> Vec<(String, [f64; 6])> {
        let [a, b, c] = self.orientation;
        let at = |[x, y, z]: [f64; 3]| [x, y, z, a, b, c];
        let corners = self.cube.poses(self.plane, INSET).into_iter();
        let named = (1..).zip(corners);
        let mut all: Vec<_> = named.map(|(n, p)| (format!("p{n}"), at(p))).collect();
        for (name, share) in CIRCLES {
            let points = (1..).zip(self.cube.circle(self.plane, share));
            all.extend(points.map(|(n, p)| (format!("{name}-{n}"), at(p))));
        }
        all
    }
}
