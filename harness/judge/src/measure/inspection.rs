//! A check-list item: what a person answered, and the evidence that was attached.

use super::{Answer, Task, no_number};
use crate::course::{Answered, PromptRun};
use crate::reason::because;
use certbench_model::finding::{Evidence, Reason, Value};
use certbench_model::{Text, Verdict};

/// The statement alone.
pub(super) fn inspection(task: Task<'_>, answer: &mut Answer) -> Result<(), Reason> {
    let statements = answers(task, "over", answer)?;
    state(task, &statements, answer)
}

/// The statement with a file (photo, document) for each.
pub(super) fn with_evidence(task: Task<'_>, answer: &mut Answer) -> Result<(), Reason> {
    let statements = answers(task, "statement", answer)?;
    let evidence = answers(task, "evidence", answer)?;
    let with_file = evidence.iter().filter(|(_, a)| a.file.is_some()).count();
    if with_file < statements.len() {
        answer.doubts.add(because(
            "no-evidence",
            format!(
                "{with_file} attached files for {} statements",
                statements.len()
            ),
            format!("{} 项陈述仅有 {with_file} 个附件", statements.len()),
        ));
    }
    state(task, &statements, answer)
}

type Given<'a> = (&'a PromptRun<'a>, Answered<'a>);

/// The answers to a prompt in the finding's row. One that was shown and not answered is a doubt.
fn answers<'a>(task: Task<'a>, input: &str, answer: &mut Answer) -> Result<Vec<Given<'a>>, Reason> {
    let id = task.over(input)?;
    let shown = task.course.prompts.iter();
    let mut given = Vec::new();
    for prompt in shown.filter(|p| p.id == id && task.is_here(p.context)) {
        let Some(said) = prompt.answer else {
            answer.doubts.add(because(
                "unanswered",
                format!("The prompt {id} was not answered"),
                format!("提示 {id} 未得到回答"),
            ));
            continue;
        };
        let file = said
            .file
            .map(|f| format!("{} (SHA-256 {})", f.path, f.sha256));
        answer.evidence.push(Evidence {
            what: file.unwrap_or_else(|| id.to_owned()),
            line: prompt.line,
            from_ns: prompt.from_ns,
            to_ns: said.at_ns,
        });
        given.push((prompt, said));
    }
    Ok(given)
}

fn state(task: Task<'_>, statements: &[Given<'_>], answer: &mut Answer) -> Result<(), Reason> {
    answer.n = u32::try_from(statements.len()).unwrap_or(u32::MAX);
    let expected = task.params().optional_word("expected");
    let unlike = |(_, said): &&Given<'_>| expected.is_some_and(|e| e != said.words);
    // The first that is not as expected is what the finding is about.
    let shown = statements
        .iter()
        .find(unlike)
        .or_else(|| statements.first());
    let (_, said) = shown.ok_or_else(|| no_number("Nothing was answered", "没有回答"))?;
    if let Some(expected) = expected {
        let verdict = if statements.iter().any(|s| unlike(&s)) {
            Verdict::Fail
        } else {
            Verdict::Pass
        };
        let ground = because(
            "inspected",
            format!("{expected} is expected"),
            format!("期望为 {expected}"),
        );
        answer.certain = Some((verdict, ground));
    }
    answer.estimand = Some(Text::new(
        "what a person saw of this item",
        "检查人员对本被测件的观察",
    ));
    answer.value = Some(Value::Inspection {
        statement: Text::same(said.words),
        by: said.by.to_owned(),
    });
    Ok(())
}
