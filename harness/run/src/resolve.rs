//! From what a step says to what a role takes: degrees, fractions, indices. Bench limits are held
//! here, before any device is asked; nothing is ever clamped in silence.

use crate::bench::{Bench, fill};
use certbench_model::plan::{JointLimit, Limits};
use certbench_model::step::{self, Scope, Target, Until};
use certbench_model::{Quantity, Text, Unit};
use certbench_roles::{Device, GraspMove, JointMove, Progress, SetpointMove, Setting, Trouble};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// One motion, ready for the device that makes it.
pub(crate) struct Motion {
    pub(crate) device: Arc<dyn Device>,
    pub(crate) act: Act,
    /// In words with units.
    pub(crate) what: String,
    pub(crate) timeout: Duration,
    pub(crate) until: Until,
    /// Whether standing still short of the target is as good as being there: a hand that holds
    /// something.
    pub(crate) may_be_held: bool,
}

/// What a role is asked.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Act {
    Joints(JointMove),
    /// The device's own search for its zero, degrees per second.
    Home(f64),
    Grasp(GraspMove),
    Drive(SetpointMove),
}

impl Motion {
    /// Whether the device would do it. Sends no motion.
    pub(crate) fn accept(&self) -> Result<(), Trouble> {
        match &self.act {
            Act::Joints(m) => self.device.joints().map(|j| j.accept(m)),
            Act::Home(speed) => self.device.joints().map(|j| j.accept_home(*speed)),
            Act::Grasp(g) => self.device.grasp().map(|h| h.accept(g)),
            Act::Drive(d) => self.device.setpoint().map(|s| s.accept(d)),
        }
        .unwrap_or_else(|| Err(self.lost_role()))
    }

    /// Starts it.
    pub(crate) fn begin(&self) -> Result<(), Trouble> {
        match &self.act {
            Act::Joints(m) => self.device.joints().map(|j| j.begin(m)),
            Act::Home(speed) => self.device.joints().map(|j| j.home(*speed)),
            Act::Grasp(g) => self.device.grasp().map(|h| h.begin(g)),
            Act::Drive(d) => self.device.setpoint().map(|s| s.begin(d)),
        }
        .unwrap_or_else(|| Err(self.lost_role()))
    }

    /// How far it is.
    pub(crate) fn progress(&self) -> Result<Progress, Trouble> {
        match &self.act {
            Act::Joints(_) | Act::Home(_) => self.device.joints().map(|j| j.progress()),
            Act::Grasp(_) => self.device.grasp().map(|h| h.progress()),
            Act::Drive(_) => self.device.setpoint().map(|s| s.progress()),
        }
        .unwrap_or_else(|| Err(self.lost_role()))
    }

    fn lost_role(&self) -> Trouble {
        Trouble::Refused(format!("`{}` does not move", self.device.id()))
    }
}

/// A `move` step.
pub(crate) fn movement(bench: &Bench, step: &step::Move, scope: &Scope) -> Result<Motion, Text> {
    let device = bench.device(&step.device)?;
    let limits = &bench.planned(&step.device)?.limits;
    let (act, to) = match &step.to {
        Target::Preset(name) => {
            let name = fill(scope, name)?;
            let closing = preset(bench, device, &step.device, &name)?;
            let speed = fraction(step.speed)?;
            let force = force_ceiling(device, limits);
            let act = Act::Grasp(GraspMove {
                closing,
                force,
                speed,
            });
            (act, format!("preset `{name}` at {}", step.speed))
        }
        Target::Pose(name) => {
            let name = fill(scope, name)?;
            let targets = pose(bench, device, &step.device, &name)?;
            joint_move(
                device,
                limits,
                targets,
                step.speed,
                format!("pose `{name}`"),
            )?
        }
        Target::Home => {
            let speeds = limits.joints.iter().map(|joint| joint.deg_per_s_max);
            let slowest = speeds.reduce(f64::min).unwrap_or(0.0);
            let deg_per_s = joint_speed(step.speed, slowest, "home")?;
            (
                Act::Home(deg_per_s),
                format!("its home at {deg_per_s} deg/s"),
            )
        }
        Target::Joints(angles) => {
            let targets = angles_of(device, angles)?;
            let words: Vec<_> = angles.iter().map(|(j, a)| format!("{j} {a}")).collect();
            joint_move(device, limits, targets, step.speed, words.join(", "))?
        }
    };
    Ok(Motion {
        device: device.clone(),
        act,
        what: format!("move to {to}"),
        timeout: seconds(step.timeout_s),
        until: step.until,
        may_be_held: false,
    })
}

/// A `grasp` step.
pub(crate) fn grasp(bench: &Bench, step: &step::Grasp, scope: &Scope) -> Result<Motion, Text> {
    let device = bench.device(&step.device)?;
    let limits = &bench.planned(&step.device)?.limits;
    let name = fill(scope, &step.preset)?;
    let closing = preset(bench, device, &step.device, &name)?;
    let force = force(device, limits, step.force)?;
    let speed = fraction(step.speed)?;
    Ok(Motion {
        device: device.clone(),
        act: Act::Grasp(GraspMove {
            closing,
            force,
            speed,
        }),
        what: format!("grasp `{name}`, force {}, speed {}", step.force, step.speed),
        timeout: seconds(step.timeout_s),
        until: Until::Settled,
        may_be_held: true,
    })
}

/// A `release` step: the bench's preset `open`, with no more force than the bench allows.
pub(crate) fn release(bench: &Bench, step: &step::Release) -> Result<Motion, Text> {
    let device = bench.device(&step.device)?;
    let limits = &bench.planned(&step.device)?.limits;
    let closing = preset(bench, device, &step.device, "open")?;
    Ok(Motion {
        device: device.clone(),
        act: Act::Grasp(GraspMove {
            closing,
            force: force_ceiling(device, limits),
            speed: fraction(step.speed)?,
        }),
        what: format!("release, speed {}", step.speed),
        timeout: seconds(step.timeout_s),
        until: Until::Settled,
        may_be_held: true,
    })
}

/// A `drive` step.
pub(crate) fn drive(bench: &Bench, step: &step::Drive) -> Result<Motion, Text> {
    let device = bench.device(&step.device)?;
    let limits = &bench.planned(&step.device)?.limits;
    let (to, most, unit) = match step.to.in_unit("N.m") {
        Ok(nm) => (Setting::TorqueNm(nm), limits.torque_nm_max, "N.m"),
        Err(_) => {
            let deg_per_s = step.to.in_unit("deg/s");
            let deg_per_s = deg_per_s.map_err(|e| Text::same(e.to_string()))?;
            (Setting::DegPerS(deg_per_s), limits.deg_per_s_max, "deg/s")
        }
    };
    let (Setting::TorqueNm(asked) | Setting::DegPerS(asked)) = to;
    let Some(most) = most else {
        return Err(Text::new(
            format!(
                "the bench states no limit for what `{}` is driven to, in {unit}",
                device.id()
            ),
            format!("测试台未给出 `{}` 设定值的限值（{unit}）", device.id()),
        ));
    };
    if asked.abs() > most {
        return Err(Text::new(
            format!("{} is above the bench's limit of {most} {unit}", step.to),
            format!("{} 超过测试台 {most} {unit} 的限值", step.to),
        ));
    }
    Ok(Motion {
        device: device.clone(),
        act: Act::Drive(SetpointMove {
            to,
            ramp: seconds(step.ramp_s),
        }),
        what: format!("drive to {} in {} s", step.to, step.ramp_s),
        timeout: seconds(step.timeout_s),
        until: Until::Settled,
        may_be_held: false,
    })
}

/// The most force that the bench allows, as a fraction of the hand's range; 1 where the bench says
/// nothing or its limit lies outside of what the hand can be told.
pub(crate) fn force_ceiling(device: &Arc<dyn Device>, limits: &Limits) -> f64 {
    let told = limits.force_n_max.zip(device.grasp());
    told.and_then(|(newton, hand)| hand.force_fraction(newton).ok())
        .map_or(1.0, |f| f.clamp(0.0, 1.0))
}

fn joint_move(
    device: &Arc<dyn Device>,
    limits: &Limits,
    targets_deg: Vec<(usize, f64)>,
    speed: Quantity,
    to: String,
) -> Result<(Act, String), Text> {
    let names = joint_names(device)?;
    let mut slowest = f64::INFINITY;
    for (index, deg) in &targets_deg {
        let name = names.get(*index).map_or("", String::as_str);
        let limit = limit_of(limits, device.id(), name)?;
        if !(limit.deg_min..=limit.deg_max).contains(deg) {
            return Err(Text::new(
                format!(
                    "{to}: joint `{name}` of `{}` would go to {deg}°; the bench allows {}° to {}°",
                    device.id(),
                    limit.deg_min,
                    limit.deg_max
                ),
                format!(
                    "{to}：`{}` 的关节 `{name}` 将到 {deg}°；测试台只允许 {}° 至 {}°",
                    device.id(),
                    limit.deg_min,
                    limit.deg_max
                ),
            ));
        }
        slowest = slowest.min(limit.deg_per_s_max);
    }
    let deg_per_s = joint_speed(speed, slowest, &to)?;
    let what = format!("{to} at {deg_per_s} deg/s");
    let motion = JointMove {
        targets_deg,
        deg_per_s,
    };
    Ok((Act::Joints(motion), what))
}

/// A speed of joints in degrees per second, within the slowest limit of them.
fn joint_speed(speed: Quantity, slowest: f64, to: &str) -> Result<f64, Text> {
    let deg_per_s = match fraction(speed) {
        Ok(fraction) => fraction * slowest,
        Err(not_a_fraction) => speed.in_unit("deg/s").map_err(|_| not_a_fraction)?,
    };
    if deg_per_s > 0.0 && deg_per_s <= slowest {
        return Ok(deg_per_s);
    }
    Err(Text::new(
        format!("{to}: {deg_per_s}°/s is not above 0 and at most the bench's {slowest}°/s"),
        format!("{to}：{deg_per_s}°/s 不在大于 0 至测试台上限 {slowest}°/s 之间"),
    ))
}

fn limit_of<'a>(limits: &'a Limits, device: &str, joint: &str) -> Result<&'a JointLimit, Text> {
    limits
        .joints
        .iter()
        .find(|l| l.joint == joint)
        .ok_or_else(|| {
            Text::new(
                format!("the bench states no limits for joint `{joint}` of `{device}`"),
                format!("测试台未给出 `{device}` 的关节 `{joint}` 的限值"),
            )
        })
}

fn joint_names(device: &Arc<dyn Device>) -> Result<Vec<String>, Text> {
    let names = device.joints().map(|j| j.names());
    names.ok_or_else(|| {
        Text::new(
            format!("`{}` has no joints that can be commanded", device.id()),
            format!("`{}` 没有可控制的关节", device.id()),
        )
    })
}

fn pose(
    bench: &Bench,
    device: &Arc<dyn Device>,
    id: &str,
    name: &str,
) -> Result<Vec<(usize, f64)>, Text> {
    let pose = bench.plan.bench.poses.get(name).filter(|p| p.device == id);
    let Some(pose) = pose else {
        return Err(Text::new(
            format!("the bench has no pose `{name}` of `{id}`"),
            format!("测试台没有 `{id}` 的位姿 `{name}`"),
        ));
    };
    let joints = joint_names(device)?.len();
    if pose.joints_deg.len() != joints {
        return Err(Text::new(
            format!(
                "pose `{name}` has {} angles, `{id}` has {joints} joints",
                pose.joints_deg.len()
            ),
            format!(
                "位姿 `{name}` 有 {} 个角度，而 `{id}` 有 {joints} 个关节",
                pose.joints_deg.len()
            ),
        ));
    }
    Ok(pose.joints_deg.iter().copied().enumerate().collect())
}

fn angles_of(
    device: &Arc<dyn Device>,
    angles: &BTreeMap<String, Quantity>,
) -> Result<Vec<(usize, f64)>, Text> {
    let names = joint_names(device)?;
    let one = |(joint, angle): (&String, &Quantity)| {
        let index = names.iter().position(|n| n == joint).ok_or_else(|| {
            Text::new(
                format!(
                    "`{}` has no joint `{joint}`; it has: {}",
                    device.id(),
                    names.join(", ")
                ),
                format!(
                    "`{}` 没有关节 `{joint}`；已有：{}",
                    device.id(),
                    names.join(", ")
                ),
            )
        })?;
        let deg = angle
            .in_unit("deg")
            .map_err(|e| Text::same(e.to_string()))?;
        Ok((index, deg))
    };
    angles.iter().map(one).collect()
}

fn preset(
    bench: &Bench,
    device: &Arc<dyn Device>,
    id: &str,
    name: &str,
) -> Result<Vec<(usize, f64)>, Text> {
    let preset = bench.plan.bench.presets.get(name);
    let Some(preset) = preset.filter(|p| p.device == id) else {
        return Err(Text::new(
            format!("the bench has no preset `{name}` of `{id}`"),
            format!("测试台没有 `{id}` 的预设姿态 `{name}`"),
        ));
    };
    let Some(hand) = device.grasp() else {
        return Err(Text::new(
            format!("preset `{name}`: `{id}` is not a hand that can be commanded"),
            format!("预设姿态 `{name}`：`{id}` 不是可控制的手"),
        ));
    };
    let fingers = hand.fingers();
    let one = |(finger, percent): (&String, &f64)| {
        let index = fingers.iter().position(|f| f == finger);
        let inside = (0.0..=100.0).contains(percent);
        index
            .filter(|_| inside)
            .map(|i| (i, percent / 100.0))
            .ok_or_else(|| {
                Text::new(
                    format!(
                        "preset `{name}`: `{finger}` at {percent} % is no closing of `{id}`; fingers: {}; 0 to 100 %",
                        fingers.join(", ")
                    ),
                    format!(
                        "预设姿态 `{name}`：`{finger}` {percent} % 不是 `{id}` 的闭合量；手指：{}；0 至 100 %",
                        fingers.join(", ")
                    ),
                )
            })
    };
    preset.closing.iter().map(one).collect()
}

fn force(device: &Arc<dyn Device>, limits: &Limits, force: Quantity) -> Result<f64, Text> {
    let ceiling = force_ceiling(device, limits);
    let asked = match force.in_unit("N") {
        Ok(newton) => {
            if limits.force_n_max.is_some_and(|most| newton > most) {
                return Err(above_force(force, limits));
            }
            let hand = device.grasp().map(|h| h.force_fraction(newton));
            match hand {
                Some(fraction) => fraction.map_err(|t| Text::same(t.to_string()))?,
                None => return Err(Text::same(format!("`{}` is no hand", device.id()))),
            }
        }
        Err(_) => fraction(force)?,
    };
    if asked > ceiling {
        return Err(above_force(force, limits));
    }
    Ok(asked)
}

fn above_force(force: Quantity, limits: &Limits) -> Text {
    let most = limits.force_n_max.unwrap_or_default();
    Text::new(
        format!("a force of {force} is above the bench's limit of {most} N a finger"),
        format!("力 {force} 超过测试台每指 {most} N 的限值"),
    )
}

/// A ratio between 0 and 1, as percent or plain.
fn fraction(quantity: Quantity) -> Result<f64, Text> {
    let value = quantity.to(Unit::one()).ok();
    value.filter(|v| (0.0..=1.0).contains(v)).ok_or_else(|| {
        Text::new(
            format!("{quantity} is not a share between 0 % and 100 %"),
            format!("{quantity} 不是 0 % 至 100 % 之间的比例"),
        )
    })
}

/// Seconds as a duration; what cannot be one is no time at all.
pub(crate) fn seconds(s: f64) -> Duration {
    Duration::try_from_secs_f64(s).unwrap_or_default()
}
