//! The story of a run, stage by stage, and its end.

use crate::executor::{Cut, Executor, Finish, words};
use crate::listener::Listener;
use crate::rehearse::{self, Refusal, Rehearsal};
use crate::settings::Settings;
use crate::steps::CaseState;
use crate::{Control, guard, scope, trouble};
use certbench_clock::Clock;
use certbench_model::plan::Case;
use certbench_model::step::Scope;
use certbench_model::{CaseEnd, Event, EventBody, Plan, RunEnd, Sample};
use certbench_roles::{Device, Operator};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use crate::control::relock;

/// Everything that a run needs.
pub struct Run {
    /// The frozen plan.
    pub plan: Arc<Plan>,
    /// The devices of its bench, opened.
    pub devices: Vec<Arc<dyn Device>>,
    /// Who answers prompts.
    pub operator: Arc<dyn Operator>,
    /// Who is told what happens.
    pub listeners: Vec<Arc<dyn Listener>>,
    /// Real or simulated time. On a simulated clock the caller must be one of its parties.
    pub clock: Clock,
    /// The handle for other threads; one a run.
    pub control: Control,
    /// All else.
    pub settings: Settings,
}

impl Run {
    /// Performs the plan, on this thread, to its end. Whatever happens, the last event is
    /// [`EventBody::Ended`] with what is returned here, and everything was halted before.
    pub fn perform(self) -> RunEnd {
        let mut executor = Executor::new(self);
        let story = catch_unwind(AssertUnwindSafe(|| executor.perform()));
        let finish = match story {
            Ok(Ok(())) => Finish {
                end: RunEnd::Completed,
                text: "every case was begun and ended".to_string(),
            },
            Ok(Err(finish)) => finish,
            Err(_) => executor.died().into(),
        };
        executor.finish(finish)
    }

    /// Asks every device whether it would do what the plan asks, and enables nothing. Listeners
    /// and operator are left out.
    pub fn rehearse(mut self) -> Rehearsal {
        let heard = Arc::new(Heard::default());
        self.listeners = vec![heard.clone()];
        let mut executor = Executor::new(self);
        let refusals = executor.rehearse_only();
        executor.close();
        let troubles = std::mem::take(&mut *relock(&heard.0));
        Rehearsal { refusals, troubles }
    }
}

/// Hears of trouble in a rehearsal.
#[derive(Default)]
struct Heard(Mutex<Vec<EventBody>>);

impl Listener for Heard {
    fn name(&self) -> &str {
        "rehearsal"
    }

    fn event(&self, event: &Event) -> Result<(), String> {
        if let EventBody::Fault { .. } | EventBody::DeviceEvent { .. } = event.body {
            relock(&self.0).push(event.body.clone());
        }
        Ok(())
    }

    fn sample(&self, _: &Sample) -> bool {
        true
    }
}

impl Executor {
    fn perform(&mut self) -> Result<(), Finish> {
        self.open_record();
        self.identify()?;
        let refusals = self.start()?;
        self.rehearse(refusals)?;
        self.set_guard();
        self.cases()?;
        self.finally()
    }

    fn open_record(&mut self) {
        let plan = &self.bench.plan;
        self.control.note(|p| p.cases = plan.cases.len() as u32);
        let Settings {
            run,
            utc,
            certbench,
            host,
            operator,
            earlier,
            ..
        } = self.settings.clone();
        self.tell(EventBody::Opened {
            run,
            utc,
            certbench,
            host,
            operator,
            plan_sha256: plan.digest(),
            plan: Box::new(Plan::clone(plan)),
        });
        self.tell(EventBody::Ledger { earlier });
    }

    fn rehearse(&mut self, mut refusals: Vec<Refusal>) -> Result<(), Finish> {
        self.control.note(|p| p.step = "rehearse".to_string());
        self.pulse()?;
        self.renew(self.bench.calls_at_most());
        let found = rehearse::rehearse(&self.bench, self.settings.unattended);
        self.extents = found.extents;
        refusals.extend(found.refusals);
        if !refusals.is_empty() {
            return Err(self.refused(refusals));
        }
        match found.troubles.first() {
            Some((device, trouble)) => Err(self.trouble(device, trouble).into()),
            None => Ok(()),
        }
    }

    fn rehearse_only(&mut self) -> Vec<Refusal> {
        let mut refusals = match self.check_bench() {
            Ok((refusals, _)) => refusals,
            Err(_) => return Vec::new(),
        };
        if !refusals.is_empty() {
            return refusals;
        }
        match self.start() {
            Ok(more) => refusals.extend(more),
            Err(_) => return refusals,
        }
        let found = rehearse::rehearse(&self.bench, self.settings.unattended);
        for (device, trouble) in &found.troubles {
            let under_test = self.bench.under_test(device);
            self.tell(trouble::attribute(device, under_test, trouble).told);
        }
        refusals.extend(found.refusals);
        refusals
    }

    fn set_guard(&mut self) {
        if let Some(alarms) = self.alarms.take() {
            self.guard = Some(guard::start(&self.shared, alarms, &self.watchman));
        }
    }

    fn cases(&mut self) -> Result<(), Finish> {
        let plan = self.bench.plan.clone();
        let steps = |case: &Case| {
            let lists = [&case.setup, &case.steps, &case.finally];
            lists.map(|l| scope::steps(l)).iter().sum::<u64>()
        };
        self.steps_planned = plan.cases.iter().map(steps).sum::<u64>().max(1);
        let mut steps_before = 0;
        for (index, case) in plan.cases.iter().enumerate() {
            self.make_ready()?;
            self.steps_done = steps_before;
            steps_before += steps(case);
            self.next_case = index + 1;
            self.begin_case(case, index);
            let done = catch_unwind(AssertUnwindSafe(|| self.case(case)));
            let cut = match done {
                Ok(Ok(())) => None,
                Ok(Err(cut)) => Some(cut),
                Err(_) => Some(self.died()),
            };
            if let Some(finish) = self.end_case(case, cut) {
                return Err(finish);
            }
        }
        Ok(())
    }

    fn begin_case(&mut self, case: &Case, index: usize) {
        self.case = CaseState::new(&case.id);
        self.scope = Scope::default();
        self.open.clear();
        self.shared.unfollow_all();
        self.quiet = false;
        self.stopped_by_plan = false;
        let cases = &self.bench.plan.cases;
        let left: f64 = cases.iter().skip(index).map(|c| c.seconds_max).sum();
        let trials = u32::try_from(scope::trials(&case.steps)).unwrap_or(u32::MAX);
        self.control.note(|p| {
            p.case.clone_from(&case.id);
            p.case_number = index as u32 + 1;
            p.trials = trials;
            p.seconds_left_at_most = left;
        });
        self.tell(EventBody::CaseStarted {
            case: case.id.clone(),
        });
    }

    fn case(&mut self, case: &Case) -> Result<(), Cut> {
        self.steps(&case.setup, &format!("{}/setup", case.id))?;
        self.steps(&case.steps, &case.id)?;
        self.steps(&case.finally, &format!("{}/finally", case.id))
    }

    /// Ends a case; gives the end of the run when that comes with it.
    fn end_case(&mut self, case: &Case, cut: Option<Cut>) -> Option<Finish> {
        let end = cut.as_ref().map_or(CaseEnd::Completed, |c| c.end.clone());
        self.quiet = false;
        if cut.is_some() {
            self.cut_windows(0);
            self.drop_branches(0);
            if self.case.thinned_s.is_some() {
                self.tell_thinned(None);
            }
            self.settle(false, &words(&end));
            self.disarm();
        }
        self.tell_losses();
        self.tell(EventBody::CaseEnded {
            case: case.id.clone(),
            end: end.clone(),
        });
        self.case = CaseState::default();
        self.scope = Scope::default();
        self.open.clear();
        self.stopped_by_plan = false;
        self.control.note(|p| {
            p.case.clear();
            p.case_number = 0;
            p.trial = 0;
        });
        let end_of_run = cut?.run?;
        Some(Finish {
            end: end_of_run,
            text: words(&end),
        })
    }

    /// The plan's own `finally`, at a normal end.
    fn finally(&mut self) -> Result<(), Finish> {
        let plan = self.bench.plan.clone();
        if plan.finally.is_empty() {
            return Ok(self.await_safe()?);
        }
        self.make_ready()?;
        self.steps(&plan.finally, "finally")?;
        Ok(())
    }

    /// The executor panicked; the panic hook has halted.
    fn died(&mut self) -> Cut {
        let text = self.control.panicked();
        let text = text.unwrap_or_else(|| "the executor panicked".to_string());
        self.harness("certbench", text)
    }

    /// The end of every run: nothing silently missing, everything halted, power off, closed.
    fn finish(mut self, finish: Finish) -> RunEnd {
        let Finish { end, text } = finish;
        self.control.note(|p| p.step = "end".to_string());
        if end != RunEnd::Refused {
            self.account_for_the_rest(end, &text);
        }
        self.settle(false, &format!("end of the run: {text}"));
        self.disarm();
        if self.control.leave_requested() {
            self.shared.bell.over_if_room();
            self.shared.lease.revoke();
            self.shared.close();
        } else {
            self.power_off();
            self.hear_what_followed();
            self.close();
        }
        self.tell_losses();
        self.tell_lateness();
        if let Some(epilogue) = self.settings.epilogue.clone() {
            for body in epilogue() {
                self.tell(body);
            }
        }
        self.tell(EventBody::Ended { end, text });
        end
    }

    /// Cases that were never begun are begun and ended with the reason.
    fn account_for_the_rest(&self, end: RunEnd, why: &str) {
        for case in self.bench.plan.cases.iter().skip(self.next_case) {
            let case = &case.id;
            self.tell(EventBody::CaseStarted { case: case.clone() });
            let end = match end {
                RunEnd::Aborted => CaseEnd::Aborted(why.to_string()),
                _ => CaseEnd::NotBegun(why.to_string()),
            };
            self.tell(EventBody::CaseEnded {
                case: case.clone(),
                end,
            });
        }
    }

    fn power_off(&mut self) {
        if !self.powered {
            return;
        }
        let devices: Vec<_> = self.bench.devices().map(|(_, d)| d.clone()).collect();
        for device in devices {
            let Some(power) = device.power() else {
                continue;
            };
            self.renew(power.at_most());
            if let Err(trouble) = power.disable() {
                let under_test = self.bench.under_test(device.id());
                self.tell(trouble::attribute(device.id(), under_test, &trouble).told);
            }
        }
    }

    /// Ends guard and devices.
    pub(crate) fn close(&mut self) {
        if let Some(guard) = self.guard.take() {
            self.shared.bell.over();
            // A guard that panicked has halted by the hook, and the record has it.
            let _ = guard.join();
        }
        self.shared.lease.revoke();
        if self.started {
            let devices: Vec<_> = self.bench.devices().map(|(_, d)| d.clone()).collect();
            for device in devices {
                device.close();
            }
            self.control.release();
        }
        self.shared.close();
    }

    fn tell_losses(&self) {
        for (listener, count) in self.shared.listeners.newly_lost() {
            self.tell(EventBody::Lost { listener, count });
        }
    }

    fn tell_lateness(&self) {
        let ticks = self.watchman.ticks.load(Ordering::Relaxed);
        if ticks > 0 {
            self.tell(EventBody::Lateness {
                subject: "watch deadlines".to_string(),
                worst_s: self.watchman.worst_ns.load(Ordering::Relaxed) as f64 * 1e-9,
                ticks,
            });
        }
    }
}
