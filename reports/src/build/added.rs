//! What entered results after the run: imported data, trials judged again.

use crate::document::Added;
use crate::words::say;
use certbench_model::Addendum;
use certbench_model::addendum::Content;

/// One entry an addendum that entered results (corrections and evidence have sections of their own), in order.
pub(super) fn added(addenda: &[Addendum]) -> Vec<Added> {
    addenda.iter().filter_map(one).collect()
}

fn one(a: &Addendum) -> Option<Added> {
    let (what, superseded) = match &a.content {
        Content::Correction(_) | Content::Evidence(_) => return None,
        Content::Import(import) => {
            let values = [
                ("channel", import.channel.clone()),
                ("matched", import.matched.to_string()),
                ("rows", import.rows.to_string()),
                ("missing", import.missing.len().to_string()),
                ("extra", import.extra.len().to_string()),
            ];
            (say("added.import", &values), import.supersedes)
        }
        Content::Rejudgement(again) => {
            let values = [
                ("n", again.judged.len().to_string()),
                ("case", again.case.clone()),
                ("question", again.question.clone()),
            ];
            (say("added.rejudgement", &values), None)
        }
    };
    Some(Added {
        number: a.number,
        what,
        by: a.by.clone(),
        utc: a.utc.clone(),
        why: a.why.clone(),
        files: a.files.clone(),
        supersedes: superseded,
    })
}
