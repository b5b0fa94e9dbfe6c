//! Who answers prompts: a person at the terminal, a file, or the operator of a simulated bench.

use certbench_model::step::{Ask, Presence};
use certbench_model::text::Lang;
use certbench_model::{Plan, Quantity};
use certbench_roles::{Answer, Operator, Question};
use serde::Deserialize;
use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// Changes the world of a simulated bench, as a person would with their hands.
pub(crate) trait World: Send + Sync {
    /// `mount` -> `cylinder-50`. The error says what is not known.
    fn apply(&self, key: &str, value: &str) -> Result<(), String>;

    /// What a person reads on a device's plate: `maker`, `model`, `serial`, `firmware`.
    fn label(&self, device: &str, field: &str) -> Option<String>;
}

/// Answers that were prepared: those of a prompt, by its id, are used one after the other, and the last
/// one is repeated.
pub(crate) type Answers = BTreeMap<String, VecDeque<String>>;

/// The operator of a run: prepared answers first, then whoever stands behind it.
pub(crate) struct Desk {
    prepared: Mutex<Answers>,
    /// Whether prompts with a person inside may be answered without a person: only when no link is
    /// physical (promise 8 of the design).
    unattended_inside: bool,
    world: Option<Arc<dyn World>>,
    labels: Vec<Label>,
    terminal: Option<Lang>,
}

/// A field of an item's identity as the order declares it.
struct Label {
    device: String,
    field: &'static str,
    declared: String,
}

/// Every field that the order declares of its items.
fn labels(plan: &Plan) -> Vec<Label> {
    let items = plan.job.iter().flat_map(|job| &job.items);
    let of = |item: &certbench_model::job::Item| {
        let identity = &item.identity;
        let fields = [
            ("maker", &identity.maker),
            ("model", &identity.model),
            ("serial", &identity.serial),
            ("firmware", &identity.firmware),
        ];
        let device = item.device.clone();
        fields
            .into_iter()
            .filter_map(move |(field, declared)| {
                Some(Label {
                    device: device.clone(),
                    field,
                    declared: declared.clone()?,
                })
            })
            .collect::<Vec<_>>()
    };
    items.flat_map(of).collect()
}

/// `--answers FILE`: prompt id to one answer, or to a list of answers used one after the other;
/// the last one is repeated.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AnswersFile {
    answers: BTreeMap<String, Vec<String>>,
}

/// Reads an answers file (YAML): `answers: { place: [yes], mass: ["5 kg"] }`.
pub(crate) fn read_answers(path: &Path) -> anyhow::Result<Answers> {
    let text = std::fs::read_to_string(path)
        .map_err(|e| anyhow::anyhow!("cannot read answers file {}: {e}", path.display()))?;
    let file: AnswersFile = serde_saphyr::from_str(&text).map_err(|e| {
        anyhow::anyhow!(
            "{}: {e}\nexpected `answers:` with a list of answers for each prompt id",
            path.display()
        )
    })?;
    Ok(file
        .answers
        .into_iter()
        .map(|(id, list)| (id, list.into()))
        .collect())
}

impl Desk {
    /// A desk. `terminal` is the language in which a person is asked, when there is one.
    pub(crate) fn new(
        prepared: Answers,
        world: Option<Arc<dyn World>>,
        all_non_physical: bool,
        terminal: Option<Lang>,
    ) -> Desk {
        Desk {
            prepared: Mutex::new(prepared),
            unattended_inside: all_non_physical,
            world,
            labels: Vec::new(),
            terminal,
        }
    }

    /// The same, for the items of a plan: their labels are read on the simulated devices.
    pub(crate) fn of(self, plan: &Plan) -> Desk {
        Desk {
            labels: labels(plan),
            ..self
        }
    }

    fn prepared(&self, id: &str) -> Option<String> {
        let mut all = self.prepared.lock().unwrap_or_else(PoisonError::into_inner);
        let list = all.get_mut(id)?;
        if list.len() > 1 {
            list.pop_front()
        } else {
            list.front().cloned()
        }
    }

    /// What the simulated operator reads on the simulated device, when it is a label that is asked
    /// for and the device has it.
    fn by_eye_of_simulation(&self, question: &Question) -> Option<Answer> {
        let label = self.label(question)?;
        let said = self.world.as_ref()?.label(&label.device, label.field)?;
        if said.trim().eq_ignore_ascii_case(label.declared.trim()) {
            return Some(Answer::Yes);
        }
        let Label { device, field, .. } = label;
        eprintln!("certbench: the label of the simulated `{device}` says {field} `{said}`");
        Some(Answer::No)
    }

    fn label(&self, question: &Question) -> Option<&Label> {
        let id = |label: &Label| format!("label.{}.{}", label.device, label.field);
        self.labels.iter().find(|label| id(label) == question.id)
    }

    /// What the simulated operator does: the changes, then "done".
    fn by_hand_of_simulation(&self, question: &Question) -> Option<Answer> {
        let world = self.world.as_ref()?;
        for (key, value) in &question.changes {
            if let Err(why) = world.apply(key, value) {
                eprintln!("certbench: the simulated bench cannot do `{key}: {value}`: {why}");
                return Some(Answer::None);
            }
        }
        let done = matches!(question.ask, Ask::Instruct | Ask::Confirm);
        (done && self.label(question).is_none()).then_some(Answer::Yes)
    }
}

impl Operator for Desk {
    fn ask(&self, question: &Question) -> (Answer, String) {
        if let Some(answer) = self.by_eye_of_simulation(question) {
            return (answer, "simulated-operator".into());
        }
        let without_a_person = question.presence == Presence::Outside || self.unattended_inside;
        if without_a_person {
            let prepared = self
                .prepared(&question.id)
                .and_then(|text| understand(&text, &question.ask).ok());
            let done = self.by_hand_of_simulation(question);
            match (prepared, done) {
                (_, Some(Answer::None)) => return (Answer::None, "simulated-operator".into()),
                (Some(answer), _) => return (answer, "answers-file".into()),
                (None, Some(answer)) => return (answer, "simulated-operator".into()),
                (None, None) => {}
            }
        }
        match self.terminal {
            Some(lang) => (ask_at_terminal(question, lang), "operator".into()),
            None => (Answer::None, "nobody".into()),
        }
    }
}

/// What an answer means for this kind of question; the error says what is expected.
pub(crate) fn understand(text: &str, ask: &Ask) -> Result<Answer, String> {
    let text = text.trim();
    let yes = |t: &str| {
        matches!(
            t.to_lowercase().as_str(),
            "y" | "yes" | "ok" | "done" | "是" | "好" | "完成"
        )
    };
    let no = |t: &str| matches!(t.to_lowercase().as_str(), "n" | "no" | "否" | "不");
    match ask {
        Ask::Instruct if text.is_empty() || yes(text) => Ok(Answer::Yes),
        Ask::Confirm if yes(text) => Ok(Answer::Yes),
        Ask::Instruct | Ask::Confirm if no(text) => Ok(Answer::No),
        Ask::Instruct => Err("press Enter when it is done, or type `no`".into()),
        Ask::Confirm => Err("type `yes` or `no`".into()),
        Ask::Number { least, most } => {
            let value: Quantity = text.parse().map_err(|e| format!("{e}"))?;
            let number = value.to(least.unit).map_err(|e| e.to_string())?;
            let most_here = most.to(least.unit).map_err(|e| e.to_string())?;
            if number < least.value || number > most_here {
                return Err(format!("{value} is not between {least} and {most}"));
            }
            Ok(Answer::Number(value))
        }
        Ask::Choose(choices) => {
            let by_number = text
                .parse::<usize>()
                .ok()
                .and_then(|n| choices.get(n.checked_sub(1)?));
            let chosen = by_number.or_else(|| choices.iter().find(|c| c.id == text));
            chosen.map(|c| Answer::Choice(c.id.clone())).ok_or_else(|| {
                let ids: Vec<_> = choices.iter().map(|c| c.id.as_str()).collect();
                format!("choose one of: {}", ids.join(", "))
            })
        }
        Ask::Attach if Path::new(text).is_file() => Ok(Answer::File(text.into())),
        Ask::Attach => Err(format!(
            "`{text}` is not a file; give the path of the file to attach"
        )),
    }
}

fn ask_at_terminal(question: &Question, lang: Lang) -> Answer {
    let place = match (question.presence, lang) {
        (Presence::Inside, Lang::En) => {
            "[you may be inside the machine; it stands in its safe state]"
        }
        (Presence::Inside, Lang::Zh) => "[可能有人在机器内；机器处于安全状态]",
        (Presence::Outside, Lang::En) => "[stay OUTSIDE the machine]",
        (Presence::Outside, Lang::Zh) => "[请勿进入机器]",
    };
    eprintln!("\n? {}\n  {place}", question.text.get(lang));
    if let Ask::Choose(choices) = &question.ask {
        for (number, choice) in choices.iter().enumerate() {
            eprintln!(
                "  {}) {} ({})",
                number + 1,
                choice.text.get(lang),
                choice.id
            );
        }
    }
    loop {
        let hint = match (&question.ask, lang) {
            (Ask::Instruct, Lang::En) => "Enter when done".to_string(),
            (Ask::Instruct, Lang::Zh) => "完成后按回车".to_string(),
            (Ask::Confirm, Lang::En) => "yes/no".to_string(),
            (Ask::Confirm, Lang::Zh) => "是/否".to_string(),
            (Ask::Number { least, most }, _) => format!("{least} … {most}"),
            (Ask::Choose(_), _) => "1…n".to_string(),
            (Ask::Attach, Lang::En) => "path of a file".to_string(),
            (Ask::Attach, Lang::Zh) => "文件路径".to_string(),
        };
        eprint!("  ({hint}) > ");
        let _ = std::io::stderr().flush();
        let mut line = String::new();
        match std::io::stdin().lock().read_line(&mut line) {
            Ok(0) | Err(_) => return Answer::None,
            Ok(_) => {}
        }
        match understand(&line, &question.ask) {
            Ok(answer) => return answer,
            Err(why) => eprintln!("  {why}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use certbench_model::Text;

    fn place(presence: Presence) -> Question {
        Question {
            id: "place".into(),
            text: Text::new("Place it.", "放好。"),
            ask: Ask::Instruct,
            presence,
            changes: [("mount".to_string(), "cylinder-50".to_string())].into(),
        }
    }

    #[test]
    fn a_file_never_speaks_for_a_person_inside_a_physical_machine() {
        let answers =
            || BTreeMap::from([("place".to_string(), VecDeque::from(["yes".to_string()]))]);
        let physical = Desk::new(answers(), None, false, None);
        assert_eq!(physical.ask(&place(Presence::Inside)).0, Answer::None);
        assert_eq!(physical.ask(&place(Presence::Outside)).0, Answer::Yes);
        let simulated = Desk::new(answers(), None, true, None);
        assert_eq!(simulated.ask(&place(Presence::Inside)).0, Answer::Yes);
    }

    /// A hand whose plate says `SIM-0001`.
    struct Plate;

    impl World for Plate {
        fn apply(&self, _: &str, _: &str) -> Result<(), String> {
            Ok(())
        }

        fn label(&self, device: &str, field: &str) -> Option<String> {
            (device == "hand" && field == "serial").then(|| "SIM-0001".to_string())
        }
    }

    #[test]
    fn the_simulated_operator_reads_what_stands_on_the_device() {
        let asks = |field: &'static str, declared: &str| {
            let mut desk = Desk::new(BTreeMap::new(), Some(Arc::new(Plate)), true, None);
            desk.labels.push(Label {
                device: "hand".into(),
                field,
                declared: declared.into(),
            });
            let question = Question {
                id: format!("label.hand.{field}"),
                ask: Ask::Confirm,
                changes: BTreeMap::new(),
                ..place(Presence::Inside)
            };
            desk.ask(&question).0
        };
        assert_eq!(asks("serial", "sim-0001 "), Answer::Yes);
        assert_eq!(asks("serial", "SIM-0002"), Answer::No);
        assert_eq!(asks("maker", "Inspire"), Answer::None);
    }

    #[test]
    fn a_number_needs_its_unit_and_its_range() {
        let ask = Ask::Number {
            least: "1 kg".parse().unwrap(),
            most: "10 kg".parse().unwrap(),
        };
        assert!(understand("5", &ask).is_err());
        assert!(understand("5 N", &ask).is_err());
        assert!(understand("11 kg", &ask).is_err());
        assert_eq!(
            understand("5000 g", &ask),
            Ok(Answer::Number("5000 g".parse().unwrap()))
        );
    }
}
