//! Prompts. A person may think for an hour: the question is asked on a thread of its own, and the
//! executor goes on looking around.

use crate::bench::{fill, fill_text};
use crate::control::relock;
use crate::executor::{Cut, Executor};
use crate::shared::Word;
use certbench_clock::Time;
use certbench_model::step::{Ask, Choice, Outcome, Presence, Prompt};
use certbench_model::{CaseEnd, EventBody, FileDigest, Text};
use certbench_roles::{Answer, Question};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How often a question is put again when the answer does not fit it.
const TIMES_ASKED: u32 = 3;

/// An answer that fits its question.
struct Fitting {
    words: String,
    file: Option<FileDigest>,
    means: Option<Outcome>,
    intervention: bool,
}

impl Executor {
    pub(super) fn prompt(&mut self, prompt: &Prompt) -> Result<(), Cut> {
        if prompt.presence == Presence::Inside {
            self.make_safe(&format!("before prompt `{}`", prompt.id))?;
        }
        let question = self.question(prompt).map_err(|why| self.impossible(why))?;
        self.tell(EventBody::Prompted {
            prompt: prompt.id.clone(),
            text: question.text.clone(),
            context: self.context(),
        });
        for _ in 0..TIMES_ASKED {
            let (answer, by) = self.ask_operator(question.clone())?;
            let a_person_must = prompt.presence == Presence::Inside && self.bench.any_physical();
            if answer == Answer::None || (a_person_must && by != "operator") {
                return Err(self.unanswered(format!("prompt `{}` was not answered", prompt.id)));
            }
            if answer == Answer::No {
                self.answered(&prompt.id, "no", &by, None);
                return Err(self.unanswered(format!("prompt `{}` was answered with no", prompt.id)));
            }
            if let Some(fitting) = self.fit(&question.ask, &answer)? {
                self.answered(&prompt.id, &fitting.words, &by, fitting.file);
                if fitting.intervention {
                    self.tell(EventBody::Intervened {
                        prompt: prompt.id.clone(),
                        choice: fitting.words,
                        context: self.context(),
                    });
                }
                if let Some(outcome) = fitting.means {
                    self.decide(outcome);
                }
                return Ok(());
            }
        }
        Err(self.unanswered(format!("prompt `{}` got no answer that fits it", prompt.id)))
    }

    fn question(&self, prompt: &Prompt) -> Result<Question, Text> {
        let scope = &self.scope;
        let choice = |c: &Choice| {
            Ok(Choice {
                text: fill_text(scope, &c.text)?,
                ..c.clone()
            })
        };
        let ask = match &prompt.ask {
            Ask::Choose(choices) => {
                Ask::Choose(choices.iter().map(choice).collect::<Result<_, Text>>()?)
            }
            ask => ask.clone(),
        };
        let change = |(key, value): (&String, &String)| Ok((key.clone(), fill(scope, value)?));
        Ok(Question {
            id: prompt.id.clone(),
            text: fill_text(scope, &prompt.text)?,
            ask,
            presence: prompt.presence,
            changes: prompt
                .changes
                .iter()
                .map(change)
                .collect::<Result<_, Text>>()?,
        })
    }

    /// Asks on a thread of its own; watches, lease and Ctrl-C stay alive meanwhile.
    pub(crate) fn ask_operator(&mut self, question: Question) -> Result<(Answer, String), Cut> {
        let slot: Arc<Mutex<Option<(Answer, String)>>> = Arc::default();
        let task = self.shared.clock.spawn("certbench prompt", {
            let (slot, operator) = (slot.clone(), self.operator.clone());
            let inbox = self.shared.inbox.clone();
            move || {
                let answer = operator.ask(&question);
                *relock(&slot) = Some(answer);
                let _ = inbox.try_send(Word::Wake);
            }
        });
        loop {
            let over = task.is_finished();
            if let Some(answer) = relock(&slot).take() {
                return Ok(answer);
            }
            if over {
                let text = "the prompt's thread ended without an answer".to_string();
                return Err(self.harness("operator", text));
            }
            self.idle(Time::MAX)?;
        }
    }

    fn answered(&self, prompt: &str, answer: &str, by: &str, file: Option<FileDigest>) {
        self.tell(EventBody::Answered {
            prompt: prompt.to_string(),
            answer: answer.to_string(),
            by: by.to_string(),
            file,
        });
    }

    fn unanswered(&mut self, text: String) -> Cut {
        self.send_halts();
        Cut {
            end: CaseEnd::Unanswered(text),
            run: None,
            own_stop: false,
        }
    }

    /// The answer as the record takes it; `None` when it does not fit the question.
    fn fit(&mut self, ask: &Ask, answer: &Answer) -> Result<Option<Fitting>, Cut> {
        let fitting = match (ask, answer) {
            (Ask::Instruct | Ask::Confirm, Answer::Yes) => plain("yes".to_string()),
            (Ask::Number { least, most }, Answer::Number(value)) => {
                let inside = value.to(least.unit).is_ok_and(|v| {
                    v >= least.value && most.to(least.unit).is_ok_and(|most| v <= most)
                });
                if !inside {
                    return Ok(None);
                }
                plain(value.to_string())
            }
            (Ask::Choose(choices), Answer::Choice(id)) => {
                let Some(choice) = choices.iter().find(|c| c.id == *id) else {
                    return Ok(None);
                };
                Fitting {
                    means: choice.means.clone(),
                    intervention: choice.intervention,
                    ..plain(id.clone())
                }
            }
            (Ask::Attach, Answer::File(path)) => Fitting {
                file: self.attach(path)?,
                ..plain(path.display().to_string())
            },
            _ => return Ok(None),
        };
        Ok(Some(fitting))
    }

    /// Hands a file to whoever keeps the record.
    fn attach(&mut self, path: &Path) -> Result<Option<FileDigest>, Cut> {
        let Some(attach) = self.settings.attach.clone() else {
            return Ok(None);
        };
        self.renew(Duration::from_secs(10));
        match attach(path) {
            Ok(digest) => Ok(Some(digest)),
            Err(why) => Err(self.harness("attachment", format!("{}: {why}", path.display()))),
        }
    }
}

fn plain(words: String) -> Fitting {
    Fitting {
        words,
        file: None,
        means: None,
        intervention: false,
    }
}
