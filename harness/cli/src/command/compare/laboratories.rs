//! `certbench compare --laboratories`: scores of ISO 13528:2022 over laboratories' records of one suite.

use super::{Args, Judged, word_of_number};
use crate::exit::Exit;
use crate::say;
use certbench_judge::interlab::{Grade, Participant, Round, rounds};
use certbench_model::Quantity;
use serde_json::json;
use std::collections::BTreeMap;

/// Scores, or why there can be none.
pub(super) fn laboratories(args: &Args, all: &[Judged]) -> anyhow::Result<Exit> {
    let usage = |what: String| {
        eprintln!("certbench: {what}");
        Ok(Exit::Usage)
    };
    let mut names: Vec<&str> = all.iter().map(|j| j.laboratory.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    if names.len() < 2 {
        return usage(format!(
            "these are records of one laboratory, {}; scores are between two or more",
            names.join("")
        ));
    }
    let sigmas = match sigmas(&args.sigma) {
        Ok(sigmas) => sigmas,
        Err(what) => return usage(what),
    };
    // Two have no consensus: the first one is the reference then.
    let reference = match &args.reference {
        Some(run) => match all.iter().position(|j| j.name == *run || j.folder == *run) {
            Some(index) => Some(index),
            None => return usage(format!("{run} is none of these runs")),
        },
        None => (all.len() == 2).then_some(0),
    };
    let participants: Vec<_> = all
        .iter()
        .map(|j| Participant {
            laboratory: &j.laboratory,
            run: &j.name,
            findings: &j.findings,
        })
        .collect();
    let rounds = rounds(&participants, reference, &sigmas);
    if let Some(unknown) = sigmas.keys().find(|id| rounds.iter().all(|r| r.id != **id)) {
        return usage(format!("no laboratory has a result {unknown}"));
    }
    match args.json {
        true => {
            let told = json!({ "source": SOURCE, "rounds": rounds });
            say!("{}", serde_json::to_string_pretty(&told)?);
        }
        false => print(&rounds),
    }
    let worst = rounds.iter().flat_map(|r| &r.scores).map(|s| s.grade).max();
    Ok(match worst {
        Some(Grade::Reference | Grade::Satisfactory) => Exit::Passed,
        Some(Grade::Unsatisfactory) => Exit::Failed,
        Some(Grade::Unknown | Grade::Questionable) | None => Exit::Incomplete,
    })
}

const SOURCE: &str = "ISO 13528:2022: E_n (9.7) against a reference laboratory; z (9.4), or z' (9.5) where the \
    assigned value's standard uncertainty is more than 0.3 sigma_pt; consensus by algorithm A (annex C.3)";

/// `pose/repeatability=0.02 mm`.
fn sigmas(written: &[String]) -> Result<BTreeMap<String, Quantity>, String> {
    let one = |text: &String| {
        let wrong = |why: String| format!("--sigma {text}: {why}");
        let (id, value) = text.split_once('=').ok_or_else(|| {
            wrong("write RESULT=VALUE, for example `pose/repeatability=0.02 mm`".into())
        })?;
        let parsed = value.trim().parse::<Quantity>();
        let value = parsed.map_err(|e| wrong(e.to_string()))?;
        match value.value > 0.0 {
            true => Ok((id.trim().to_string(), value)),
            false => Err(wrong("a standard deviation is above zero".into())),
        }
    };
    written.iter().map(one).collect()
}

fn print(rounds: &[Round]) {
    say!("{SOURCE}");
    for round in rounds {
        let unit = round.unit.print();
        say!("{} ({})", round.id, round.title.en);
        match &round.assigned {
            Some(a) => {
                let u =
                    a.u.map(|u| format!(", u = {}", word_of_number(u)))
                        .unwrap_or_default();
                say!(
                    "  assigned value {} {unit}{u} ({})",
                    word_of_number(a.value),
                    a.from
                );
            }
            None => say!("  no assigned value: name a reference, or give three laboratories"),
        }
        if let Some(sigma) = round.sigma {
            say!("  sigma_pt {} {unit}", word_of_number(sigma));
        }
        for s in &round.scores {
            let value = match (s.value, s.u_expanded) {
                (None, _) => "no value".to_string(),
                (Some(x), None) => format!("{} {unit}", word_of_number(x)),
                (Some(x), Some(u)) => {
                    format!("{} ± {} {unit}", word_of_number(x), word_of_number(u))
                }
            };
            let score = |name: &str, x: Option<f64>| {
                x.map(|x| format!(", {name} {x:.2}")).unwrap_or_default()
            };
            say!(
                "    {} ({}): {value}{}{}: {}",
                s.laboratory,
                s.run,
                score("E_n", s.e_n),
                score("z", s.z),
                word(s.grade)
            );
        }
    }
}

fn word(grade: Grade) -> &'static str {
    match grade {
        Grade::Reference => "the reference",
        Grade::Satisfactory => "satisfactory",
        Grade::Unknown => "no score",
        Grade::Questionable => "QUESTIONABLE",
        Grade::Unsatisfactory => "UNSATISFACTORY",
    }
}
