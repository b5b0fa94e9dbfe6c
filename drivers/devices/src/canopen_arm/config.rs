//! What the catalogue says of such an arm, and what a bench says of one.

use std::time::Duration;

use certbench_model::plan::{DevicePlan, JointLimit, SafeState, Watchdog};
use certbench_model::vocabulary::{DriverDescription, SignalDescription};
use certbench_model::{Text, Unit};
use certbench_roles::Trouble;
use certbench_wire::canopen::NodeId;
use certbench_wire::canopen::cia402::Mode;

use crate::canopen::MakerFile;
use crate::options::{
    Options, count, needed_text, one_of, optional_file, optional_quantity, optional_text, quantity,
    text,
};

/// Joints that fit into one sample.
const JOINTS_MOST: usize = certbench_model::sample::COMPONENTS_MAX;

pub(crate) fn description() -> DriverDescription {
    DriverDescription {
        id: "canopen-arm".into(),
        title: Text::new(
            "arm of CANopen CiA 402 drives",
            "由 CANopen CiA 402 驱动器组成的机械臂",
        ),
        kind: "arm".into(),
        links: vec!["can".into()],
        roles: ["identify", "joints", "setpoint", "sensor", "halt"]
            .map(String::from)
            .to_vec(),
        joints: Vec::new(),
        signals: [
            ("position", None),
            ("speed", Some("deg/s")),
            ("torque", Some("N.m")),
        ]
        .map(|(name, unit)| SignalDescription {
            name: name.into(),
            components: unit
                .and_then(|unit| Unit::parse(unit).ok())
                .map(|unit| ("value".to_owned(), unit))
                .into_iter()
                .collect(),
            digital: false,
            interval_s: 0.01,
            delay_s: [0.0, 0.02],
        })
        .to_vec(),
        options: vec![
            count(
                "bit_rate",
                1_000_000,
                "bit rate of the bus, for an SLCAN adapter",
                "总线位速率（SLCAN 适配器）",
            ),
            text(
                "nodes",
                "1 2 3 4 5 6",
                "node of each joint, in the order of the joints",
                "各关节的节点号，按关节顺序",
            ),
            needed_text(
                "counts_per_deg",
                "position counts of a degree: one number, or one a joint; negative turns round",
                "每度的位置计数：一个数，或每关节一个；负值反向",
            ),
            text(
                "zero_counts",
                "0",
                "position counts at zero degrees: one number, or one a joint",
                "零度时的位置计数：一个数，或每关节一个",
            ),
            optional_text(
                "counts_per_deg_s",
                "velocity units of a degree per second (objects 606Ch, 60FFh, 6081h), and of its acceleration a second;                  one number, or one a joint; without it those of the position",
                "每度每秒的速度单位（对象 606Ch、60FFh、6081h），加速度为其每秒值：一个数，或每关节一个；缺省同位置单位",
            ),
            one_of(
                "motion",
                &["profile", "cyclic"],
                "who plans the way: the drives (profile position, velocity, torque), or we, with a set-point at every SYNC                  (cyclic synchronous position, velocity, torque)",
                "轨迹由谁规划：驱动器（轮廓位置、速度、转矩），或主机在每个 SYNC 给出设定值（循环同步位置、速度、转矩）",
            ),
            optional_text(
                "driven",
                "node of the joint that `drive` steps turn; without it the only one there is",
                "`drive` 步骤驱动的关节节点；缺省为唯一的关节",
            ),
            text(
                "gear",
                "1",
                "torque at the driven joint of the drive's own (object 6076h): its gear ratio",
                "被驱动关节转矩与驱动器转矩（对象 6076h）之比：减速比",
            ),
            optional_quantity(
                "rated_torque",
                "N.m",
                "the drive's own rated torque, where it does not say it (object 6076h)",
                "驱动器未给出时（对象 6076h）的额定转矩",
            ),
            quantity(
                "speed_tolerance",
                "1 deg/s",
                "so near a set speed the driven joint has reached it",
                "到达设定速度的容差",
            ),
            quantity(
                "torque_tolerance",
                "0.2 N.m",
                "so near a set torque the driven joint has reached it",
                "到达设定转矩的容差",
            ),
            text(
                "homing",
                "0",
                "homing method of each joint (object 6098h): one number, or one a joint; 0 for none",
                "各关节的回零方法（对象 6098h）：一个数，或每关节一个；0 表示不回零",
            ),
            one_of(
                "feedback",
                &["sync", "event", "sdo"],
                "how positions are sampled: PDO at our SYNC, PDO at the node's event timer, or polled",
                "位置采样方式：SYNC 触发 PDO、节点事件定时 PDO，或轮询",
            ),
            quantity("interval", "10 ms", "sampling interval", "采样间隔"),
            quantity(
                "timeout",
                "500 ms",
                "how long an SDO answer is waited for; a command to all joints may take four times as long",
                "等待 SDO 应答的时间；发给全部关节的一条指令最多可用其四倍时间",
            ),
            quantity(
                "heartbeat",
                "100 ms",
                "interval of the heartbeats, the nodes' and ours",
                "心跳间隔（节点与主机）",
            ),
            quantity(
                "lost_after",
                "500 ms",
                "a node silent for so long is lost; nodes are told the same of us",
                "静默超过此时间视为失联；节点对主机同样适用",
            ),
            count("master", 127, "our own node number", "主机节点号"),
            optional_text(
                "serial_node",
                "node whose serial number is the arm's; without it the label is asked when the drives differ",
                "其序列号即机械臂序列号的节点；缺省且各驱动器不同时以铭牌为准",
            ),
            optional_quantity(
                "acceleration",
                "deg/s2",
                "acceleration and deceleration of moves; without it the drives' own",
                "运动的加减速度；缺省用驱动器自身设定",
            ),
            optional_quantity(
                "stop_deceleration",
                "deg/s2",
                "deceleration of the quick stop; without it the drives' own",
                "快停减速度；缺省用驱动器自身设定",
            ),
            quantity(
                "window",
                "0.5 deg",
                "so near a target a joint has reached it",
                "到位窗口",
            ),
            optional_file(
                "eds",
                "the drives' EDS or DCF file: every node must be the one in it, and have in it what is used here; \
                 a DCF's values are written to its node while it is disabled",
                "驱动器的 EDS 或 DCF 文件：各节点须与之相符，且其中须有所用对象；DCF 的参数值在驱动器未使能时写入其节点",
            ),
        ],
        safe_states: ["decelerate-and-hold", "torque-off"]
            .map(String::from)
            .to_vec(),
        watchdog: Text::new(
            "each drive stops when our heartbeat is missing for `lost_after`; it is sent only while the executor is alive",
            "主机心跳缺失超过 `lost_after` 时各驱动器停止；仅当执行器存活时才发送心跳",
        ),
        verified_against: vec![
            "canopen.LocalNode 2.4.1, over SLCAN on a pty".into(),
            "simulator".into(),
        ],
        moves: true,
    }
}

/// How positions are sampled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Feedback {
    Sync,
    Event,
    Sdo,
}

/// One joint of the bench.
#[derive(Clone, Debug)]
pub(super) struct Joint {
    pub(super) node: NodeId,
    pub(super) limit: JointLimit,
    counts_per_deg: f64,
    zero_counts: f64,
    /// With the sign of the position's.
    counts_per_deg_s: f64,
    /// Method of homing; 0 for none.
    pub(super) homing: i8,
}

impl Joint {
    /// Counts of an angle; `None` beyond what the drive can hold.
    pub(super) fn counts(&self, deg: f64) -> Option<i32> {
        let counts = (deg * self.counts_per_deg + self.zero_counts).round();
        let fits =
            counts.is_finite() && counts >= f64::from(i32::MIN) && counts <= f64::from(i32::MAX);
        fits.then_some(counts as i32)
    }

    /// The angle of counts.
    pub(super) fn deg(&self, counts: i32) -> f64 {
        (f64::from(counts) - self.zero_counts) / self.counts_per_deg
    }

    /// Units of a speed or an acceleration that has no direction, never zero.
    pub(super) fn rate(&self, deg: f64) -> u32 {
        some(deg * self.counts_per_deg_s.abs())
    }

    /// Units of a speed; `None` beyond what the drive can hold.
    pub(super) fn speed(&self, deg_per_s: f64) -> Option<i32> {
        let counts = (deg_per_s * self.counts_per_deg_s).round();
        (counts.abs() <= f64::from(i32::MAX)).then_some(counts as i32)
    }

    /// The speed of velocity units.
    pub(super) fn deg_per_s(&self, counts: i32) -> f64 {
        f64::from(counts) / self.counts_per_deg_s
    }

    /// Which way the drive turns when the joint turns up, 1 or -1.
    pub(super) fn sense(&self) -> f64 {
        self.counts_per_deg.signum()
    }

    /// Counts of a way that has no direction, never zero.
    pub(super) fn way(&self, deg: f64) -> u32 {
        some(deg * self.counts_per_deg.abs())
    }

    /// Counts within which a position that changes is no motion: a hundredth of a degree.
    pub(super) fn play(&self) -> u32 {
        self.way(0.01)
    }

    /// `node 3 (j3)`.
    pub(super) fn who(&self) -> String {
        format!("{} ({})", self.node, self.limit.joint)
    }
}

/// A positive number in counts, never zero.
fn some(counts: f64) -> u32 {
    counts.round().clamp(1.0, f64::from(i32::MAX)) as u32
}

/// What the bench says.
#[derive(Clone, Debug)]
pub(super) struct Config {
    pub(super) id: String,
    pub(super) joints: Vec<Joint>,
    pub(super) feedback: Feedback,
    pub(super) interval: Duration,
    pub(super) timeout: Duration,
    /// A command to all joints that takes longer is given up.
    pub(super) patience: Duration,
    /// The same for switching power.
    pub(super) power_patience: Duration,
    pub(super) heartbeat: Duration,
    pub(super) lost_after: Duration,
    pub(super) master: NodeId,
    pub(super) acceleration: Option<f64>,
    pub(super) stop_deceleration: Option<f64>,
    pub(super) window_deg: f64,
    /// Set-points come from here, at every SYNC.
    pub(super) cyclic: bool,
    pub(super) driven: Option<Driven>,
    /// The makers' file.
    pub(super) eds: Option<MakerFile>,
    /// The joint whose node knows the arm's serial number.
    pub(super) serial_node: Option<usize>,
    /// Torque off after a quick stop, instead of holding.
    pub(super) torque_off: bool,
    /// The bench says that the drives stop without our heartbeat.
    pub(super) watched: bool,
}

/// The joint that `drive` steps turn.
#[derive(Clone, Debug)]
pub(super) struct Driven {
    pub(super) index: usize,
    /// Torque of the joint of the drive's.
    pub(super) gear: f64,
    /// N·m of the drive, where the bench says it.
    pub(super) rated_nm: Option<f64>,
    /// The bench's limits of what it is driven to.
    pub(super) nm_max: Option<f64>,
    pub(super) deg_per_s_max: Option<f64>,
    pub(super) nm_tolerance: f64,
    pub(super) deg_per_s_tolerance: f64,
}

/// Switching power, brakes and all: a whole arm that is not there by then does not get there.
const POWER: Duration = Duration::from_secs(10);

/// Answers that a command to all joints may wait for in full.
const ANSWERS: u32 = 4;

impl Config {
    /// What a call that is given up has taken at most: beside its patience the answer that it
    /// waited for last, one of whoever else asks on the bus, and the reason for a fault.
    pub(super) fn given_up_after(&self, patience: Duration) -> Duration {
        patience + 3 * self.timeout
    }

    /// The mode that moves are made in.
    pub(super) fn position_mode(&self) -> Mode {
        if self.cyclic {
            Mode::CyclicPosition
        } else {
            Mode::ProfilePosition
        }
    }

    pub(super) fn new(plan: &DevicePlan) -> Result<Config, Trouble> {
        let options = Options::new(plan, description());
        let node = |name: &str, number: u64| {
            let id = u8::try_from(number).ok().and_then(NodeId::new);
            id.ok_or_else(|| {
                options.refuse(
                    name,
                    format_args!("{number} is not a node; nodes are 1 to 127"),
                )
            })
        };
        let joints = joints(plan, &options)?;
        let timeout = options.time("timeout")?;
        let safety = plan.safety.as_ref();
        let torque_off = match safety.map(|safety| safety.safe_state) {
            None | Some(SafeState::DecelerateAndHold) => false,
            Some(SafeState::TorqueOff) => true,
            Some(_) => {
                return Err(refuse(
                    plan,
                    "its safe states are `decelerate-and-hold` and `torque-off`",
                ));
            }
        };
        Ok(Config {
            id: plan.id.clone(),
            feedback: match options.text("feedback")?.as_deref() {
                Some("event") => Feedback::Event,
                Some("sdo") => Feedback::Sdo,
                _ => Feedback::Sync,
            },
            interval: options.time("interval")?.max(Duration::from_millis(1)),
            timeout,
            patience: ANSWERS * timeout,
            power_patience: POWER.max(ANSWERS * timeout),
            heartbeat: options.time("heartbeat")?.max(Duration::from_millis(1)),
            lost_after: lost_after(&options)?,
            master: node("master", options.count("master")?)?,
            acceleration: options.quantity("acceleration", "deg/s2")?,
            stop_deceleration: options.quantity("stop_deceleration", "deg/s2")?,
            serial_node: node_named(&options, "serial_node", &joints)?,
            driven: driven(plan, &options, &joints)?,
            cyclic: cyclic(&options)?,
            eds: file(plan, &options, &joints)?,
            joints,
            window_deg: options.needed_quantity("window", "deg")?,
            torque_off,
            watched: safety.is_some_and(|safety| matches!(safety.watchdog, Watchdog::Stops { .. })),
        })
    }
}

/// The makers' file; a configuration file is of one of the joints, or of every one.
fn file(
    plan: &DevicePlan,
    options: &Options<'_>,
    joints: &[Joint],
) -> Result<Option<MakerFile>, Trouble> {
    let file = MakerFile::of(plan, options)?;
    let configures = |file: &MakerFile| joints.iter().any(|joint| file.configures(joint.node));
    match file.as_ref().and_then(|file| file.eds.node) {
        Some(node) if !file.as_ref().is_some_and(configures) => {
            let what = format_args!("it configures {node}, which is none of the arm's nodes");
            Err(options.refuse("eds", what))
        }
        _ => Ok(file),
    }
}

/// The place of a node that the bench names.
fn node_named(
    options: &Options<'_>,
    name: &str,
    joints: &[Joint],
) -> Result<Option<usize>, Trouble> {
    let Some(text) = options.text(name)? else {
        return Ok(None);
    };
    let place = joints
        .iter()
        .position(|joint| joint.node.number().to_string() == text.trim());
    let place = place
        .ok_or_else(|| options.refuse(name, format_args!("`{text}` is none of the arm's nodes")));
    place.map(Some)
}

fn driven(
    plan: &DevicePlan,
    options: &Options<'_>,
    joints: &[Joint],
) -> Result<Option<Driven>, Trouble> {
    let named = node_named(options, "driven", joints)?;
    let Some(index) = named.or((joints.len() == 1).then_some(0)) else {
        return Ok(None);
    };
    let gear = match options.numbers("gear")?[..] {
        [gear] if gear > 0.0 => gear,
        _ => return Err(options.refuse("gear", "write one number above 0")),
    };
    Ok(Some(Driven {
        index,
        gear,
        rated_nm: options.quantity("rated_torque", "N.m")?,
        nm_max: plan.limits.torque_nm_max,
        deg_per_s_max: plan.limits.deg_per_s_max,
        nm_tolerance: options.needed_quantity("torque_tolerance", "N.m")?,
        deg_per_s_tolerance: options.needed_quantity("speed_tolerance", "deg/s")?,
    }))
}

/// What drives watch for comes at least twice within the time after which they miss it.
fn lost_after(options: &Options<'_>) -> Result<Duration, Trouble> {
    let lost_after = options.time("lost_after")?;
    let watched = match options.text("motion")?.as_deref() {
        Some("cyclic") => &["heartbeat", "interval"][..],
        _ => &["heartbeat"],
    };
    for name in watched {
        if 2 * options.time(name)? > lost_after {
            let what =
                "it is more than half of `lost_after`, so that one beat that is late is missed";
            return Err(options.refuse(name, what));
        }
    }
    Ok(lost_after)
}

/// Set-points at every SYNC need a SYNC of ours, a period that drives can be told, and a ramp.
fn cyclic(options: &Options<'_>) -> Result<bool, Trouble> {
    if options.text("motion")?.as_deref() != Some("cyclic") {
        return Ok(false);
    }
    if options.text("feedback")?.is_some_and(|how| how != "sync") {
        return Err(options.refuse("feedback", "cyclic motion goes by our SYNC: `sync`"));
    }
    let interval = options.time("interval")?;
    if !interval.subsec_nanos().is_multiple_of(1_000_000)
        || !(1..=255).contains(&interval.as_millis())
    {
        let what = "the period of cyclic motion is whole milliseconds, 1 to 255 (object 60C2h)";
        return Err(options.refuse("interval", what));
    }
    if options
        .quantity("acceleration", "deg/s2")?
        .is_none_or(|rate| rate <= 0.0)
    {
        return Err(options.refuse("acceleration", "cyclic motion is planned here and needs it"));
    }
    Ok(true)
}

fn joints(plan: &DevicePlan, options: &Options<'_>) -> Result<Vec<Joint>, Trouble> {
    let nodes = options.numbers("nodes")?;
    let limits = &plan.limits.joints;
    if nodes.is_empty() || nodes.len() > JOINTS_MOST {
        return Err(options.refuse("nodes", format_args!("name 1 to {JOINTS_MOST} nodes")));
    }
    if limits.len() != nodes.len() {
        let text = format!(
            "its limits name {} joints and its option `nodes` {}",
            limits.len(),
            nodes.len()
        );
        return Err(refuse(plan, text));
    }
    let scales = one_each(options, "counts_per_deg", nodes.len())?;
    if scales.iter().any(|scale| scale.abs() < 1e-6) {
        return Err(options.refuse("counts_per_deg", "it must not be zero"));
    }
    let zeros = one_each(options, "zero_counts", nodes.len())?;
    let speeds = match options.numbers("counts_per_deg_s")?.is_empty() {
        true => scales.clone(),
        false => one_each(options, "counts_per_deg_s", nodes.len())?,
    };
    if speeds.iter().any(|scale| scale.abs() < 1e-9) {
        return Err(options.refuse("counts_per_deg_s", "it must not be zero"));
    }
    let methods = one_each(options, "homing", nodes.len())?;
    let mut joints: Vec<Joint> = Vec::with_capacity(nodes.len());
    let scales = scales.into_iter().zip(zeros).zip(speeds).zip(methods);
    for ((number, limit), (((counts_per_deg, zero_counts), speed), method)) in
        nodes.into_iter().zip(limits).zip(scales)
    {
        let homing = method as i8;
        if f64::from(homing) != method {
            return Err(options.refuse("homing", format_args!("{method} is no homing method")));
        }
        let whole = number.fract() == 0.0 && (1.0..=127.0).contains(&number);
        let node = whole.then(|| NodeId::new(number as u8)).flatten();
        let node = node.ok_or_else(|| {
            options.refuse(
                "nodes",
                format_args!("{number} is not a node; nodes are 1 to 127"),
            )
        })?;
        if joints.iter().any(|joint| joint.node == node) {
            return Err(options.refuse("nodes", format_args!("{node} stands there twice")));
        }
        joints.push(Joint {
            node,
            limit: limit.clone(),
            counts_per_deg,
            zero_counts,
            counts_per_deg_s: speed.abs().copysign(counts_per_deg),
            homing,
        });
    }
    Ok(joints)
}

/// A number for each joint: as many as there are joints, or one for all.
fn one_each(options: &Options<'_>, name: &str, joints: usize) -> Result<Vec<f64>, Trouble> {
    let numbers = options.numbers(name)?;
    match numbers.as_slice() {
        [] => Err(options.refuse(name, "it must be given")),
        [one] => Ok(vec![*one; joints]),
        several if several.len() == joints => Ok(numbers),
        several => Err(options.refuse(
            name,
            format_args!("{} numbers for {joints} joints", several.len()),
        )),
    }
}

fn refuse(plan: &DevicePlan, what: impl std::fmt::Display) -> Trouble {
    Trouble::Refused(format!("device `{}`: {what}", plan.id))
}
