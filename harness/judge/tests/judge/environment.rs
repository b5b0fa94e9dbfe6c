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
