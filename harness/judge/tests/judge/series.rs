//! The values behind the results of two runs, held against each other.

use crate::record::*;
use certbench_judge::series::differences;
use certbench_model::*;

/// Squeezes of one second in as many windows, of which `spoilt` lack a sample that can be used.
fn squeezes(forces: &[f64], spoilt: bool) -> Memory {
    let of = measure("channel-mean", "squeeze", &[("channel", "force")], 4);
    let mut record =
        Record::with_case(case("grasp", vec![window("squeeze", &["force"])], vec![of]));
    record.start("grasp");
    let context = record.context(&[], 0);
    for force in forces {
        let mut samples = steady(FORCE, *force);
        if spoilt {
            samples.push((FORCE, 200.0, Reading::Invalid(sample::Invalid::OverRange)));
        }
        record.window("squeeze", &context, &samples);
    }
    record.finish(CaseEnd::Completed);
    record.build()
}

const FORCES: [f64; 4] = [12.1, 12.4, 11.9, 12.3];

#[test]
fn a_result_that_only_one_run_has_is_named_in_either_order() {
    let (with, without) = (squeezes(&FORCES, false), squeezes(&[], false));
    let texts = [(&with, &without), (&without, &with)].map(|(first, second)| {
        let found = differences(first, second);
        let [result] = &found[..] else {
            panic!("{} results", found.len())
        };
        assert!(result.series.is_none() && result.tests.is_empty());
        assert_eq!(codes(&result.reasons), ["no-input"]);
        result.reasons[0].text.en.clone()
    });
    assert!(texts[0].contains("second run") && texts[1].contains("first run"));
}

#[test]
fn what_spoils_both_runs_alike_is_said_once() {
    let run = squeezes(&FORCES, true);
    let found = differences(&run, &run);
    assert_eq!(codes(&found[0].reasons), ["invalid-sample"]);
}
