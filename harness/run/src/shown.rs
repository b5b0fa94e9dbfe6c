//! What is shown before arming: what will move, how fast, with what load, where a halt takes it,
//! and what the bench cannot limit.

use crate::bench::Bench;
use crate::executor::TELLING;
use crate::guard::HALTED_AFTER;
use crate::rehearse::{Extent, Extents};
use certbench_model::Text;
use certbench_model::plan::{DevicePlan, SafeState, Safety, Watchdog};
use certbench_roles::Device;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// All lines, in the order of the bench. The lease is the run's.
pub(crate) fn all(bench: &Bench, extents: &Extents, lease: Duration) -> Vec<Text> {
    let mut lines = Vec::new();
    for (planned, device) in bench.devices() {
        if let Some(programs) = extents.programs.get(&planned.id) {
            lines.push(own_programs(planned, programs));
        }
        if let Some(extent) = extents.devices.get(&planned.id) {
            lines.push(motion(planned, device, extent));
            if extent.driven().is_none() {
                lines.push(load(planned));
            }
        }
        if let Some(safety) = planned.safety.as_ref().filter(|_| device.halt().is_some()) {
            lines.push(stopping(&planned.id, safety));
            lines.push(hanging(&planned.id, safety, stuck_at_most(bench, lease)));
        }
    }
    for (output, states) in &extents.outputs {
        let states: Vec<_> = states.iter().map(String::as_str).collect();
        let states = states.join(", ");
        lines.push(Text::new(
            format!("Output `{output}` moves something: {states}. Its speed and force cannot be limited from here."),
            format!("输出 `{output}` 会驱动机构：{states}。此处无法限制其速度和力。"),
        ));
    }
    if lines.is_empty() {
        lines.push(Text::new(
            "Nothing moves by this plan.",
            "本计划不产生运动。",
        ));
    }
    lines.push(Text::new(
        "certbench is not a safety function: keep the emergency stop within reach.",
        "certbench 不是安全功能：请确保急停装置触手可及。",
    ));
    lines
}

fn motion(planned: &DevicePlan, device: &Arc<dyn Device>, extent: &Extent) -> Text {
    let id = &planned.id;
    let mut en = Vec::new();
    let mut zh = Vec::new();
    if !extent.joints.is_empty() {
        let names = device.joints().map(|j| j.names()).unwrap_or_default();
        let range = |(index, (least, most)): (&usize, &(f64, f64))| {
            let name = names.get(*index).map_or("?", String::as_str);
            format!("{name} {least}…{most}°")
        };
        let ranges: Vec<_> = extent.joints.iter().map(range).collect();
        let ranges = ranges.join(", ");
        en.push(format!(
            "joints at up to {}°/s to {ranges}",
            extent.deg_per_s_max
        ));
        zh.push(format!(
            "关节最高 {}°/s，目标 {ranges}",
            extent.deg_per_s_max
        ));
    }
    if let Some(speed) = extent.homes_deg_per_s {
        en.push(format!(
            "joints at up to {speed}°/s to wherever they find their home, which no range limits"
        ));
        zh.push(format!("关节以最高 {speed}°/s 寻找零点，行程不受范围限制"));
    }
    if extent.fingers {
        let (force, speed) = (extent.force_max * 100.0, extent.speed_max * 100.0);
        en.push(format!(
            "fingers with up to {force:.0} % force at up to {speed:.0} % speed"
        ));
        zh.push(format!("手指最大力 {force:.0} %，最高速度 {speed:.0} %"));
    }
    if let Some(driven) = extent.driven() {
        en.push(format!("driven to up to {driven}"));
        zh.push(format!("设定值最高 {driven}"));
    }
    Text::new(
        format!("`{id}` will move: {}.", en.join("; ")),
        format!("`{id}` 将运动：{}。", zh.join("；")),
    )
}

/// A robot that certbench does not command: what cannot be limited, and the only way to stop it.
fn own_programs(planned: &DevicePlan, programs: &BTreeSet<String>) -> Text {
    let id = &planned.id;
    let programs: Vec<_> = programs.iter().map(String::as_str).collect();
    let programs = programs.join(", ");
    let stop = planned.safety.as_ref().and_then(|s| s.next.as_ref());
    let (output, to) = stop.map_or(("", ""), |s| (s.output.as_str(), s.to.as_str()));
    Text::new(
        format!(
            "`{id}` moves by programs of its own ({programs}): certbench knows neither path nor speed nor force and cannot limit them; it can stop it only by setting `{output}` to `{to}`."
        ),
        format!(
            "`{id}` 按其自身程序运动（{programs}）：certbench 不知道也无法限制其路径、速度和力；只能通过将 `{output}` 置为 `{to}` 使其停止。"
        ),
    )
}

fn load(planned: &DevicePlan) -> Text {
    let id = &planned.id;
    match planned.limits.load_kg_max {
        Some(kg) => Text::new(
            format!("`{id}`: load of at most {kg} kg; certbench cannot weigh it."),
            format!("`{id}`：负载不得超过 {kg} kg；certbench 无法称量。"),
        ),
        None => Text::new(
            format!(
                "`{id}`: the bench states no limit of load, and the path between targets is the device's own: neither can be limited from here."
            ),
            format!(
                "`{id}`：测试台未给出负载限值，且目标之间的路径由设备自行决定：两者均无法在此限制。"
            ),
        ),
    }
}

/// The longest time for which a hung executor is still believed to be alive while something moves.
pub(crate) fn stuck_at_most(bench: &Bench, lease: Duration) -> Duration {
    let calls = bench.devices().map(|(_, device)| device.call_at_most());
    calls.max().unwrap_or_default().max(TELLING).max(lease)
}

/// What becomes of a device when certbench hangs and its computer does not: its watchdog is not fed
/// any more, and the guard halts it.
fn hanging(id: &str, safety: &Safety, stuck: Duration) -> Text {
    let by_guard = stuck + HALTED_AFTER;
    let after = match safety.watchdog {
        Watchdog::Stops { after_s } => (stuck.as_secs_f64() + after_s).min(by_guard.as_secs_f64()),
        Watchdog::None | Watchdog::Reports { .. } => by_guard.as_secs_f64(),
    };
    Text::new(
        format!("`{id}` when certbench itself hangs: stopped at most {after:.1} s later."),
        format!("`{id}` 在 certbench 自身挂起时：最迟 {after:.1} s 后停机。"),
    )
}

fn stopping(id: &str, safety: &Safety) -> Text {
    let (en, zh) = match safety.safe_state {
        SafeState::Hold => ("holds where it is", "原位保持"),
        SafeState::DecelerateAndHold => ("decelerates, then holds", "减速后保持"),
        SafeState::TorqueOff => ("switches its torque off", "切断力矩"),
        SafeState::Open => ("opens", "张开"),
    };
    let (watchdog_en, watchdog_zh) = match safety.watchdog {
        Watchdog::None => (
            "it has no watchdog: if this computer fails, it goes on with its last command"
                .to_string(),
            "无看门狗：若本机失效，设备将继续执行最后的指令".to_string(),
        ),
        Watchdog::Stops { after_s } => (
            format!("its watchdog stops it {after_s} s after this computer falls silent"),
            format!("本机静默 {after_s} s 后由其看门狗停机"),
        ),
        Watchdog::Reports { after_s } => (
            format!("its watchdog only reports, {after_s} s after this computer falls silent"),
            format!("本机静默 {after_s} s 后其看门狗仅作报告"),
        ),
    };
    let held_en = safety.held_by.iter().map(|by| format!(", held by {by}"));
    let held_zh = safety.held_by.iter().map(|by| format!("，由 {by} 支撑"));
    Text::new(
        format!(
            "`{id}` on a halt: {en}{}; {watchdog_en}.",
            held_en.collect::<String>()
        ),
        format!(
            "`{id}` 停机时：{zh}{}；{watchdog_zh}。",
            held_zh.collect::<String>()
        ),
    )
}
