//! Which trials a second person judges again, blind, from their photos: drawn by a seed, so that
//! neither the laboratory nor the second judge chooses.

use crate::course::{CaseCourse, Course, TrialRun};
use crate::params::Params;
use crate::reason::because;
use crate::vocabulary;
use certbench_model::addendum::{Content, Rejudgement};
use certbench_model::finding::Reason;
use certbench_model::plan::Case;
use certbench_model::step::{Ask, Choice, Outcome, Prompt};
use certbench_model::{Addendum, EventBody, FileDigest, Measure, Recorded, Step, Text, Unit};

/// The metric that asks for it.
pub(crate) const METRIC: &str = "rejudged-agreement";

/// What a second person is asked for one measure of a case.
#[derive(Debug, Clone, PartialEq)]
pub struct Rejudging {
    /// Case.
    pub case: String,
    /// Trial id.
    pub trial: String,
    /// The prompt that asked the first judge.
    pub question: String,
    /// What it asked. It may hold placeholders of the trial, which are not filled: what they would
    /// say of it is not for the second judge.
    pub text: Text,
    /// Its choices.
    pub choices: Vec<Choice>,
    /// Number and photo of each trial, in the order in which they are shown.
    pub shown: Vec<(u32, FileDigest)>,
    /// Who judged first: the operator of the run.
    pub first: String,
    /// The addendum with the second judgement, when there is one.
    pub done: Option<u64>,
}

/// Everything in a run that a second person is to judge again.
///
/// # Errors
/// Why trials cannot be drawn: a trial without its photo, a run that was not performed.
pub fn rejudgings(run: &dyn Recorded) -> Result<Vec<Rejudging>, Reason> {
    let facts = run.facts();
    let course = Course::of(&facts.plan, &facts.events);
    let metrics = vocabulary();
    let nothing = CaseCourse::default();
    let mut all = Vec::new();
    for case in &facts.plan.cases {
        let performed = course.cases.get(case.id.as_str()).unwrap_or(&nothing);
        for measure in case.measures.iter().filter(|m| m.metric == METRIC) {
            let metric = metrics.iter().find(|m| m.id == METRIC);
            let Some(metric) = metric else { continue };
            let drawn = draw(case, performed, Params { measure, metric })?;
            let asked = asked(case, &measure.over)?;
            let done = rejudged(run.addenda(), case, measure).map(|(a, _)| a.number);
            all.push(Rejudging {
                case: case.id.clone(),
                trial: drawn.trial.to_string(),
                question: asked.prompt.id.clone(),
                text: asked.prompt.text.clone(),
                choices: asked.choices.to_vec(),
                shown: drawn
                    .trials
                    .iter()
                    .map(|t| (t.number, t.photo.clone()))
                    .collect(),
                first: operator(run).to_string(),
                done,
            });
        }
    }
    Ok(all)
}

/// Who ran the run, and so judged first.
pub(crate) fn operator(run: &dyn Recorded) -> &str {
    let mut events = run.facts().events.iter();
    let opened = events.find_map(|line| match &line.event.body {
        EventBody::Opened { operator, .. } => Some(operator.as_str()),
        _ => None,
    });
    opened.unwrap_or_default()
}

/// Trials drawn to be judged again.
pub(crate) struct Drawn<'a> {
    pub(crate) trial: &'a str,
    /// Trials that the first judge decided.
    pub(crate) of: usize,
    /// In the order in which they are shown.
    pub(crate) trials: Vec<DrawnTrial<'a>>,
}

/// One of them.
#[derive(Clone, Copy)]
pub(crate) struct DrawnTrial<'a> {
    pub(crate) number: u32,
    pub(crate) photo: &'a FileDigest,
    /// What the first judge chose.
    pub(crate) first: &'a str,
}

/// The prompt that was asked first.
pub(crate) struct Asked<'a> {
    pub(crate) prompt: &'a Prompt,
    pub(crate) choices: &'a [Choice],
}

type Over = std::collections::BTreeMap<String, String>;

fn input<'a>(over: &'a Over, name: &str) -> Result<&'a str, Reason> {
    let id = over.get(name).map(String::as_str);
    id.ok_or_else(|| {
        because(
            "no-window",
            format!("The measure names nothing for {name}"),
            format!("测量未指定 {name}"),
        )
    })
}

/// The prompt of a measure that asks for one of several answers.
pub(crate) fn asked<'a>(case: &'a Case, over: &Over) -> Result<Asked<'a>, Reason> {
    let id = input(over, "question")?;
    let steps = crate::trial::steps(case).into_iter();
    let mut prompts = steps.filter_map(|step| match step {
        Step::Prompt(prompt) if prompt.id == id => match &prompt.ask {
            Ask::Choose(choices) => Some(Asked { prompt, choices }),
            _ => None,
        },
        _ => None,
    });
    prompts.next().ok_or_else(|| {
        because(
            "no-question",
            format!("The prompt {id} asks for no choice: it cannot be asked again"),
            format!("提示 {id} 不是选择题，无法再次提问"),
        )
    })
}

/// Draws the share of a measure from the trials that were decided, with their photos. A trial is left
/// out when it is invalid; one that has no photo stands in the way of all.
pub(crate) fn draw<'a>(
    case: &'a Case,
    course: &CaseCourse<'a>,
    params: Params<'a>,
) -> Result<Drawn<'a>, Reason> {
    let over = &params.measure.over;
    let (trial, photo, question) = (
        input(over, "over")?,
        input(over, "photo")?,
        input(over, "question")?,
    );
    let share = params.number("share", Unit::one())?;
    let mut state = params.count("seed")?;
    asked(case, over)?;
    let mut all = Vec::new();
    for run in &course.trials {
        let invalid = matches!(run.said, Some(Outcome::Invalid(_)));
        if run.id != trial || run.to_ns.is_none() || invalid {
            continue;
        }
        // Of several attempts, the last.
        let last = |id: &str| {
            let mut shown = course.prompts.iter().rev();
            shown
                .find(|p| p.context.trial == run.context.trial && p.id == id)?
                .answer
        };
        let first = last(question).ok_or_else(|| lacks(run, question))?;
        let photo = last(photo).and_then(|a| a.file);
        all.push(DrawnTrial {
            number: run.context.trial,
            photo: photo.ok_or_else(|| lacks(run, "photo"))?,
            first: first.words,
        });
    }
    let of = all.len();
    let most = (share * of as f64).ceil().clamp(0.0, of as f64) as usize;
    // Fisher and Yates.
    for last in (1..all.len()).rev() {
        all.swap(last, (next(&mut state) % (last as u64 + 1)) as usize);
    }
    all.truncate(most);
    Ok(Drawn {
        trial,
        of,
        trials: all,
    })
}

fn lacks(run: &TrialRun<'_>, what: &str) -> Reason {
    let number = run.context.trial;
    because(
        "no-evidence",
        format!("Trial {number} has no answer to {what}: it cannot be judged again"),
        format!("第 {number} 次试验缺少 {what}，无法复判"),
    )
}

/// SplitMix64 (Steele, Lea, Flood, OOPSLA 2014).
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The second judgement of a measure, if there is one.
pub(crate) fn rejudged<'a>(
    addenda: &'a [Addendum],
    case: &Case,
    measure: &Measure,
) -> Option<(&'a Addendum, &'a Rejudgement)> {
    let of = |name: &str| measure.over.get(name).map(String::as_str);
    addenda.iter().find_map(|addendum| match &addendum.content {
        Content::Rejudgement(r)
            if r.case == case.id
                && Some(r.trial.as_str()) == of("over")
                && Some(r.question.as_str()) == of("question") =>
        {
            Some((addendum, r))
        }
        _ => None,
    })
}

/// Whether two names are one person's, as far as writing tells.
pub(crate) fn same_person(a: &str, b: &str) -> bool {
    let plain = |name: &str| name.split_whitespace().collect::<String>().to_lowercase();
    plain(a) == plain(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first three numbers of seed 1234567, from the reference implementation (Vigna).
    #[test]
    fn the_draw_is_splitmix64() {
        let mut state = 1_234_567;
        let drawn = [(); 3].map(|()| next(&mut state));
        assert_eq!(
            drawn,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423
            ]
        );
    }

    #[test]
    fn blanks_and_capitals_make_no_other_person() {
        assert!(same_person("Li Na", "  li  na"));
        assert!(!same_person("Li Na", "Wang Wei"));
    }
}
