//! What was measured of the environment during a run.

use crate::record::*;
use certbench_judge::environment;
use certbench_model::*;

/// A run whose force gauge stands for a thermometer of the room.
fn played(named: &str, values: &[f64]) -> Record {
    let mut force = measure("peak-force", "squeeze", &[("channel", "force")], 3);
    force.accept = None;
    let steps = vec![window("squeeze", &["force"])];
    let mut record = Record::with_case(case("grip", steps, vec![force]));
    let entry = (named.to_string(), "20 N".parse().unwrap());
    record.plan.bench.environment = [entry].into();
    record.start("grip");
    let context = record.context(&[], 0);
    for value in values {
        record.window("squeeze", &context, &steady(FORCE, *value));
    }
    record.finish(CaseEnd::Completed);
    record
}

#[test]
fn a_channel_that_bears_the_name_of_a_condition_measures_it() {
    let record = played("force", &[20.0, 21.0, 25.0]);
    let told = environment(&record.build());
    let [condition] = told.as_slice() else {
        panic!("{told:?}");
    };
    assert_eq!(condition.channel, "force");
    for (told, true_value) in [
        (condition.least, 20.0),
        (condition.mean, 22.0),
        (condition.most, 25.0),
    ] {
        assert!((told - true_value).abs() < 1e-9, "{condition:?}");
    }
    let points = &condition.figure.series[0].points;
    assert!(points.len() > 2 && points.windows(2).all(|w| w[0][0] <= w[1][0]));
}

#[test]
fn what_no_channel_measures_stays_a_declaration() {
    assert!(environment(&played("temperature", &[20.0]).build()).is_empty());
    assert!(environment(&played("force", &[]).build()).is_empty());
}

#[test]
fn what_persons_read_is_told_with_its_times_and_who() {
    let mut record = played("temperature", &[20.0]);
    record.plan.bench.environment = [("temperature".to_string(), "21 Cel".parse().unwrap())].into();
    for (answer, by) in [
        ("21.5 Cel", "A. Tester"),
        ("296.15 K", "B. Tester"),
        ("warm", "C"),
    ] {
        record.now_ns += 60_000 * MS;
        record.event(EventBody::Answered {
            prompt: "temperature".into(),
            answer: answer.into(),
            by: by.into(),
            file: None,
        });
    }
    let told = environment(&record.build());
    let [condition] = told.as_slice() else {
        panic!("{told:?}");
    };
    assert_eq!((condition.n, condition.least), (2, 21.5));
    assert!(
        (condition.most - 23.0).abs() < 1e-9,
        "kelvins are degrees too"
    );
    let who: Vec<&str> = condition.entered.iter().map(|e| e.by.as_str()).collect();
    assert_eq!(who, ["A. Tester", "B. Tester"], "a word is no reading");
    assert!(condition.to_ns - condition.from_ns >= 60_000 * MS);
    assert!(condition.entered[0].line < condition.entered[1].line);
}
