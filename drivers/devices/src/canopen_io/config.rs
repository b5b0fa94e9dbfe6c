//! What the catalogue says of such a box, and what a bench says of one.

use std::time::Duration;

use certbench_model::plan::DevicePlan;
use certbench_model::vocabulary::{DriverDescription, SignalDescription};
use certbench_model::{Text, Unit};
use certbench_roles::Trouble;
use certbench_wire::canopen::NodeId;

use crate::canopen::MakerFile;
use crate::options::{Options, count, one_of, optional_file, quantity, text};

/// Contacts that can be wired to channels: two bytes of process data.
pub(super) const DIGITAL_MOST: u16 = 16;
/// Voltages that one process data object carries.
pub(super) const ANALOG_MOST: u16 = 4;
/// Outputs that can be switched: the eight bytes of a process data object.
const OUTPUTS_MOST: u16 = 64;

pub(crate) fn description() -> DriverDescription {
    let signal = |name: String, unit: Unit, digital| SignalDescription {
        name,
        components: vec![("value".into(), unit)],
        digital,
        interval_s: 0.01,
        delay_s: [0.0, 0.02],
    };
    let volt = Unit::parse("V").unwrap_or_else(|_| Unit::one());
    let contacts = (0..DIGITAL_MOST).map(|n| signal(format!("in{n}"), Unit::one(), true));
    let voltages = (0..ANALOG_MOST).map(|n| signal(format!("voltage{n}"), volt, false));
    DriverDescription {
        id: "canopen-io".into(),
        title: Text::new(
            "input and output box, CANopen CiA 401",
            "输入输出盒，CANopen CiA 401",
        ),
        kind: "io".into(),
        links: vec!["can".into()],
        roles: ["identify", "sensor", "output", "register"]
            .map(String::from)
            .to_vec(),
        joints: Vec::new(),
        signals: contacts.chain(voltages).collect(),
        options: vec![
            count(
                "bit_rate",
                500_000,
                "bit rate of the bus, for an SLCAN adapter",
                "总线位速率（SLCAN 适配器）",
            ),
            count("node", 1, "node number, 1 to 127", "节点号，1 至 127"),
            count(
                "inputs",
                8,
                "how many contacts, up to 16",
                "输入触点数，最多 16",
            ),
            count(
                "outputs",
                8,
                "how many outputs, up to 64",
                "输出路数，最多 64",
            ),
            count(
                "analog_inputs",
                0,
                "how many voltages, up to 4",
                "模拟输入数，最多 4",
            ),
            count(
                "analog_outputs",
                0,
                "how many analogue outputs may be written, in counts",
                "可写的模拟输出数（计数值）",
            ),
            text(
                "volts_per_count",
                "0.00030517578125",
                "volts of a count of the analogue inputs: 10 V are 32768, unless the box's manual says otherwise",
                "模拟输入每计数的伏特数：默认 10 V 对应 32768",
            ),
            one_of(
                "on_loss",
                &["off", "hold"],
                "what the outputs do when this computer falls silent: go to 0, or stay as they are",
                "主机失联时输出的动作：归零，或保持",
            ),
            text(
                "on_at_loss",
                "",
                "numbers of outputs that then go on instead of off, such as a brake's release that closes",
                "失联时应接通而非断开的输出编号",
            ),
            one_of(
                "feedback",
                &["sync", "event"],
                "how inputs are sampled: at our SYNC, or when they change and every `interval`",
                "输入采样方式：SYNC 触发，或变化时及每隔 interval 上报",
            ),
            quantity("interval", "10 ms", "sampling interval", "采样间隔"),
            quantity(
                "slowest",
                "20 ms",
                "what comes later than this after our SYNC is no reading; at most the channel's declared delay",
                "SYNC 之后晚于此值到达的数据视为无效；不大于通道声明的延迟",
            ),
            quantity(
                "timeout",
                "500 ms",
                "how long an SDO answer is waited for",
                "等待 SDO 应答的时间",
            ),
            quantity(
                "heartbeat",
                "100 ms",
                "interval of the heartbeats, the box's and ours",
                "心跳间隔（设备与主机）",
            ),
            quantity(
                "lost_after",
                "500 ms",
                "a box silent for so long is lost; it is told the same of us",
                "静默超过此时间视为失联；设备对主机同样适用",
            ),
            count("master", 127, "our own node number", "主机节点号"),
            optional_file(
                "eds",
                "the maker's EDS or DCF file: the box must be the one in it, and is configured as a DCF says",
                "厂商的 EDS 或 DCF 文件：设备须与之相符，并按 DCF 配置",
            ),
        ],
        safe_states: vec!["hold".into()],
        watchdog: Text::new(
            "outputs take their error values (6206h, 6207h, 6443h, 6444h) when our heartbeat is missing for \
             `lost_after`; it is sent only while the executor is alive. It is no safety function",
            "主机心跳缺失超过 `lost_after` 时输出取错误值（6206h、6207h、6443h、6444h）；仅当执行器存活时才发送心跳。\
             非安全功能",
        ),
        verified_against: vec![
            "canopen.LocalNode 2.4.1, over SLCAN on a pty".into(),
            "durand 0.5.0, over SLCAN on a pty".into(),
            "simulator".into(),
        ],
        moves: false,
    }
}

/// How inputs are sampled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Feedback {
    Sync,
    Event,
}

/// What the outputs do when this computer falls silent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OnLoss {
    Hold,
    /// Off, but for those whose bit is set.
    Values(u64),
}

/// What the bench says.
#[derive(Clone, Debug)]
pub(super) struct Config {
    pub(super) id: String,
    pub(super) node: NodeId,
    pub(super) inputs: u16,
    pub(super) outputs: u16,
    pub(super) analog_inputs: u16,
    pub(super) analog_outputs: u16,
    pub(super) volts_per_count: f64,
    pub(super) on_loss: OnLoss,
    pub(super) feedback: Feedback,
    pub(super) interval: Duration,
    pub(super) slowest: Duration,
    pub(super) timeout: Duration,
    pub(super) heartbeat: Duration,
    pub(super) lost_after: Duration,
    pub(super) master: NodeId,
    /// The maker's file.
    pub(super) eds: Option<MakerFile>,
}

impl Config {
    pub(super) fn new(plan: &DevicePlan) -> Result<Config, Trouble> {
        let options = Options::new(plan, description());
        let most = |name: &str, most: u16| match options.count::<u16>(name)? {
            n if n <= most => Ok(n),
            n => Err(options.refuse(name, format_args!("{n} is more than {most}"))),
        };
        let node = |name: &str| {
            let number = options.count::<u8>(name)?;
            let what = "nodes are 1 to 127";
            NodeId::new(number).ok_or_else(|| options.refuse(name, what))
        };
        let outputs = most("outputs", OUTPUTS_MOST)?;
        let scale = options.numbers("volts_per_count")?;
        let [volts_per_count] = scale[..] else {
            return Err(options.refuse("volts_per_count", "write one number"));
        };
        let period = |name: &str| Ok(options.time(name)?.max(Duration::from_millis(1)));
        Ok(Config {
            id: plan.id.clone(),
            node: node("node")?,
            inputs: most("inputs", DIGITAL_MOST)?,
            outputs,
            analog_inputs: most("analog_inputs", ANALOG_MOST)?,
            analog_outputs: most("analog_outputs", ANALOG_MOST)?,
            volts_per_count,
            on_loss: on_loss(&options, outputs)?,
            feedback: match options.text("feedback")?.as_deref() {
                Some("event") => Feedback::Event,
                _ => Feedback::Sync,
            },
            interval: period("interval")?,
            slowest: options.time("slowest")?,
            timeout: options.time("timeout")?,
            heartbeat: period("heartbeat")?,
            lost_after: period("lost_after")?,
            master: node("master")?,
            eds: MakerFile::of(plan, &options)?,
        })
    }
}

fn on_loss(options: &Options<'_>, outputs: u16) -> Result<OnLoss, Trouble> {
    let on = options.numbers("on_at_loss")?;
    if options.text("on_loss")?.as_deref() == Some("hold") {
        return match on.is_empty() {
            true => Ok(OnLoss::Hold),
            false => Err(options.refuse(
                "on_at_loss",
                "with `on_loss: hold` outputs stay as they are",
            )),
        };
    }
    let bit = |number: &f64| match *number {
        n if n.fract() == 0.0 && (0.0..f64::from(outputs)).contains(&n) => Ok(1_u64 << n as u16),
        n => Err(options.refuse("on_at_loss", format_args!("there is no output {n}"))),
    };
    let values = on.iter().map(bit).try_fold(0, |all, bit| Ok(all | bit?))?;
    Ok(OnLoss::Values(values))
}
