//! Agreement of the first judge with a second one who saw only the photos: Cohen's kappa over the
//! trials that were drawn.

use super::agreement::beyond_chance;
use super::{Answer, Task, named, no_number};
use crate::reason::because;
use crate::rejudge::{asked, draw, operator, rejudged, same_person};
use certbench_model::finding::Reason;
use certbench_model::{Text, Unit};

pub(super) fn kappa(task: Task<'_>, answer: &mut Answer) -> Result<(), Reason> {
    let run = task.reader.run;
    let drawn = draw(task.case, task.course, task.params())?;
    answer.n = u32::try_from(drawn.of).unwrap_or(u32::MAX);
    let again = rejudged(run.addenda(), task.case, task.measure);
    let (addendum, second) = again.ok_or_else(|| {
        let n = drawn.trials.len();
        because(
            "to-be-rejudged",
            format!(
                "{n} trials are still to be judged again by a second person (`certbench rejudge`)"
            ),
            format!("尚有 {n} 次试验待第二人复判（`certbench rejudge`）"),
        )
    })?;
    let (by, first) = (&addendum.by, operator(run));
    if same_person(by, first) {
        answer.doubts.add(because(
            "same-judge",
            format!("{by} judged both times"),
            format!("两次评判均为 {by}"),
        ));
    }
    let these = |(drawn, judged): (&crate::rejudge::DrawnTrial<'_>, &_)| {
        let judged: &certbench_model::addendum::Rejudged = judged;
        drawn.number == judged.number && drawn.photo.sha256 == judged.photo
    };
    let pairs = || drawn.trials.iter().zip(&second.judged);
    if drawn.trials.len() != second.judged.len() || !pairs().all(these) {
        return Err(because(
            "other-trials",
            "Other trials were judged again than the seed draws",
            "复判的试验与种子抽取的不符",
        ));
    }
    let choices = asked(task.case, &task.measure.over)?.choices;
    let place = |id: &str| choices.iter().position(|c| c.id == id);
    let mut table = vec![vec![0u64; choices.len()]; choices.len()];
    for (drawn, judged) in pairs() {
        let cell = place(drawn.first).zip(place(&judged.choice));
        let cell = cell.and_then(|(i, j)| table.get_mut(i)?.get_mut(j));
        *cell
            .ok_or_else(|| no_number("An answer is none of the choices", "回答不在选项之中"))? += 1;
    }
    let one = Unit::one();
    let n = drawn.trials.len();
    answer.notes.add(because(
        "rejudged",
        format!(
            "{n} of {} trials judged again from their photos by {by}, {}",
            drawn.of, addendum.utc
        ),
        format!(
            "由 {by} 依据照片复判 {n} / {} 次试验，{}",
            drawn.of, addendum.utc
        ),
    ));
    let agree: u64 = (0..choices.len()).map(|i| table[i][i]).sum();
    answer.more.push(named(
        "n_o",
        "Trials on which both agree",
        "两人一致的试验数",
        agree as f64,
        one,
        None,
    ));
    answer.estimand = Some(Text::new(
        "agreement of two persons' judgements of these trials, beyond chance",
        "两人对这些试验的评判超出偶然的一致性",
    ));
    beyond_chance(&table, n, answer)
}
