//! How often a window or trial comes, and how long steps can take at most.

use certbench_model::Step;
use certbench_model::step::{
    Axis, During, Ending, Matrix, Over, ProgramAct, Repeat, Schedule, Stop, Trial, Wait,
};
use std::collections::BTreeMap;

/// What a person is taken to need for a prompt at most, seconds.
pub(crate) const PROMPT_S: f64 = 600.0;
/// A device is brought back within this, seconds.
const RECOVER_S: f64 = 60.0;
/// An instrument is zeroed within this, seconds.
const ZERO_S: f64 = 10.0;
/// What every step may take beside what it is about: a command and its answer, a line on the disk.
const STEP_S: f64 = 1.0;

/// A window, a trial or a prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counted<'a> {
    Window(&'a str),
    Trial(&'a str),
    Prompt(&'a str),
    Repeat(&'a str),
}

/// Instances by row of `per`; without `per` under the empty name. `None` when an instance is not
/// inside a repeat of that variable.
pub(crate) fn instances(
    steps: &[Step],
    what: Counted<'_>,
    per: Option<&str>,
    passes: Passes,
) -> Option<BTreeMap<String, u64>> {
    let mut counts = BTreeMap::new();
    let row = per.is_none().then(String::new);
    let asked = Asked { what, per, passes };
    count(steps, asked, row.as_deref(), 1, &mut counts).then_some(counts)
}

/// Which passes of a repeat count that may end early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Passes {
    /// Those that must have been done.
    Owed,
    /// All that may be done.
    All,
}

/// What is counted, by whose rows.
#[derive(Clone, Copy)]
struct Asked<'a> {
    what: Counted<'a>,
    per: Option<&'a str>,
    passes: Passes,
}

impl Asked<'_> {
    fn passes(self, all: u32, until: Option<&Ending>) -> u32 {
        match (self.passes, until) {
            (Passes::Owed, Some(ending)) => ending.at_least.min(all),
            _ => all,
        }
    }
}

/// Whether every instance found has a row to be counted under.
fn count(
    steps: &[Step],
    asked: Asked<'_>,
    row: Option<&str>,
    times: u64,
    counts: &mut BTreeMap<String, u64>,
) -> bool {
    steps.iter().all(|step| {
        let hit = match (step, asked.what) {
            (Step::Window(w), Counted::Window(id)) => w.id == id,
            (Step::Trial(t), Counted::Trial(id)) => t.id == id,
            (Step::Prompt(p) | Step::Stop(Stop::Person(p)), Counted::Prompt(id)) => p.id == id,
            (Step::Repeat(r), Counted::Repeat(id)) => r.variable == id,
            (Step::Schedule(s), Counted::Repeat(id)) => s.variable == id,
            _ => false,
        };
        if hit {
            let Some(row) = row else { return false };
            let sum = counts.entry(row.to_string()).or_insert(0);
            *sum = sum.saturating_add(times);
        }
        match step {
            Step::Repeat(repeat) => count_repeat(repeat, asked, row, times, counts),
            Step::Matrix(matrix) => count_matrix(matrix, asked, row, times, counts),
            Step::Schedule(schedule) => {
                let passes = u64::from(asked.passes(schedule.times, schedule.until.as_ref()));
                if asked.per == Some(schedule.variable.as_str()) {
                    return (1..=passes).all(|i| {
                        let row = i.to_string();
                        count(&schedule.steps, asked, Some(&row), times, counts)
                    });
                }
                let times = times.saturating_mul(passes);
                count(&schedule.steps, asked, row, times, counts)
            }
            other => other
                .lists()
                .into_iter()
                .all(|list| count(list, asked, row, times, counts)),
        }
    })
}

fn count_repeat(
    repeat: &Repeat,
    asked: Asked<'_>,
    row: Option<&str>,
    times: u64,
    counts: &mut BTreeMap<String, u64>,
) -> bool {
    let owed = asked.passes(repeat.over.count(), repeat.until.as_ref());
    let passes = match &repeat.over {
        Over::Rows { order, .. } if asked.per == Some(repeat.variable.as_str()) => order
            .iter()
            .all(|id| count(&repeat.steps, asked, Some(id), times, counts)),
        _ => {
            let times = times.saturating_mul(u64::from(owed));
            count(&repeat.steps, asked, row, times, counts)
        }
    };
    let every = repeat.every.iter().all(|every| {
        let n = every.count(owed);
        count(
            &every.steps,
            asked,
            row,
            times.saturating_mul(n.into()),
            counts,
        )
    });
    passes && every
}

fn count_matrix(
    matrix: &Matrix,
    asked: Asked<'_>,
    row: Option<&str>,
    times: u64,
    counts: &mut BTreeMap<String, u64>,
) -> bool {
    let named = |a: &Axis| asked.per == Some(a.variable.as_str());
    match matrix.axes.iter().position(named) {
        Some(place) => matrix.cells.iter().all(|cell| {
            let row = cell.get(place).map(String::as_str);
            count(&matrix.steps, asked, row, times, counts)
        }),
        None => {
            let times = times.saturating_mul(matrix.cells.len() as u64);
            count(&matrix.steps, asked, row, times, counts)
        }
    }
}

/// Upper bounds of time and of steps performed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Bound {
    pub(crate) seconds: f64,
    pub(crate) steps: u64,
}

impl Bound {
    fn and(self, other: Bound) -> Bound {
        Bound {
            seconds: self.seconds + other.seconds,
            steps: self.steps.saturating_add(other.steps),
        }
    }

    fn times(self, n: u64) -> Bound {
        Bound {
            seconds: self.seconds * n as f64,
            steps: self.steps.saturating_mul(n),
        }
    }
}

/// The bound of steps in a row. A trial may be done again as often as invalid ones are allowed; since
/// the cap holds for all trials of its id in the case, the sum over all places is an upper bound.
pub(crate) fn bound(steps: &[Step]) -> Bound {
    steps.iter().map(one).fold(Bound::default(), Bound::and)
}

/// The bound of a whole case: what every trial may be done again is added once a place.
pub(crate) fn case_bound(setup: &[Step], steps: &[Step], finally: &[Step]) -> Bound {
    let lists = [setup, steps, finally].map(bound);
    lists.into_iter().fold(again(steps), Bound::and)
}

/// Invalid trials that are done again.
fn again(steps: &[Step]) -> Bound {
    let one = |step: &Step| match step {
        Step::Trial(t) => attempts(t).times(u64::from(t.invalid_most)),
        other => {
            let lists = other.lists().into_iter().map(again);
            lists.fold(Bound::default(), Bound::and)
        }
    };
    steps.iter().map(one).fold(Bound::default(), Bound::and)
}

/// A trial with every attempt that it may take.
fn attempts(trial: &Trial) -> Bound {
    bound(&trial.steps).times(u64::from(trial.attempts.max(1)))
}

fn one(step: &Step) -> Bound {
    let own = match step {
        Step::Prompt(_) | Step::Stop(Stop::Person(_)) => PROMPT_S,
        Step::Move(m) => m.timeout_s,
        Step::Grasp(g) => g.timeout_s,
        Step::Release(r) => r.timeout_s,
        Step::Drive(d) => d.timeout_s,
        Step::Program(p) => asked(&p.act),
        Step::Wait(w) => wait(w),
        Step::Require(r) => r.within_s,
        Step::Stop(Stop::Recover { .. }) => RECOVER_S,
        Step::Zero(_) => ZERO_S,
        Step::Check(c) => c.over_s,
        Step::Window(w) => w.until.as_ref().map_or(0.0, wait),
        _ => 0.0,
    };
    let own = Bound {
        seconds: own + STEP_S,
        steps: 1,
    };
    own.and(inside(step))
}

/// The bound of what a step holds.
fn inside(step: &Step) -> Bound {
    match step {
        Step::Repeat(r) => {
            let passes = r.over.count();
            let every = r.every.iter();
            let every = every.map(|e| bound(&e.steps).times(e.count(passes).into()));
            every.fold(bound(&r.steps).times(passes.into()), Bound::and)
        }
        Step::Matrix(m) => bound(&m.steps).times(m.cells.len() as u64),
        Step::Trial(t) => attempts(t),
        Step::Schedule(s) => schedule(s),
        Step::During(d) => during(d),
        other => {
            let lists = other.lists().into_iter().map(bound);
            lists.fold(Bound::default(), Bound::and)
        }
    }
}

/// The last pass begins at its time or is late, which is noticed when what went on before is over.
fn schedule(schedule: &Schedule) -> Bound {
    let passes = u64::from(schedule.times);
    let gaps = passes.saturating_sub(1);
    let (pass, between) = (bound(&schedule.steps), bound(&schedule.between));
    let fillings = gaps.saturating_mul(schedule.between_most.into());
    let steps = pass.times(passes).and(between.times(fillings)).steps;
    let begun = schedule.every_s * gaps as f64 + schedule.late_s;
    Bound {
        seconds: begun + 2.0 * pass.seconds + between.seconds,
        steps,
    }
}

/// What stands beside takes the executor's time for its commands, and completes its last pass.
fn during(during: &During) -> Bound {
    let beside = during.beside.iter().map(|b| Bound {
        seconds: b.within_s,
        steps: bound(&b.steps).times(b.passes.into()).steps,
    });
    let beside = beside.fold(Bound::default(), Bound::and);
    let commands = beside.steps as f64 * STEP_S;
    let led = bound(&during.steps);
    Bound {
        seconds: led.seconds + beside.seconds + commands,
        steps: led.steps.saturating_add(beside.steps),
    }
}

/// What the bench's wiring takes beside (pulses, the operator at the pendant) is counted as a prompt.
fn asked(act: &ProgramAct) -> f64 {
    match act {
        ProgramAct::Run { within_s, .. } => PROMPT_S + 2.0 * within_s,
        ProgramAct::Await { within_s, .. } => PROMPT_S + within_s,
        ProgramAct::Select { .. } | ProgramAct::Start | ProgramAct::Abort => PROMPT_S,
    }
}

fn wait(wait: &Wait) -> f64 {
    match wait {
        Wait::For(seconds) => *seconds,
        Wait::Until { within_s, .. } | Wait::When { within_s, .. } => *within_s,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use certbench_model::step::{Mark, Trial, Window};

    fn window(id: &str, seconds: f64) -> Step {
        Step::Window(Window {
            id: id.into(),
            record: vec!["force".into()],
            steps: vec![],
            until: Some(Wait::For(seconds)),
            take: vec![],
        })
    }

    fn rows(variable: &str, ids: &[&str], steps: Vec<Step>) -> Step {
        let over = Over::Rows {
            table: "t".into(),
            order: ids.iter().map(|i| (*i).into()).collect(),
            seed: None,
        };
        Step::Repeat(Repeat::new(variable, over, steps))
    }

    fn times(n: u32, steps: Vec<Step>) -> Step {
        Step::Repeat(Repeat::new("n", Over::Times(n), steps))
    }

    #[test]
    fn rows_are_counted_apart_and_repeats_multiply() {
        let steps = [times(
            30,
            vec![rows("pose", &["p1", "p2"], vec![window("visit", 1.0)])],
        )];
        let per_pose =
            instances(&steps, Counted::Window("visit"), Some("pose"), Passes::Owed).unwrap();
        assert_eq!(per_pose, [("p1".into(), 30), ("p2".into(), 30)].into());
        let all = instances(&steps, Counted::Window("visit"), None, Passes::Owed).unwrap();
        assert_eq!(all, [(String::new(), 60)].into());
        // Rows that were written out one by one count the same.
        let unrolled = [
            rows("pose", &["p1"], vec![times(3, vec![window("visit", 1.0)])]),
            rows("pose", &["p2"], vec![times(3, vec![window("visit", 1.0)])]),
        ];
        let per_pose = instances(
            &unrolled,
            Counted::Window("visit"),
            Some("pose"),
            Passes::Owed,
        )
        .unwrap();
        assert_eq!(per_pose, [("p1".into(), 3), ("p2".into(), 3)].into());
    }

    #[test]
    fn an_instance_outside_the_variable_has_no_row() {
        let steps = [
            window("visit", 1.0),
            rows("pose", &["p1"], vec![window("visit", 1.0)]),
        ];
        assert!(instances(&steps, Counted::Window("visit"), Some("pose"), Passes::Owed).is_none());
    }

    #[test]
    fn bounds_hold_repeats_and_trials_done_again() {
        let trial = Step::Trial(Trial {
            id: "t".into(),
            steps: vec![window("w", 9.0)],
            outcome: None,
            invalid_if: vec!["slipped".into()],
            invalid_most: 2,
            attempts: 0,
            sampling: None,
        });
        // 5 × (window 9 + 1, trial 1) + repeat 1, and twice the window again.
        let bound = case_bound(&[], &[times(5, vec![trial])], &[]);
        assert_eq!(bound.seconds, 5.0 * 11.0 + 1.0 + 2.0 * 10.0);
        assert_eq!(bound.steps, 5 * 2 + 1 + 2);
    }

    #[test]
    fn a_bomb_of_repeats_does_not_overflow() {
        let mut steps = vec![Step::Mark(Mark { name: "m".into() })];
        for _ in 0..20 {
            steps = vec![times(u32::MAX, steps)];
        }
        assert_eq!(bound(&steps).steps, u64::MAX);
        assert!(bound(&steps).seconds > 1e100);
    }
}
