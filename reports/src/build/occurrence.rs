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
        _ => Vec::new(),
    }
}
