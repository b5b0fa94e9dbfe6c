//! What a person typed can be put right: the record stays, the judge is given the corrected value.

mod common;

use certbench_model::addendum::Content;
use certbench_model::job::Party;
use certbench_model::plan::{Case, OnDeviceEvent, Plan};
use certbench_model::step::{Ask, Choice, Outcome, Presence, Prompt};
use certbench_model::{
    Correction, Date, EventBody, Facts, Identity, Item, Job, Place, Quantity, Recorded, Step, Text,
};
use certbench_record::{Corrected, NewAddendum, Recorder, Recording, append};
use common::{Folder, START, case_ended, ended, event, opened};
use std::path::Path;

fn prompt(id: &str, ask: Ask) -> Step {
    Step::Prompt(Prompt {
        id: id.to_string(),
        text: Text::same(id),
        ask,
        presence: Presence::Outside,
        changes: [].into(),
    })
}

fn plan() -> Plan {
    let q = |text: &str| -> Quantity { text.parse().unwrap() };
    let choice = |id: &str, means| Choice {
        id: id.to_string(),
        text: Text::same(id),
        means,
        intervention: id == "helped",
    };
    let mut plan = common::plan();
    plan.bench.environment = [("temperature".to_string(), q("21.5 Cel"))].into();
    plan.job = Some(Job {
        order: "A-1".to_string(),
        customer: Party::default(),
        items: vec![Item {
            device: "hand".to_string(),
            identity: Identity::default(),
            received: "2026-11-20".parse::<Date>().unwrap(),
            condition: Text::new("new", "新"),
        }],
        declared: [("load".to_string(), q("5 kg"))].into(),
        rule: None,
        scope: None,
    });
    plan.cases = vec![Case {
        id: "cylinder-50".to_string(),
        title: Text::same("Cylinder"),
        setup: vec![],
        steps: vec![
            prompt(
                "mass",
                Ask::Number {
                    least: q("1 kg"),
                    most: q("10 kg"),
                },
            ),
            prompt(
                "held",
                Ask::Choose(vec![
                    choice("yes", Some(Outcome::Success)),
                    choice("no", Some(Outcome::Failure)),
                    choice("helped", Some(Outcome::Success)),
                ]),
            ),
            prompt("ready", Ask::Confirm),
        ],
        finally: vec![],
        measures: vec![],
        on_device_event: OnDeviceEvent::Fail,
        shortened: None,
        seconds_max: 1.0,
        steps_max: 1,
    }];
    plan
}

fn answered(prompt: &str, answer: &str) -> EventBody {
    EventBody::Answered {
        prompt: prompt.to_string(),
        answer: answer.to_string(),
        by: "operator".to_string(),
        file: None,
    }
}

/// Lines 3, 5 and 7 are answers, 4 to 6 a trial.
fn record(run: &Path) {
    let plan = plan();
    let recorder = Recorder::create(run, &plan, START).unwrap();
    recorder.event(&opened(&plan)).unwrap();
    let trial = || "grasp".to_string();
    let bodies = [
        EventBody::CaseStarted {
            case: "cylinder-50".to_string(),
        },
        answered("mass", "5 kg"),
        EventBody::TrialStarted {
            trial: trial(),
            context: Default::default(),
        },
        answered("held", "yes"),
        EventBody::TrialEnded {
            trial: trial(),
            number: 1,
            outcome: Some(Outcome::Success),
        },
        answered("ready", "yes"),
    ];
    for (i, body) in bodies.into_iter().enumerate() {
        recorder.event(&event(1 + i as u64, body)).unwrap();
    }
    recorder.event(&case_ended(20)).unwrap();
    recorder.event(&ended(21)).unwrap();
    recorder.finish().unwrap();
}

fn open(run: &Path) -> Corrected {
    Corrected::of(Recording::open(run).unwrap(), None)
}

fn correct(run: &Path, place: Place, old: &str, new: &str) {
    let correction = Correction {
        utc: "2026-11-22T10:00:00Z".to_string(),
        by: "Li Na".to_string(),
        why: "read wrong".to_string(),
        place,
        old: old.to_string(),
        new: new.to_string(),
    };
    let known = open(run).addenda().len();
    let (utc, by, why) = ("2026-11-22T10:00:00Z", "Li Na", "read wrong");
    let content = Content::Correction(correction);
    append(
        run,
        known,
        &NewAddendum {
            utc,
            by,
            why,
            content,
            files: &[],
        },
    )
    .unwrap();
}

fn body(facts: &Facts, line: u64) -> &EventBody {
    &facts
        .events
        .iter()
        .find(|l| l.seq == line)
        .unwrap()
        .event
        .body
}

#[test]
fn a_number_that_was_typed_wrong_is_put_right_and_the_record_stays() {
    let folder = Folder::new();
    let run = folder.run();
    record(&run);
    let untouched = std::fs::read(run.join("run.jsonl")).unwrap();
    assert_eq!(open(&run).at(&Place::Line(3)), Ok("5 kg".to_string()));
    correct(&run, Place::Line(3), "5 kg", "3 kg");
    let corrected = open(&run);
    assert_eq!(body(corrected.facts(), 3), &answered("mass", "3 kg"));
    assert_eq!(
        body(corrected.original().facts(), 3),
        &answered("mass", "5 kg")
    );
    assert_eq!(corrected.facts().damage, []);
    assert_eq!(std::fs::read(run.join("run.jsonl")).unwrap(), untouched);
    // The next one corrects the corrected value; the first alone is what an earlier report rests on.
    correct(&run, Place::Line(3), "3 kg", "4 kg");
    assert_eq!(body(open(&run).facts(), 3), &answered("mass", "4 kg"));
    let earlier = Corrected::of(Recording::open(&run).unwrap(), Some(1));
    assert_eq!(body(earlier.facts(), 3), &answered("mass", "3 kg"));
}

#[test]
fn a_choice_that_decided_a_trial_decides_it_anew() {
    let folder = Folder::new();
    record(&folder.run());
    correct(&folder.run(), Place::Line(5), "yes", "no");
    let corrected = open(&folder.run());
    assert_eq!(body(corrected.facts(), 5), &answered("held", "no"));
    let EventBody::TrialEnded { outcome, .. } = body(corrected.facts(), 6) else {
        panic!("line 6 ends the trial");
    };
    assert_eq!(outcome, &Some(Outcome::Failure));
}

#[test]
fn what_nobody_could_have_answered_is_no_correction() {
    let folder = Folder::new();
    record(&folder.run());
    let run = open(&folder.run());
    for (line, new) in [
        (3, "heavy"),   // no number
        (3, "30 kg"),   // outside of what was asked
        (3, "3 mm"),    // another dimension
        (5, "perhaps"), // no choice
        (5, "helped"),  // an intervention is a fact of its own
        (7, "no"),      // a confirmation decided what was done
        (2, "x"),       // no answer
        (99, "x"),      // no line
    ] {
        assert!(
            run.would_take(&Place::Line(line), new).is_err(),
            "line {line}: {new}"
        );
    }
    for field in [
        "job.declared.load",
        "job.rule",
        "bench.devices.hand",
        "parameters.cycles",
        "cases",
        "",
        "job.items.arm.serial",
    ] {
        assert!(run.at(&Place::Field(field.to_string())).is_err(), "{field}");
    }
}

#[test]
fn descriptions_are_corrected_for_the_report_and_not_for_the_judge() {
    let folder = Folder::new();
    let run = folder.run();
    record(&run);
    for (field, old, new) in [
        ("bench.environment.temperature", "21.5 Cel", "23 Cel"),
        ("bench.location", "", "Hall 2"),
        ("job.customer.contact", "", "lab@example.org"),
        ("job.items.hand.received", "2026-11-20", "2026-11-19"),
        ("job.items.hand.serial", "", "RH-0042"),
    ] {
        assert_eq!(
            open(&run).at(&Place::Field(field.to_string())).as_deref(),
            Ok(old),
            "{field}"
        );
        correct(&run, Place::Field(field.to_string()), old, new);
        assert_eq!(
            open(&run).at(&Place::Field(field.to_string())).as_deref(),
            Ok(new),
            "{field}"
        );
    }
    let corrected = open(&run);
    assert_eq!(corrected.facts().damage, []);
    assert_eq!(
        corrected.facts().plan,
        plan(),
        "the plan under the hash is what is judged"
    );
    let described = corrected.described();
    assert_eq!(described.plan.bench.location.as_deref(), Some("Hall 2"));
    let wrong = corrected.would_take(&Place::Field("job.items.hand.received".into()), "soon");
    assert!(wrong.is_err());
}

#[test]
fn a_correction_that_does_not_fit_the_record_is_damage() {
    let folder = Folder::new();
    record(&folder.run());
    correct(&folder.run(), Place::Line(3), "6 kg", "3 kg");
    let damage = open(&folder.run()).facts().damage.clone();
    assert_eq!(damage.len(), 1);
    assert_eq!(damage[0].place, "run.jsonl line 3");
    assert!(
        damage[0].what.contains("`6 kg`") && damage[0].what.contains("`5 kg`"),
        "{damage:?}"
    );
}
