//! Steps of devices that are driven to a set point, and of robots that do programs of their own.

use super::{CaseReader, Place};
use crate::check::literal::unknown;
use crate::complaint::{Complaint, Span};
use crate::plan::env::unit;
use crate::written::step::{
    Drive as WrittenDrive, Program as WrittenProgram, ProgramStateWord, ProgramVerb,
};
use crate::yaml::{At, Scalar};
use certbench_model::Quantity;
use certbench_model::step::{Drive, Otherwise, Program, ProgramAct, ProgramState};

impl<'a> CaseReader<'a, '_> {
    pub(super) fn drive(
        &self,
        written: &'a WrittenDrive,
        head: Span,
        place: &Place<'a>,
    ) -> Option<Drive> {
        let device = self.device(&written.device, "setpoint");
        let to = match (&written.torque, &written.speed) {
            (Some(torque), None) => self.set_point(torque, "N.m", &written.device, place),
            (None, Some(speed)) => self.set_point(speed, "deg/s", &written.device, place),
            _ => {
                let message = "a device is driven to exactly one of `torque` and `speed`";
                self.env.sink.push(Complaint::new("one-of", head, message));
                None
            }
        };
        let ramp_s = self.env.seconds(&written.ramp, &place.scope);
        let timeout_s = self.env.seconds(&written.timeout, &place.scope);
        if let (Some(ramp), Some(timeout)) = (ramp_s, timeout_s)
            && timeout <= ramp
        {
            let message = format!("a ramp of {ramp} s is never over within {timeout} s");
            let at = written.timeout.span;
            self.env
                .sink
                .push(Complaint::new("unreachable", at, message));
        }
        Some(Drive {
            device: device?,
            to: to?,
            ramp_s: ramp_s?,
            timeout_s: timeout_s?,
        })
    }

    /// A set point within the bench's limit.
    fn set_point(
        &self,
        written: &At<Scalar>,
        symbol: &str,
        device: &At<String>,
        place: &Place<'a>,
    ) -> Option<Quantity> {
        let to = self.env.quantity(written, &[unit(symbol)], &place.scope)?;
        let value = to.in_unit(symbol).ok()?;
        let on_bench = device.get().and_then(|d| self.on_bench(d));
        let Some(device) = on_bench else {
            return Some(to);
        };
        let limits = &device.plan.limits;
        let (most, key) = match symbol {
            "N.m" => (limits.torque_nm_max, "torque_max"),
            _ => (limits.deg_per_s_max, "speed_max"),
        };
        match most {
            None => {
                let id = &device.plan.id;
                let message = format!("the bench has no limit `{key}` of `{id}`");
                let complaint = Complaint::new("missing-limits", written.span, message);
                self.env.sink.push(
                    complaint
                        .also(device.span, "on the bench")
                        .help(format!("add `limits: {{ {key}: … }}` there")),
                );
            }
            Some(most) if value.abs() > most => {
                let message = format!("a set point of {to}");
                self.env.sink.push(
                    Complaint::new("over-limit", written.span, message)
                        .also(device.span, format!("the bench allows {most} {symbol}")),
                );
            }
            Some(_) => {}
        }
        Some(to)
    }

    pub(super) fn program(
        &self,
        written: &'a WrittenProgram,
        head: Span,
        place: &Place<'a>,
    ) -> Option<Program> {
        let device = self.device(&written.device, "program");
        let within_s = written
            .within
            .as_ref()
            .and_then(|w| self.env.seconds(w, &place.scope));
        let bounded = || {
            let otherwise = self.otherwise(&written.otherwise, head, place);
            if written.within.is_none() {
                let message = "the end of a program needs a bound: it may never come";
                self.env.sink.push(
                    Complaint::new("missing-key", head, message)
                        .help("add for example `within: 60 s`"),
                );
            }
            Some((within_s?, otherwise?))
        };
        let act = match (&written.run, &written.select, &written.act, &written.state) {
            (Some(name), None, None, None) => {
                let program = self.own_program(name, &written.device, place);
                let (within_s, otherwise) = bounded()?;
                ProgramAct::Run {
                    program: program?,
                    within_s,
                    otherwise,
                }
            }
            (None, Some(name), None, None) => {
                self.unbounded(written, head);
                ProgramAct::Select {
                    program: self.own_program(name, &written.device, place)?,
                }
            }
            (None, None, Some(verb), None) => {
                self.unbounded(written, head);
                match verb.get()? {
                    ProgramVerb::Start => ProgramAct::Start,
                    ProgramVerb::Abort => ProgramAct::Abort,
                }
            }
            (None, None, None, Some(state)) => {
                let state = match state.get()? {
                    ProgramStateWord::Busy => ProgramState::Busy,
                    ProgramStateWord::Done => ProgramState::Done,
                };
                let (within_s, otherwise): (f64, Otherwise) = bounded()?;
                ProgramAct::Await {
                    state,
                    within_s,
                    otherwise,
                }
            }
            _ => {
                let message = "a program step is exactly one of `run`, `select`, `do` and `await`";
                self.env.sink.push(
                    Complaint::new("one-of", head, message).help(
                        "write `{ device: robot, run: cycle, within: 60 s, otherwise: fault }`",
                    ),
                );
                return None;
            }
        };
        Some(Program {
            device: device?,
            act,
        })
    }

    fn unbounded(&self, written: &WrittenProgram, head: Span) {
        if written.within.is_some() || written.otherwise.is_some() {
            let message = "only `run` and `await` wait for something";
            self.env.sink.push(
                Complaint::new("one-of", head, message).help("leave `within` and `otherwise` out"),
            );
        }
    }

    /// A program of the bench's wiring; by itself a suite cannot know them.
    fn own_program(
        &self,
        written: &At<String>,
        device: &At<String>,
        place: &Place<'a>,
    ) -> Option<String> {
        let (text, all) = self.env.names(written, &place.scope)?;
        let (Some(bench), Some(id)) = (self.env.bench, device.get()) else {
            return Some(text);
        };
        let Some((_, wiring)) = bench.programs.get(id) else {
            let message = format!("the bench does not say how programs of `{id}` are asked for");
            self.env.sink.push(
                Complaint::new("missing-programs", written.span, message)
                    .help("add `programs:` to the bench"),
            );
            return None;
        };
        for name in all.iter().filter(|n| !wiring.select.contains_key(*n)) {
            let names = wiring.select.keys().map(String::as_str);
            let what = format!("program of `{id}`");
            self.env
                .sink
                .push(unknown("unknown-program", &what, name, written.span, names));
        }
        Some(text)
    }
}
