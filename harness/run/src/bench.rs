//! The opened devices beside what the plan says of them.

use certbench_model::plan::{DevicePlan, Output};
use certbench_model::step::{Scope, SetOutput};
use certbench_model::{Plan, Provenance, Text};
use certbench_roles::{Device, Outputs, Registers, Trouble};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Plan and opened devices.
pub(crate) struct Bench {
    pub(crate) plan: Arc<Plan>,
    devices: BTreeMap<String, Arc<dyn Device>>,
}

/// One output with the level of one state, ready to be switched from any thread.
#[derive(Clone)]
pub(crate) struct Switch {
    /// Output of the bench.
    pub(crate) output: String,
    /// State of that output.
    pub(crate) state: String,
    /// I/O device.
    pub(crate) device: Arc<dyn Device>,
    /// Whether switching it can move something.
    pub(crate) moves: bool,
    number: u16,
    level: Level,
}

/// What an output is set to.
#[derive(Clone, Copy)]
enum Level {
    /// A contact.
    Contact(bool),
    /// A register.
    Value(u16),
}

impl Switch {
    /// Switches it; the earliest and latest time it took effect, ns.
    pub(crate) fn set(&self) -> Result<[u64; 2], Trouble> {
        let set = match self.level {
            Level::Contact(on) => self.device.outputs().map(|o| o.switch(self.number, on)),
            Level::Value(value) => self.device.registers().map(|r| r.write(self.number, value)),
        };
        set.unwrap_or_else(|| {
            let id = self.device.id();
            Err(Trouble::Refused(format!("`{id}` has no such outputs")))
        })
    }
}

impl Bench {
    pub(crate) fn new(plan: Arc<Plan>, devices: Vec<Arc<dyn Device>>) -> Bench {
        let devices = devices
            .into_iter()
            .map(|d| (d.id().to_string(), d))
            .collect();
        Bench { plan, devices }
    }

    /// The opened devices that the plan names, in the order of the plan.
    pub(crate) fn devices(&self) -> impl Iterator<Item = (&DevicePlan, &Arc<dyn Device>)> {
        let planned = self.plan.bench.devices.iter();
        planned.filter_map(|p| Some((p, self.devices.get(&p.id)?)))
    }

    /// An opened device by name.
    pub(crate) fn device(&self, id: &str) -> Result<&Arc<dyn Device>, Text> {
        self.devices.get(id).ok_or_else(|| {
            Text::new(
                format!("device `{id}` is not open on this bench"),
                format!("此测试台上未打开设备 `{id}`"),
            )
        })
    }

    /// What the plan says of a device.
    pub(crate) fn planned(&self, id: &str) -> Result<&DevicePlan, Text> {
        self.plan.device(id).ok_or_else(|| {
            Text::new(
                format!("device `{id}` is not part of this bench"),
                format!("设备 `{id}` 不属于此测试台"),
            )
        })
    }

    /// The longest time that one call of each device takes, one after the other.
    pub(crate) fn calls_at_most(&self) -> Duration {
        self.devices.values().map(|d| d.call_at_most()).sum()
    }

    /// Whether a device is an item under test.
    pub(crate) fn under_test(&self, id: &str) -> bool {
        self.plan.device(id).is_some_and(|d| d.under_test)
    }

    /// Whether a device is declared physical.
    pub(crate) fn any_physical(&self) -> bool {
        let physical = |d: &DevicePlan| d.provenance == Provenance::Physical;
        self.plan.bench.devices.iter().any(physical)
    }

    /// The switch that sets an output to a state; placeholders are filled.
    pub(crate) fn switch(&self, set: &SetOutput, scope: &Scope) -> Result<Switch, Text> {
        let (output, to) = (fill(scope, &set.output)?, fill(scope, &set.to)?);
        let Some(planned) = self.plan.bench.outputs.get(&output) else {
            return Err(Text::new(
                format!("the bench has no output `{output}`"),
                format!("测试台没有输出 `{output}`"),
            ));
        };
        self.switch_of(&output, planned, &to)
    }

    fn switch_of(&self, name: &str, output: &Output, state: &str) -> Result<Switch, Text> {
        let contact = output.states.get(state).copied().map(Level::Contact);
        let value = output.values.get(state).copied().map(Level::Value);
        let Some(level) = contact.or(value) else {
            let known: Vec<_> = output.state_names().map(String::as_str).collect();
            let known = known.join(", ");
            return Err(Text::new(
                format!("output `{name}` has no state `{state}`; it has: {known}"),
                format!("输出 `{name}` 没有状态 `{state}`；已有：{known}"),
            ));
        };
        let device = self.device(&output.device)?;
        let count = match level {
            Level::Contact(_) => device.outputs().map_or(0, Outputs::count),
            Level::Value(_) => device.registers().map_or(0, Registers::count),
        };
        if output.number >= count {
            return Err(Text::new(
                format!(
                    "output `{name}` is number {} of `{}`, which has {count}",
                    output.number, output.device
                ),
                format!(
                    "输出 `{name}` 为 `{}` 的 {} 号，而该设备只有 {count} 路",
                    output.device, output.number
                ),
            ));
        }
        Ok(Switch {
            output: name.to_string(),
            state: state.to_string(),
            device: device.clone(),
            moves: output.moves,
            number: output.number,
            level,
        })
    }

    /// The outputs with a safe state, as switches to it, and what stops a robot that does programs
    /// of its own.
    pub(crate) fn safe_outputs(&self) -> Vec<Result<Switch, Text>> {
        let outputs = self.plan.bench.outputs.iter();
        let safe = outputs.filter_map(|(name, output)| {
            let safe = output.safe.as_deref()?;
            Some(self.switch_of(name, output, safe))
        });
        let robots = self.plan.bench.programs.keys();
        let stops = robots.filter_map(|id| {
            let stop = self.plan.device(id)?.safety.as_ref()?.next.as_ref()?;
            Some(self.switch(stop, &Scope::default()))
        });
        stops.chain(safe).collect()
    }
}

/// Fills the placeholders of a text.
pub(crate) fn fill(scope: &Scope, text: &str) -> Result<String, Text> {
    scope.fill(text).map_err(|name| {
        Text::new(
            format!("`{text}`: the placeholder `{name}` has no value here"),
            format!("`{text}`：占位符 `{name}` 在此处没有值"),
        )
    })
}

/// Fills the placeholders of a text in both languages.
pub(crate) fn fill_text(scope: &Scope, text: &Text) -> Result<Text, Text> {
    Ok(Text {
        en: fill(scope, &text.en)?,
        zh: fill(scope, &text.zh)?,
    })
}
