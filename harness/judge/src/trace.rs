//! Samples of one channel in one window, with everything that makes them unusable for a verdict.

use crate::frame::{self, Pose};
use crate::reason::{Reasons, because};
use certbench_model::addendum::{Addendum, Content, Import, Times};
use certbench_model::finding::{FittedFrame, Reason};
use certbench_model::sample::{COMPONENTS_MAX, Invalid};
use certbench_model::{Channel, Date, Plan, Reading, Recorded, Source, Unit};

/// A run with what is needed to read it.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    pub(crate) run: &'a dyn Recorded,
    pub(crate) plan: &'a Plan,
    /// Day of the run.
    pub(crate) day: Date,
    /// Frames that the run found for itself.
    pub(crate) frames: &'a [FittedFrame],
    /// The windows stand for stretches of a file: nobody recorded when they were.
    pub(crate) external: bool,
}

/// Valid samples of a window.
#[derive(Debug)]
pub(crate) struct Trace<'a> {
    pub(crate) channel: &'a Channel,
    /// Seconds since the window's begin, and the components in the channel's units.
    pub(crate) points: Vec<(f64, [f64; COMPONENTS_MAX])>,
    passed: Passed<'a>,
}

/// What is left of a window whose samples went by one at a time: nothing that grows with it.
#[derive(Debug)]
pub(crate) struct Passed<'a> {
    pub(crate) channel: &'a Channel,
    /// Longest stretch without a valid sample, ends included, seconds; 0 where nobody knows it: a row
    /// stands for its whole window, or nobody recorded how long the window was.
    widest_s: f64,
}

impl<'a> Reader<'a> {
    /// A channel by name.
    pub(crate) fn channel(self, id: &str) -> Result<(u16, &'a Channel), Reason> {
        self.plan.channel(id).ok_or_else(|| {
            because(
                "no-channel",
                format!("The plan has no channel {id}"),
                format!("计划中没有通道 {id}"),
            )
        })
    }

    /// Whether any valid sample of a channel lies in a window.
    pub(crate) fn speaks(self, channel: u16, from_ns: u64, to_ns: u64) -> bool {
        let mut samples = self.run.samples(channel, from_ns, to_ns);
        samples.any(|s| s.is_ok_and(|s| s.reading.values().is_some()))
    }

    /// Reads a window. Whatever makes its samples unusable goes to `doubts`; the valid ones are
    /// given all the same, so that a number can be shown.
    pub(crate) fn trace(
        self,
        id: &str,
        from_ns: u64,
        to_ns: u64,
        doubts: &mut Reasons,
    ) -> Result<Trace<'a>, Reason> {
        let mut points = Vec::new();
        let take = |t, values: &[f64; COMPONENTS_MAX]| points.push((t, *values));
        let passed = self.pass(id, from_ns, to_ns, doubts, take)?;
        Ok(Trace {
            channel: passed.channel,
            points,
            passed,
        })
    }

    /// As [`Self::trace`] for a window of any length: each valid sample (seconds since the window's
    /// begin, components) goes to `take` and is not kept.
    pub(crate) fn pass(
        self,
        id: &str,
        from_ns: u64,
        to_ns: u64,
        doubts: &mut Reasons,
        mut take: impl FnMut(f64, &[f64; COMPONENTS_MAX]),
    ) -> Result<Passed<'a>, Reason> {
        let (index, channel) = self.channel(id)?;
        let sense = self.sense(channel);
        let times = self.times(channel);
        let mut stuck = Stuck::of(channel, times);
        let (mut last, mut widest_s): (Option<f64>, f64) = (None, 0.0);
        for sample in self.run.samples(index, from_ns, to_ns) {
            match sample {
                Err(damage) => doubts.add(damaged(&damage.place, &damage.what)),
                Ok(sample) => match sample.reading {
                    Reading::Invalid(why) => doubts.add(invalid(id, why)),
                    Reading::Values { values, .. } => {
                        if !in_range(channel, &values) {
                            doubts.add(out_of_range(id));
                        }
                        if sense.is_some_and(|s| against(channel, s, values[0])) {
                            doubts.add(against_direction(channel));
                        }
                        let t = sample.time_ns.saturating_sub(from_ns) as f64 * 1e-9;
                        stuck.see(t, &values);
                        widest_s = widest_s.max(t - last.unwrap_or(0.0));
                        last = Some(t);
                        take(t, &values);
                    }
                },
            }
        }
        let mut length_s = to_ns.saturating_sub(from_ns) as f64 * 1e-9;
        if self.external && times == Times::Window {
            // Such a window ends with its last row.
            length_s = last.unwrap_or(0.0);
        }
        if last.is_none() {
            doubts.add(self.silent(channel));
        }
        if stuck.is_stuck {
            doubts.add(frozen(id));
        }
        let widest_s = widest_s.max(length_s - last.unwrap_or(0.0));
        Ok(Passed {
            channel,
            widest_s: match times {
                Times::Nothing if self.external || self.one_row_a_window(channel) => 0.0,
                // Rows without a time are spread evenly: too few of them are a gap all the same.
                _ => widest_s,
            },
        })
    }

    /// What the times of a channel's samples rest on.
    pub(crate) fn times(self, channel: &Channel) -> Times {
        if !self.plan.imported(channel) {
            return Times::Run;
        }
        let told = self.import(channel).and_then(|(_, import)| import.times);
        told.unwrap_or(Times::Run)
    }

    /// Whether each row that is imported stands for a whole window.
    fn one_row_a_window(self, channel: &Channel) -> bool {
        let device = self.plan.device(&channel.device);
        let option = |name| device.and_then(|d| d.options.get(name)?.as_str());
        option("rows") != Some("several") && option("align") != Some("marks")
    }

    /// Why a channel's instrument is known to be stuck between two instants, if it is.
    pub(crate) fn frozen(self, id: &str, from_ns: u64, to_ns: u64) -> Option<Reason> {
        let mut doubts = Reasons::default();
        self.pass(id, from_ns, to_ns, &mut doubts, |_, _| ()).ok()?;
        doubts.into_vec().into_iter().find(|r| r.code == "frozen")
    }

    /// The newest import of a channel, when one was made.
    pub(crate) fn import(self, channel: &Channel) -> Option<(&'a Addendum, &'a Import)> {
        let addenda = self.run.addenda().iter().rev();
        let mut imports = addenda.filter_map(|addendum| match &addendum.content {
            Content::Import(import) if import.channel == channel.id => Some((addendum, import)),
            _ => None,
        });
        imports.next()
    }

    /// Why a channel has no sample in a window.
    fn silent(self, channel: &Channel) -> Reason {
        match self.plan.imported(channel) {
            false => silent(self.plan, channel),
            true if self.import(channel).is_none() => to_be_imported(&channel.id),
            true => because(
                "no-row",
                format!(
                    "The file that was imported for {} has no row here",
                    channel.id
                ),
                format!("为 {} 导入的文件在此处没有数据行", channel.id),
            ),
        }
    }

    /// What a channel's calibration lacks for a verdict on the day of the run. A contact needs
    /// none: its doubt is its delay.
    pub(crate) fn check_calibration(self, channel: &Channel, doubts: &mut Reasons) {
        if channel.digital {
            return;
        }
        let id = &channel.id;
        match &channel.calibration {
            None if channel.source == Source::Device => doubts.add(because(
                "no-calibration",
                format!("{id} is the item's own report: its uncertainty is unknown"),
                format!("{id} 为被测件自报数据，其不确定度未知"),
            )),
            None => doubts.add(because(
                "no-calibration",
                format!("{id} has no calibration: its uncertainty is unknown"),
                format!("{id} 无校准信息，其不确定度未知"),
            )),
            Some(c) if !c.valid_on(self.day) => doubts.add(because(
                "calibration-due",
                format!(
                    "The certificate {} of {id} is valid from {} to {}, not on the day of the run, {}",
                    c.certificate, c.date, c.due, self.day
                ),
                format!(
                    "{id} 的证书 {} 有效期为 {} 至 {}，不含试验当日 {}",
                    c.certificate, c.date, c.due, self.day
                ),
            )),
            Some(_) if self.direction(channel) == Direction::Unknown => doubts.add(because(
                "calibration-direction",
                format!(
                    "The certificate of {id} holds for a direction that cannot be told from its sign: {}",
                    direction_word(channel)
                ),
                format!("无法由符号判断 {id} 的证书所适用的方向：{}", direction_word(channel)),
            )),
            Some(_) => {}
        }
    }

    /// The sign that readings must have, if a certificate holds for one direction only.
    fn sense(self, channel: &Channel) -> Option<f64> {
        match self.direction(channel) {
            Direction::Sign(sign) => Some(sign),
            Direction::Both | Direction::Unknown => None,
        }
    }

    /// The direction of a certificate as a sign. What a positive force means is an option of the
    /// gauge on the bench; compression, if nothing is said.
    fn direction(self, channel: &Channel) -> Direction {
        if channel.digital || channel.calibration.is_none() || channel.components.len() != 1 {
            return Direction::Both;
        }
        let device = self.plan.device(&channel.device);
        let positive = device.and_then(|d| d.options.get("positive")?.as_str());
        let tension = positive == Some("tension");
        match direction_word(channel).to_lowercase().as_str() {
            "" | "both" => Direction::Both,
            "positive" => Direction::Sign(1.0),
            "negative" => Direction::Sign(-1.0),
            "compression" => Direction::Sign(if tension { -1.0 } else { 1.0 }),
            "tension" => Direction::Sign(if tension { 1.0 } else { -1.0 }),
            _ => Direction::Unknown,
        }
    }
}

/// What a certificate holds for.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Direction {
    Both,
    Sign(f64),
    /// A word that says nothing of the sign.
    Unknown,
}

fn direction_word(channel: &Channel) -> &str {
    let calibration = channel.calibration.as_ref();
    let word = calibration.and_then(|c| c.direction.as_deref());
    word.map_or("", str::trim)
}

/// Whether a reading lies on the side that the certificate does not cover, by more than the
/// certificate's own expanded uncertainty (k = 2): less than that is zero.
fn against(channel: &Channel, sense: f64, reading: f64) -> bool {
    let calibration = channel.calibration.as_ref();
    let u = calibration.and_then(|c| c.standard_uncertainty(reading));
    sense * reading < -2.0 * u.unwrap_or(0.0)
}

fn against_direction(channel: &Channel) -> Reason {
    let (id, word) = (&channel.id, direction_word(channel));
    because(
        "against-direction",
        format!("{id} has samples against the direction that its certificate covers: {word}"),
        format!("{id} 有采样与证书适用方向相反：{word}"),
    )
}

impl Trace<'_> {
    /// The first component against time.
    pub(crate) fn scalar(&self) -> Vec<(f64, f64)> {
        self.points.iter().map(|(t, v)| (*t, v[0])).collect()
    }

    /// Poses against time, in millimetres and degrees, in the tracker's own frame.
    pub(crate) fn poses(&self) -> Result<Vec<(f64, Pose)>, Reason> {
        let no_pose = || {
            because(
                "not-a-pose",
                format!(
                    "{} is no pose: it lacks x, y, z with a length",
                    self.channel.id
                ),
                format!("{} 不是位姿通道：缺少长度单位的 x、y、z", self.channel.id),
            )
        };
        let scale = |name: &str, unit: &str| {
            let index = self.channel.component(name)?;
            let from = self.channel.components.get(index)?.unit;
            let factor = from.convert_difference(1.0, Unit::parse(unit).ok()?).ok()?;
            (index < COMPONENTS_MAX).then_some((index, factor))
        };
        let all = |names: [&str; 3], unit: &str| -> Option<[(usize, f64); 3]> {
            let [a, b, c] = names.map(|name| scale(name, unit));
            Some([a?, b?, c?])
        };
        let xyz = all(["x", "y", "z"], "mm").ok_or_else(no_pose)?;
        let abc = all(["a", "b", "c"], "deg");
        let pick = |v: &[f64; COMPONENTS_MAX], axes: [(usize, f64); 3]| axes.map(|(i, f)| v[i] * f);
        Ok(self
            .points
            .iter()
            .map(|(t, v)| {
                let pose = Pose {
                    position_mm: pick(v, xyz),
                    angles_deg: abc.map(|abc| pick(v, abc)),
                };
                (*t, pose)
            })
            .collect())
    }

    /// As [`Self::poses`], in the frame that the channel is registered to, if it is.
    pub(crate) fn registered(&self) -> Result<Vec<(f64, Pose)>, Reason> {
        let mut poses = self.poses()?;
        if let Some(registration) = &self.channel.registration {
            for (_, pose) in &mut poses {
                *pose = frame::into_frame(*pose, registration);
            }
        }
        Ok(poses)
    }

    /// As [`Passed::check_gaps`].
    pub(crate) fn check_gaps(&self, doubts: &mut Reasons) {
        self.passed.check_gaps(doubts);
    }
}

impl Passed<'_> {
    /// Refuses a window with a hole: no stretch of it may be without a sample for longer than ten
    /// sampling intervals or 100 ms, whichever is longer.
    pub(crate) fn check_gaps(&self, doubts: &mut Reasons) {
        let (id, widest_s) = (&self.channel.id, self.widest_s);
        let allowed = (10.0 * self.channel.interval_s).max(0.1);
        if widest_s > allowed {
            doubts.add(because(
                "gap",
                format!("{id} was silent for {widest_s:.3} s inside a window"),
                format!("{id} 在窗口内有 {widest_s:.3} s 无数据"),
            ));
        }
    }
}

/// Whether a reading lies in the calibrated range: each component of a scalar channel; for a pose
/// the distance from the tracker, as certificates of trackers state it.
fn in_range(channel: &Channel, values: &[f64; COMPONENTS_MAX]) -> bool {
    let Some(calibration) = channel.calibration.as_ref().filter(|_| !channel.digital) else {
        return true;
    };
    let known = |reading: f64| calibration.standard_uncertainty(reading).is_some();
    match distance(channel, values) {
        Some(distance) => known(distance),
        None => values
            .iter()
            .take(channel.components.len())
            .all(|v| known(*v)),
    }
}

/// Fewer equal readings in a row than this may be chance or a sampling faster than the instrument.
const FROZEN: usize = 20;

/// Whether an instrument with noise of its own gave the very same reading for twenty of its sampling
/// intervals: it is stuck, and whatever it says of the item is worth nothing.
struct Stuck {
    /// How long a stretch of equal readings must last, seconds (of rows without a time: no while, it is
    /// their number that counts); `None`: the instrument has no noise.
    lasts_s: Option<f64>,
    /// The present stretch: its reading, when it began, how many there are.
    equal: Option<([f64; COMPONENTS_MAX], f64, usize)>,
    is_stuck: bool,
}

impl Stuck {
    fn of(channel: &Channel, times: Times) -> Stuck {
        let noise = channel.calibration.as_ref().and_then(|c| c.noise);
        let noisy = !channel.digital && noise.is_some_and(|sigma| sigma > 0.0);
        Stuck {
            lasts_s: noisy.then_some(match times {
                Times::Nothing => 0.0,
                Times::Window | Times::Run => (FROZEN - 1) as f64 * channel.interval_s,
            }),
            equal: None,
            is_stuck: false,
        }
    }

    fn see(&mut self, t: f64, values: &[f64; COMPONENTS_MAX]) {
        let Some(lasts_s) = self.lasts_s else {
            return;
        };
        match &mut self.equal {
            Some((reading, began, n)) if reading == values => {
                *n += 1;
                self.is_stuck |= *n >= FROZEN && t - *began >= 0.99 * lasts_s;
            }
            equal => *equal = Some((*values, t, 1)),
        }
    }
}

fn frozen(id: &str) -> Reason {
    because(
        "frozen",
        format!(
            "{id} gave the very same reading again and again, though its certificate says that it has \
             noise: the instrument is stuck"
        ),
        format!("{id} 连续给出完全相同的读数，而其证书注明存在噪声：仪器卡死"),
    )
}

/// Distance of a pose from the tracker, in the channel's unit; `None` when it is no pose.
pub(crate) fn distance(channel: &Channel, values: &[f64; COMPONENTS_MAX]) -> Option<f64> {
    let at = |name| values.get(channel.component(name)?).copied();
    Some(at("x")?.hypot(at("y")?).hypot(at("z")?))
}

/// The data of a channel are still with its instrument.
pub(crate) fn to_be_imported(id: &str) -> Reason {
    because(
        "to-be-imported",
        format!("The data of {id} are still to be imported (`certbench import`)"),
        format!("{id} 的数据尚待导入（`certbench import`）"),
    )
}

fn damaged(place: &str, what: &str) -> Reason {
    because(
        "record-damaged",
        format!("The record is damaged at {place}: {what}"),
        format!("记录在 {place} 处损坏：{what}"),
    )
}

fn out_of_range(id: &str) -> Reason {
    because(
        "out-of-range",
        format!("{id} has samples outside the range that its certificate covers"),
        format!("{id} 有采样超出证书覆盖的范围"),
    )
}

fn invalid(id: &str, why: Invalid) -> Reason {
    let (en, zh) = match why {
        Invalid::OverRange => (
            "the instrument was overloaded or out of its range",
            "仪器过载或超量程",
        ),
        Invalid::NoSignal => ("the instrument saw nothing", "仪器无信号"),
        Invalid::Unreadable => ("a line could not be read", "数据行无法解析"),
        Invalid::NotFinite => ("a value was not a number", "数值非有限数"),
        Invalid::WrongUnit => ("a value came in another unit", "数值单位不符"),
        Invalid::Stale => ("a value was too old", "数值过期"),
    };
    because(
        "invalid-sample",
        format!("{id} has invalid samples: {en}"),
        format!("{id} 有无效采样：{zh}"),
    )
}

/// No sample at all. A device under test may be silent itself, or its link; an instrument is the
/// bench's own trouble.
fn silent(plan: &Plan, channel: &Channel) -> Reason {
    let id = &channel.id;
    let item = plan.device(&channel.device).is_some_and(|d| d.under_test);
    if item {
        because(
            "silent-channel",
            format!("{id} gave no valid sample: either the item or its link fell silent"),
            format!("{id} 无有效采样：被测件或其链路无响应"),
        )
    } else {
        because(
            "silent-channel",
            format!("{id} gave no valid sample: the instrument or its link fell silent"),
            format!("{id} 无有效采样：仪器或其链路无响应"),
        )
    }
}
