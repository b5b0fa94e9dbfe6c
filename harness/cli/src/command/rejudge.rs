//! `certbench rejudge RUN`: a second person judges trials again from their photos, without knowing
//! the first judgement. The record is untouched; the second judgement stands beside it, sealed.

use crate::command::run::Language;
use crate::exit::Exit;
use crate::inputs::{now, readable};
use crate::operator::{Desk, read_answers};
use crate::{say, say_on, session};
use anyhow::Context;
use certbench_judge::{Rejudging, rejudgings};
use certbench_model::addendum::{Content, Rejudged, Rejudgement};
use certbench_model::step::{Ask, Presence};
use certbench_model::{Recorded, Text};
use certbench_record::{NewAddendum, Recording, append};
use certbench_reports::brief;
use certbench_roles::{Answer, Operator, Question};
use std::collections::{BTreeMap, VecDeque};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

/// Judge trials again, blind, from their photos, by a second person.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The run folder
    run: PathBuf,
    /// Who judges now: not who judged first
    #[arg(long, value_name = "NAME")]
    by: String,
    /// Choices (YAML: `answers: { prompt-id: [held, dropped] }`), as many as photos and in their order
    #[arg(long)]
    answers: Option<PathBuf>,
    /// Folder for the photos under names that tell nothing
    #[arg(long, default_value = "photos-to-judge")]
    photos: PathBuf,
    /// Language of the questions
    #[arg(long, value_enum, default_value_t = Language::En)]
    lang: Language,
}

/// Judges again.
pub(crate) fn rejudge(args: &Args) -> anyhow::Result<Exit> {
    if let Err(exit) = readable(
        [Some(&args.run), args.answers.as_ref()]
            .into_iter()
            .flatten()
            .map(PathBuf::as_path),
    ) {
        return Ok(exit);
    }
    let recording = Recording::open(&args.run)?;
    let (asked, mut answers) = match (wanted(args, &recording), prepared(args)) {
        (Ok(asked), Ok(answers)) => (asked, answers),
        (Err(why), _) | (_, Err(why)) => {
            eprintln!("certbench: {why}");
            return Ok(Exit::Usage);
        }
    };
    let terminal = std::io::stdin().is_terminal().then_some(args.lang.into());
    for (known, rejudging) in (recording.addenda().len()..).zip(&asked) {
        let photos = copies(args, rejudging)?;
        let mine = answers.remove(&rejudging.question);
        if mine.is_none() && terminal.is_none() {
            listed(rejudging, &photos);
            return Ok(Exit::Incomplete);
        }
        if let Some(given) = mine
            .as_ref()
            .map(VecDeque::len)
            .filter(|n| *n != photos.len())
        {
            let (question, wanted) = (&rejudging.question, photos.len());
            eprintln!(
                "certbench: {given} answers to `{question}` for {wanted} photos; each has its own"
            );
            return Ok(Exit::Usage);
        }
        let prepared = mine.map(|list| (rejudging.question.clone(), list));
        let desk = Desk::new(prepared.into_iter().collect(), None, true, terminal);
        let mut judged = Vec::new();
        for ((number, photo), path) in rejudging.shown.iter().zip(&photos) {
            let (answer, _) = desk.ask(&question(rejudging, path));
            let Answer::Choice(choice) = answer else {
                eprintln!(
                    "certbench: {} was not judged; nothing is kept",
                    path.display()
                );
                return Ok(Exit::Usage);
            };
            judged.push(Rejudged {
                number: *number,
                photo: photo.sha256.clone(),
                choice,
            });
        }
        let added = append(
            &args.run,
            known,
            &NewAddendum {
                utc: &now()?,
                by: &args.by,
                why: "judged again, blind, by a second person",
                content: Content::Rejudgement(Rejudgement {
                    case: rejudging.case.clone(),
                    trial: rejudging.trial.clone(),
                    question: rejudging.question.clone(),
                    judged,
                }),
                files: &[],
            },
        )?;
        let n = photos.len();
        say!(
            "addendum {}: {n} trials of {} judged again",
            added.number,
            rejudging.case
        );
    }
    let findings = session::judge(&args.run)?;
    session::write_reports(&args.run, &findings)?;
    say_on!("{}", brief(&findings, args.lang.into()));
    Ok(Exit::of(&findings))
}

/// What is still to be judged again, by somebody else than the first judge.
fn wanted(args: &Args, recording: &Recording) -> Result<Vec<Rejudging>, String> {
    if let Some(damage) = recording.facts().damage.first() {
        let (place, what) = (&damage.place, &damage.what);
        return Err(format!(
            "the record is damaged ({place} {what}): nothing is added to it"
        ));
    }
    let all = rejudgings(recording).map_err(|reason| reason.text.en)?;
    let plain = |name: &str| name.split_whitespace().collect::<String>().to_lowercase();
    if plain(&args.by).is_empty() {
        return Err("who judges again says their name".into());
    }
    if all.iter().any(|r| plain(&r.first) == plain(&args.by)) {
        return Err(format!(
            "{} judged first; a second person judges again",
            args.by
        ));
    }
    if all.is_empty() {
        return Err("no measure of this run asks that trials are judged again".into());
    }
    let done = all.iter().filter_map(|r| r.done).max();
    let left: Vec<Rejudging> = all.into_iter().filter(|r| r.done.is_none()).collect();
    match done {
        Some(number) if left.is_empty() => Err(format!(
            "the trials were judged again already (addendum {number})"
        )),
        _ => Ok(left),
    }
}

fn prepared(args: &Args) -> Result<BTreeMap<String, VecDeque<String>>, String> {
    let read = args.answers.as_deref().map(read_answers).transpose();
    read.map(Option::unwrap_or_default)
        .map_err(|e| format!("{e:#}"))
}

/// The photos under names that say nothing but their order.
fn copies(args: &Args, rejudging: &Rejudging) -> anyhow::Result<Vec<PathBuf>> {
    let folder = &args.photos;
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let copy = |(index, (_, photo)): (usize, &(u32, certbench_model::FileDigest))| {
        let from = args.run.join(&photo.path);
        let kind = Path::new(&photo.path).extension().and_then(|e| e.to_str());
        let kind = kind.map(|k| format!(".{k}")).unwrap_or_default();
        let to = folder.join(format!("{}-{:03}{kind}", rejudging.case, index + 1));
        std::fs::copy(&from, &to).with_context(|| format!("cannot copy {}", from.display()))?;
        Ok(to)
    };
    rejudging.shown.iter().enumerate().map(copy).collect()
}

fn question(rejudging: &Rejudging, photo: &Path) -> Question {
    let photo = photo.display();
    // What a placeholder would say of the trial is not for the second judge.
    let text = match rejudging.text.en.contains('{') {
        true => Text::new("What does the photo show?", "照片显示什么？"),
        false => rejudging.text.clone(),
    };
    Question {
        id: rejudging.question.clone(),
        text: Text::new(
            format!("{photo}: {}", text.en),
            format!("{photo}：{}", text.zh),
        ),
        ask: Ask::Choose(rejudging.choices.clone()),
        presence: Presence::Outside,
        changes: BTreeMap::new(),
    }
}

/// What there is to be judged, when nobody is here to do it.
fn listed(rejudging: &Rejudging, photos: &[PathBuf]) {
    for photo in photos {
        say!("{}", photo.display());
    }
    let choices: Vec<&str> = rejudging.choices.iter().map(|c| c.id.as_str()).collect();
    eprintln!(
        "certbench: look at these in their order and hand in one of {} for each: `answers: {{ {}: [...] }}` with --answers",
        choices.join(", "),
        rejudging.question
    );
}
