//! Agreement of a trial's outcome with a second judge's answer: Cohen's kappa.

use super::{Answer, Task, named, no_number};
use crate::budget::Budget;
use crate::stats::agreement;
use crate::stats::rates::mcnemar;
use crate::trial::Counts;
use certbench_model::finding::{Reason, Value};
use certbench_model::{Text, Unit};
use std::collections::BTreeMap;

pub(super) fn kappa(task: Task<'_>, answer: &mut Answer) -> Result<(), Reason> {
    let (id, prompt) = (task.over("over")?, task.over("second")?);
    let success = task.params().word("success")?;
    let mut second: BTreeMap<u32, bool> = BTreeMap::new();
    for shown in task.course.prompts.iter().filter(|p| p.id == prompt) {
        if let Some(said) = shown.answer {
            second.insert(shown.context.trial, said.words == success);
        }
    }
    let mut table = vec![vec![0u64; 2]; 2];
    let (mut n, mut unseen) = (0u32, 0u32);
    for (run, counts) in task.attempts().filter(|(t, _)| t.id == id) {
        let first = match counts {
            Counts::Success => true,
            Counts::Failure | Counts::Censored => false,
            Counts::Invalid(_) => {
                answer.invalid += 1;
                continue;
            }
            Counts::Unknown(reason) => {
                answer.doubts.add(reason.clone());
                continue;
            }
        };
        let Some(other) = second.get(&run.context.trial) else {
            unseen += 1;
            continue;
        };
        table[usize::from(first)][usize::from(*other)] += 1;
        n += 1;
    }
    answer.n = n;
    if unseen > 0 {
        answer.doubts.add(no_number(
            "The second judge did not judge every trial",
            "第二评判者未评判所有试验",
        ));
    }
    answer.estimand = Some(Text::new(
        "agreement of the recorded outcome with the second judge, beyond chance",
        "记录结果与第二评判者超出偶然的一致性",
    ));
    beyond_chance(&table, n as usize, answer)
}

/// Cohen's kappa of a table of answers (first judge by second) over so many trials, as the answer's value.
pub(super) fn beyond_chance(
    table: &[Vec<u64>],
    n: usize,
    answer: &mut Answer,
) -> Result<(), Reason> {
    let seen = agreement::kappa(table).ok_or_else(|| {
        no_number(
            "Both judges gave a single answer throughout: agreement beyond chance cannot be told",
            "两位评判者始终给出同一答案：无法判断超出偶然的一致性",
        )
    })?;
    let one = Unit::one();
    let mut budget = Budget::default();
    budget.normal(
        Text::new(
            "Sampling of the trials (large-sample)",
            "试验抽样（大样本）",
        ),
        seen.standard_error,
        None,
    );
    answer.more.extend([
        named(
            "p_o",
            "Share on which they agree",
            "一致的比例",
            seen.observed,
            one,
            None,
        ),
        named(
            "p_e",
            "Share expected by chance",
            "偶然一致的比例",
            seen.by_chance,
            one,
            None,
        ),
    ]);
    let of = |first: usize, second: usize| table.get(first)?.get(second).copied();
    if let (2, Some(one_way), Some(other_way)) = (table.len(), of(0, 1), of(1, 0)) {
        answer.more.push(named(
            "p_M",
            "Probability of as uneven a split of the disagreements by chance (McNemar, exact)",
            "不一致同样偏向一方的偶然概率（McNemar 精确检验）",
            mcnemar(one_way, other_way).unwrap_or(1.0),
            one,
            None,
        ));
    }
    answer.value = Some(Value::Quantity(budget.measured(seen.kappa, one, n)));
    Ok(())
}
