//! What happened beside the results: device events, faults, watches, halts, losses.

use crate::document::Occurrence;
use crate::number;
use crate::words::say;
use certbench_model::text::Lang;
use certbench_model::{EventBody, Facts, FaultKind, Text};

/// Every run started for this item and suite, if the record says.
pub(super) fn earlier(facts: &Facts) -> Option<Vec<String>> {
    facts.events.iter().find_map(|l| match &l.event.body {
        EventBody::Ledger { earlier } => Some(earlier.clone()),
        _ => None,
    })
}

/// In order of the record.
pub(super) fn occurrences(facts: &Facts) -> Vec<Occurrence> {
    let mut list = Vec::new();
    let mut armed: Option<(u64, &[Text])> = None;
    for line in &facts.events {
        if let EventBody::Armed { shown, by } = &line.event.body {
            if let Some((first, before)) = armed {
                list.push(Occurrence {
                    line: line.seq,
                    at_s: number::seconds(line.event.time_ns),
                    kind: "armed".to_string(),
                    about: by.clone(),
                    text: again(first, before, shown),
                });
                continue;
            }
            armed = Some((line.seq, shown));
        }
        for (kind, about, text) in told(&line.event.body) {
            list.push(Occurrence {
                line: line.seq,
                at_s: number::seconds(line.event.time_ns),
                kind: kind.to_string(),
                about,
                text,
            });
        }
    }
    list
}

/// What arming again shows, as far as it differs from the first time.
fn again(first: u64, before: &[Text], shown: &[Text]) -> Text {
    let mut text = say("armed.again", &[("line", first.to_string())]);
    let new = shown.iter().filter(|t| !before.contains(t));
    let gone = before.iter().filter(|t| !shown.contains(t));
    let told = |t: &Text, lang| [("text", t.get(lang).to_string())];
    for t in new {
        text.en += &say("armed.new", &told(t, Lang::En)).en;
        text.zh += &say("armed.new", &told(t, Lang::Zh)).zh;
    }
    for t in gone {
        text.en += &say("armed.gone", &told(t, Lang::En)).en;
        text.zh += &say("armed.gone", &told(t, Lang::Zh)).zh;
    }
    text
}

fn told(body: &EventBody) -> Vec<(&'static str, String, Text)> {
    match body {
        EventBody::DeviceEvent { device, code, text } => {
            let text = Text::same(format!("{code}: {text}"));
            vec![("device-event", device.clone(), text)]
        }
        EventBody::Fault {
            kind,
            subject,
            text,
        } => {
            let text = [("text", text.clone())];
            let words = match kind {
                FaultKind::Link => say("fault.link", &text),
                FaultKind::Instrument => say("fault.instrument", &text),
                FaultKind::Harness => say("fault.harness", &text),
                FaultKind::Unattributable => say("fault.unattributable", &text),
            };
            vec![("fault", subject.clone(), words)]
        }
        EventBody::Tripped {
            channel,
            text,
            missing,
        } => {
            let text = [("text", text.clone())];
            let words = match missing {
                true => say("tripped.missing", &text),
                false => say("tripped.value", &text),
            };
            vec![("tripped", channel.clone(), words)]
        }
        EventBody::Halted {
            device,
            planned,
            result,
            text,
        } => {
            let values = [("result", result.clone()), ("text", text.clone())];
            let words = match planned {
                true => say("halt.planned", &values),
                false => say("halt.unplanned", &values),
            };
            vec![("halt", device.clone(), words)]
        }
        EventBody::Refused { reasons } => {
            let one = |reason: &Text| ("refused", String::new(), reason.clone());
            reasons.iter().map(one).collect()
        }
        EventBody::Armed { shown, by } => {
            let one = |text: &Text| ("armed", by.clone(), text.clone());
            shown.iter().map(one).collect()
        }
        EventBody::Lost { listener, count } => {
            let words = say("lost.words", &[("count", count.to_string())]);
            vec![("lost", listener.clone(), words)]
        }
        EventBody::Lateness {
            subject,
            worst_s,
            ticks,
        } => {
            let values = [
                ("worst", number::significant(1e3 * worst_s, 3)),
                ("ticks", ticks.to_string()),
            ];
            vec![("late", subject.clone(), say("late.words", &values))]
        }
        EventBody::Answered {
            prompt,
            answer,
            by,
            file,
        } => {
            let mut said = format!("{answer} ({by})");
            if let Some(file) = file {
                said += &format!(", {} SHA-256 {}", file.path, file.sha256);
            }
            vec![("answer", prompt.clone(), Text::same(said))]
        }
        EventBody::Intervened {
            prompt,
            choice,
            context,
        } => {
            let values = [
                ("choice", choice.clone()),
                ("trial", context.trial.to_string()),
            ];
            vec![(
                "intervened",
                prompt.clone(),
                say("intervened.words", &values),
            )]
        }
        EventBody::Retried {
            trial,
            number,
            attempt,
        } => {
            let values = [("n", number.to_string()), ("attempt", attempt.to_string())];
            vec![("retried", trial.clone(), say("retried.words", &values))]
        }
        EventBody::RepeatEnded {
            variable,
            passes,
            of,
            ending,
            ..
        } => {
            let mut values = vec![("passes", passes.to_string()), ("of", of.to_string())];
            let words = match ending {
                None => say("ended.whole", &values),
                Some(ending) => {
                    values.push(("ending", ending.clone()));
                    say("ended.early", &values)
                }
            };
            vec![("ended", variable.clone(), words)]
        }
        EventBody::Thinned { every_s, left_out } => {
            let mut values = vec![("n", left_out.to_string())];
            let words = match every_s {
                None => say("thinned.off", &values),
                Some(seconds) => {
                    values.push(("every", number::exact(*seconds)));
                    say("thinned.on", &values)
                }
            };
            vec![("thinned", String::new(), words)]
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use certbench_model::Context;

    #[test]
    fn interventions_retries_early_ends_and_thinned_recording_are_told_in_both_languages() {
        let context = Context {
            trial: 7,
            ..Context::default()
        };
        let events = [
            (
                EventBody::Intervened {
                    prompt: "judge".into(),
                    choice: "helped".into(),
                    context: context.clone(),
                },
                ["helped", "7"],
            ),
            (
                EventBody::Retried {
                    trial: "hold".into(),
                    number: 7,
                    attempt: 2,
                },
                ["7", "2"],
            ),
            (
                EventBody::RepeatEnded {
                    variable: "cycle".into(),
                    passes: 62_000,
                    of: 100_000,
                    ending: Some("strength < 8 N".into()),
                    context,
                },
                ["62000", "strength < 8 N"],
            ),
            (
                EventBody::Thinned {
                    every_s: Some(60.0),
                    left_out: 964,
                },
                ["60", "964"],
            ),
        ];
        for (event, wanted) in events {
            let told = told(&event);
            let (_, _, text) = told.first().unwrap_or_else(|| panic!("{event:?}"));
            for part in wanted {
                assert!(text.en.contains(part) && text.zh.contains(part), "{text:?}");
            }
        }
    }
}
