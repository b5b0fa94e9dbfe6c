//! What happened, case by case: one pass over the events of a run.

use crate::reason::{because, because_of, device_event, fault};
use certbench_model::event::WindowEnd;
use certbench_model::finding::Reason;
use certbench_model::recorded::Line;
use certbench_model::step::{Outcome, Stop};
use certbench_model::{CaseEnd, Context, EventBody, FileDigest, Plan, Step};
use std::collections::BTreeMap;

/// The reason for which a trial is invalid that a stop of certbench's own has spoilt. The trouble of
/// the bench that led to it then costs that trial only, if the plan names the reason.
pub(crate) const OWN_STOP: &str = "own-stop";

/// The run as the judge sees it.
#[derive(Debug, Default)]
pub(crate) struct Course<'a> {
    pub(crate) cases: BTreeMap<&'a str, CaseCourse<'a>>,
    /// Trouble before, between and after the cases.
    pub(crate) outside: Vec<Trouble>,
    /// Why the plan was refused, if it was.
    pub(crate) refused: Vec<Reason>,
    /// Halts that were not confirmed.
    pub(crate) bad_halts: Vec<Reason>,
}

/// One case as it was performed.
#[derive(Debug, Default)]
pub(crate) struct CaseCourse<'a> {
    /// How often it was started; more than once is not foreseen.
    pub(crate) starts: u32,
    pub(crate) end: Option<&'a CaseEnd>,
    pub(crate) windows: Vec<WindowRun<'a>>,
    pub(crate) trials: Vec<TrialRun<'a>>,
    /// Prompts that were shown, with their answers.
    pub(crate) prompts: Vec<PromptRun<'a>>,
    /// Repeats and schedules that ended.
    pub(crate) repeats: Vec<RepeatRun<'a>>,
    /// Marks, by name, ns.
    pub(crate) marks: Vec<(&'a str, u64)>,
    /// When an answer said that a person had intervened, ns.
    pub(crate) interventions: Vec<u64>,
    /// Bad news in order of time.
    pub(crate) troubles: Vec<Trouble>,
    /// Times of halts that certbench made by itself, ns.
    pub(crate) own_stops: Vec<u64>,
}

/// One instance of a window.
#[derive(Debug)]
pub(crate) struct WindowRun<'a> {
    pub(crate) id: &'a str,
    pub(crate) instance: u32,
    pub(crate) context: &'a Context,
    pub(crate) line: u64,
    pub(crate) from_ns: u64,
    /// When and how it closed.
    pub(crate) closed: Option<(u64, WindowEnd)>,
    /// The trial that it was opened in, an index into the case's trials.
    pub(crate) trial: Option<usize>,
}

/// The end of a repeat or schedule.
#[derive(Debug)]
pub(crate) struct RepeatRun<'a> {
    pub(crate) variable: &'a str,
    pub(crate) context: &'a Context,
    pub(crate) line: u64,
    pub(crate) at_ns: u64,
    pub(crate) passes: u32,
    /// The condition that ended it early, with its values.
    pub(crate) ending: Option<&'a str>,
}

/// One showing of a prompt.
#[derive(Debug)]
pub(crate) struct PromptRun<'a> {
    pub(crate) id: &'a str,
    pub(crate) context: &'a Context,
    pub(crate) line: u64,
    pub(crate) from_ns: u64,
    pub(crate) answer: Option<Answered<'a>>,
}

/// An answer as it was recorded.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Answered<'a> {
    pub(crate) at_ns: u64,
    pub(crate) words: &'a str,
    pub(crate) by: &'a str,
    pub(crate) file: Option<&'a FileDigest>,
}

/// One trial.
#[derive(Debug)]
pub(crate) struct TrialRun<'a> {
    pub(crate) id: &'a str,
    pub(crate) context: &'a Context,
    pub(crate) line: u64,
    pub(crate) from_ns: u64,
    pub(crate) to_ns: Option<u64>,
    /// What an answer, a bound or the executor said of it.
    pub(crate) said: Option<&'a Outcome>,
    /// Windows that were opened in it, indices into the case's windows.
    pub(crate) windows: Vec<usize>,
    /// How many of these windows belong to attempts that failed and were tried again.
    pub(crate) windows_before: usize,
    /// How many of the case's troubles are older than the trial.
    troubles_before: usize,
}

impl CaseCourse<'_> {
    /// The trial that is going on where something happens. The newest one is looked at first, so
    /// that a long case is read in one pass.
    fn trial_around(&self, context: &Context) -> Option<usize> {
        let going = |t: &TrialRun<'_>| t.to_ns.is_none() && t.context.trial == context.trial;
        (context.trial > 0)
            .then(|| self.trials.iter().rposition(going))
            .flatten()
    }
}

/// Bad news, attributed.
#[derive(Debug, Clone)]
pub(crate) struct Trouble {
    /// Whether the item itself reported it over a healthy link; else it is about the bench.
    pub(crate) of_the_item: bool,
    pub(crate) reason: Reason,
}

impl<'a> Course<'a> {
    /// Folds over the events.
    pub(crate) fn of(plan: &'a Plan, events: &'a [Line]) -> Self {
        let mut fold = Fold {
            plan,
            course: Course::default(),
            case: None,
            stopped_by_plan: false,
            lost: BTreeMap::new(),
        };
        events.iter().for_each(|line| fold.line(line));
        fold.course
    }
}

struct Fold<'a> {
    plan: &'a Plan,
    course: Course<'a>,
    case: Option<&'a str>,
    /// A stop that the plan demanded is in force: what the item tells of it is to be expected.
    stopped_by_plan: bool,
    lost: BTreeMap<&'a str, u64>,
}

impl<'a> Fold<'a> {
    fn line(&mut self, line: &'a Line) {
        let time_ns = line.event.time_ns;
        match &line.event.body {
            EventBody::Refused { reasons } => {
                let refused = reasons.iter().map(|text| Reason {
                    code: "refused".into(),
                    text: text.clone(),
                });
                self.course.refused.extend(refused);
            }
            EventBody::CaseStarted { case } => {
                self.case = Some(case);
                self.stopped_by_plan = false;
                self.course.cases.entry(case).or_default().starts += 1;
            }
            EventBody::CaseEnded { case, end } => {
                self.course.cases.entry(case).or_default().end = Some(end);
                self.case = None;
            }
            EventBody::StepStarted { path, .. } => {
                let stop = step_at(self.plan, path).and_then(planned_stop);
                self.stopped_by_plan |= stop.is_some_and(|s| !matches!(s, Stop::Recover { .. }));
            }
            EventBody::StepEnded { path } => {
                let stop = step_at(self.plan, path).and_then(planned_stop);
                self.stopped_by_plan &= !matches!(stop, Some(Stop::Recover { .. }));
            }
            EventBody::WindowOpened {
                window,
                instance,
                context,
            } => self.in_case(|case| {
                let trial = case.trial_around(context);
                let index = case.windows.len();
                if let Some(trial) = trial.and_then(|t| case.trials.get_mut(t)) {
                    trial.windows.push(index);
                }
                case.windows.push(WindowRun {
                    id: window,
                    instance: *instance,
                    context,
                    line: line.seq,
                    from_ns: time_ns,
                    closed: None,
                    trial,
                });
            }),
            EventBody::WindowClosed {
                window,
                instance,
                end,
            } => self.in_case(|case| {
                let opened = case.windows.iter_mut().rev();
                let mut opened = opened.filter(|w| w.closed.is_none());
                if let Some(w) = opened.find(|w| w.id == window && w.instance == *instance) {
                    w.closed = Some((time_ns, *end));
                }
            }),
            EventBody::TrialStarted { trial, context } => self.in_case(|case| {
                case.trials.push(TrialRun {
                    id: trial,
                    context,
                    line: line.seq,
                    from_ns: time_ns,
                    to_ns: None,
                    said: None,
                    windows: Vec::new(),
                    windows_before: 0,
                    troubles_before: case.troubles.len(),
                });
            }),
            EventBody::TrialEnded {
                trial,
                number,
                outcome,
            } => self.in_case(|case| {
                let begun = case.trials.iter_mut().rev();
                let mut begun = begun.filter(|t| t.to_ns.is_none());
                if let Some(t) = begun.find(|t| t.id == trial && t.context.trial == *number) {
                    t.to_ns = Some(time_ns);
                    t.said = outcome.as_ref();
                    if matches!(outcome, Some(Outcome::Invalid(why)) if why == OWN_STOP) {
                        let mut index = 0;
                        let before = t.troubles_before;
                        case.troubles.retain(|trouble| {
                            index += 1;
                            index <= before || trouble.of_the_item
                        });
                    }
                }
            }),
            EventBody::Retried { trial, number, .. } => self.in_case(|case| {
                let mut begun = case.trials.iter_mut().rev();
                if let Some(t) = begun.find(|t| t.id == trial && t.context.trial == *number) {
                    t.windows_before = t.windows.len();
                }
            }),
            EventBody::Prompted {
                prompt, context, ..
            } => self.in_case(|case| {
                case.prompts.push(PromptRun {
                    id: prompt,
                    context,
                    line: line.seq,
                    from_ns: time_ns,
                    answer: None,
                });
            }),
            EventBody::RepeatEnded {
                variable,
                passes,
                ending,
                context,
                ..
            } => self.in_case(|case| {
                case.repeats.push(RepeatRun {
                    variable,
                    context,
                    line: line.seq,
                    at_ns: time_ns,
                    passes: *passes,
                    ending: ending.as_deref(),
                });
            }),
            EventBody::Marked { name, .. } => {
                self.in_case(|case| case.marks.push((name.as_str(), time_ns)));
            }
            EventBody::Intervened { .. } => {
                self.in_case(|case| case.interventions.push(time_ns));
            }
            EventBody::Answered {
                prompt,
                answer,
                by,
                file,
            } => self.in_case(|case| {
                if let Some(shown) = case.prompts.last_mut().filter(|p| p.id == prompt) {
                    shown.answer = Some(Answered {
                        at_ns: time_ns,
                        words: answer,
                        by,
                        file: file.as_ref(),
                    });
                }
            }),
            EventBody::Halted {
                device,
                planned,
                result,
                text,
            } => {
                if !planned {
                    self.in_case(|case| case.own_stops.push(time_ns));
                }
                if !matches!(result.as_str(), "sent" | "confirmed") {
                    self.course.bad_halts.push(because_of(
                        "halt-not-confirmed",
                        &format!("A halt of {device} was {result}"),
                        &format!("{device} 的停机命令结果为 {result}"),
                        text,
                    ));
                }
            }
            EventBody::DeviceEvent { device, code, text } => {
                let of_the_item = self.plan.device(device).is_some_and(|d| d.under_test);
                if of_the_item && self.stopped_by_plan {
                    return;
                }
                let message = format!("{device} {code}, {text}");
                let reason = if of_the_item {
                    device_event(&message)
                } else {
                    because_of(
                        "instrument-event",
                        "A device that is not under test reported trouble",
                        "非被测设备报告异常",
                        &message,
                    )
                };
                self.trouble(of_the_item, reason);
            }
            EventBody::Fault {
                kind,
                subject,
                text,
            } => {
                self.trouble(false, fault(*kind, &format!("{subject}, {text}")));
            }
            EventBody::Tripped {
                channel,
                text,
                missing,
            } => {
                let of_the_item = !missing && self.is_of_the_item(channel);
                self.trouble(of_the_item, tripped(channel, text, *missing, of_the_item));
            }
            EventBody::Lost { listener, count } => self.loss(listener, *count),
            _ => {}
        }
    }

    fn in_case(&mut self, f: impl FnOnce(&mut CaseCourse<'a>)) {
        if let Some(case) = self.case {
            f(self.course.cases.entry(case).or_default());
        }
    }

    fn trouble(&mut self, of_the_item: bool, reason: Reason) {
        let trouble = Trouble {
            of_the_item,
            reason,
        };
        match self.case {
            Some(case) => &mut self.course.cases.entry(case).or_default().troubles,
            None => &mut self.course.outside,
        }
        .push(trouble);
    }

    fn is_of_the_item(&self, channel: &str) -> bool {
        let device = self.plan.channel(channel).map(|(_, c)| c.device.as_str());
        let device = device.and_then(|d| self.plan.device(d));
        device.is_some_and(|d| d.under_test)
    }

    /// What a terminal misses is not lost; what the record misses is.
    fn loss(&mut self, listener: &'a str, count: u64) {
        let before = self.lost.insert(listener, count).unwrap_or(0);
        if count > before && listener != "terminal" {
            let lost = count - before;
            let reason = because(
                "lost-samples",
                format!("{listener} could not take {lost} samples or events"),
                format!("{listener} 丢失 {lost} 个采样或事件"),
            );
            self.trouble(false, reason);
        }
    }
}

/// The step of a path such as `case/3/0` or `case/finally/1`.
fn step_at<'p>(plan: &'p Plan, path: &str) -> Option<&'p Step> {
    let mut parts = path.split('/').peekable();
    let id = parts.next()?;
    let case = plan.cases.iter().find(|c| c.id == id)?;
    let list = if parts.next_if_eq(&"finally").is_some() {
        &case.finally
    } else if parts.next_if_eq(&"setup").is_some() {
        &case.setup
    } else {
        &case.steps
    };
    let mut steps: Vec<&Step> = list.iter().collect();
    let mut found = None;
    for part in parts {
        let step: &Step = steps.get(part.parse::<usize>().ok()?)?;
        steps = step.inner().collect();
        found = Some(step);
    }
    found
}

fn planned_stop(step: &Step) -> Option<&Stop> {
    match step {
        Step::Stop(stop) => Some(stop),
        _ => None,
    }
}

fn tripped(channel: &str, text: &str, missing: bool, of_the_item: bool) -> Reason {
    let message = format!("{channel}, {text}");
    if missing {
        because_of(
            "tripped-silent",
            "A watched channel fell silent or gave no number; the device, its link or the \
             instrument may be the cause",
            "被监视通道无数据或数据无效；原因可能是设备、链路或仪器",
            &message,
        )
    } else if of_the_item {
        because_of(
            "tripped",
            "The item under test reported a value beyond a watched limit",
            "被测件报告的数值超出监视限值",
            &message,
        )
    } else {
        because_of(
            "tripped",
            "A reference channel passed a watched limit",
            "参考通道超出监视限值",
            &message,
        )
    }
}
