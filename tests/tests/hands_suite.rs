//! The grasp suite on the hands that laboratories have: the shipped suite, other wires and other fingers.

use certbench_model::{EventBody, RunEnd, Verdict};
use certbench_tests::simulated::Papers;

#[track_caller]
fn passes(papers: Papers) {
    let played = papers.set("trials_per_object=1").play();
    let refused = played
        .events()
        .find(|body| matches!(body, EventBody::Refused { .. }));
    assert_eq!(
        played.end,
        RunEnd::Completed,
        "{refused:?} {:?}",
        played.faults()
    );
    // one trial an object is fewer than the suite asks for: it is measured, and not judged
    let cases = &played.findings.cases;
    let rate = cases.iter().flat_map(|case| &case.findings);
    let rate = rate
        .into_iter()
        .find(|finding| finding.measure == "success-rate");
    let result = rate.and_then(|finding| finding.result.as_ref());
    let Some(certbench_model::finding::Value::Proportion(rate)) = result else {
        panic!("{:?}", played.findings.reasons)
    };
    assert_eq!((rate.k, rate.n), (rate.n, rate.n), "every object is held");
    assert_eq!(played.device_events(), [] as [String; 0]);
    let cases = &played.findings.cases;
    let reasons: Vec<_> = cases.iter().map(|case| &case.reasons).collect();
    assert_ne!(played.findings.verdict, Verdict::Fail, "{reasons:?}");
}

#[test]
fn a_linker_hand_grasps_and_holds() {
    passes(Papers::shipped("grasp-success", "hand-linker"));
}

#[test]
fn the_same_bench_takes_an_inspire_hand_on_can_or_of_another_generation() {
    for driver in ["inspire-rh56-can", "inspire-rh56f1"] {
        let papers = Papers::shipped("grasp-success", "hand")
            .bench_with("driver: inspire-rh56", &format!("driver: {driver}"))
            .bench_with("{ baud: 115200, id: 1 }", "{ id: 1 }");
        passes(papers);
    }
}
