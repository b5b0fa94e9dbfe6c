//! Proof 5: bad news is attributed. Every fault that the simulated devices know, in a small run: what it
//! becomes in the record, what the findings make of it, and that the machine stands in its safe state.
//!
//! A fault of a link or an instrument is never the item's: not failed, and not passed. An event that the
//! item reports fails it, unless the suite says otherwise. Silence is unattributable, with both hypotheses.

use certbench_model::{CaseEnd, EventBody, FaultKind, RunEnd, Verdict};
use certbench_model::{Reading, Recorded};
use certbench_record::Recording;
use certbench_sim::config::{FaultConfig, FaultKind as Sim, Trigger};
use certbench_tests::simulated::{Papers, Played, hold, lift, stop};

/// What a fault becomes.
#[derive(Clone, Copy, Debug)]
enum Becomes {
    /// A fault of the bench, with these words in its text: the case is not tested.
    Fault(FaultKind, &'static [&'static str]),
    /// An event of the item with this code: failed, or not tested where the suite says so.
    Event(&'static str),
    /// A number that misses its limit: the item's own doing, failed.
    Finding,
    /// A number with this doubt: the case ran to its end and is not tested.
    Doubt(&'static str),
    /// Nothing: no sample and no command was lost by it, and the sound item passes.
    Nothing,
}

/// Both hypotheses of silence.
const SILENT: Becomes = Becomes::Fault(
    FaultKind::Unattributable,
    &["Either it is off or hung, or the"],
);

/// A fault, what it becomes, and whether the halt can be confirmed: not where the device that moves
/// cannot be heard.
struct Row {
    fault: FaultConfig,
    becomes: Becomes,
    confirmed: bool,
    /// It is noticed while the arm moves, and stops it on its way.
    on_the_way: bool,
}

fn row(device: &str, kind: Sim, on: Trigger, becomes: Becomes) -> Row {
    let fault = FaultConfig {
        on: Some(on),
        after_ms: 300.0,
        by_ms: Some(300.0),
        ..FaultConfig::now(device, kind)
    };
    Row {
        fault,
        becomes,
        confirmed: true,
        on_the_way: true,
    }
}

impl Row {
    fn with(mut self, change: impl FnOnce(&mut FaultConfig)) -> Row {
        change(&mut self.fault);
        self
    }

    fn at_the_next_command(mut self) -> Row {
        self.on_the_way = false;
        self
    }

    fn unheard(mut self) -> Row {
        self.confirmed = false;
        self
    }
}

/// Everything that a row promises and that did not come true.
fn broken_promises(row: &Row, mover: &str, played: &Played) -> Vec<String> {
    let mut broken = Vec::new();
    let mut hold = |holds: bool, what: String| {
        if !holds {
            broken.push(what);
        }
    };
    let case = &played.findings.cases[0];
    let (end, faults, events) = (played.case_end(), played.faults(), played.device_events());
    let first = |what: &dyn Fn(&EventBody) -> bool| played.events().position(what);
    let verdict = match row.becomes {
        Becomes::Fault(kind, words) => {
            hold(
                matches!(end, CaseEnd::Fault(k, text) if *k == kind && words.iter().all(|w| text.contains(w))),
                format!("the case ended with {end:?}"),
            );
            hold(
                faults.iter().any(|(k, _)| *k == kind),
                format!("the record has {faults:?}"),
            );
            let of_item = first(&|e| matches!(e, EventBody::DeviceEvent { .. }));
            let of_bench = first(&|e| matches!(e, EventBody::Fault { .. }));
            hold(
                events.is_empty() || of_bench < of_item,
                format!("the item is blamed first: {events:?}"),
            );
            Verdict::NotTested
        }
        Becomes::Event(code) => {
            hold(
                matches!(end, CaseEnd::DeviceEvent(text) if text.contains(code)),
                format!("the case ended with {end:?}"),
            );
            hold(
                events.iter().any(|e| e.ends_with(code)),
                format!("the record has {events:?}"),
            );
            hold(
                faults.is_empty(),
                format!("the bench is blamed: {faults:?}"),
            );
            Verdict::Fail
        }
        Becomes::Finding | Becomes::Doubt(_) | Becomes::Nothing => {
            hold(
                *end == CaseEnd::Completed,
                format!("the case ended with {end:?}"),
            );
            hold(
                faults.is_empty() && events.is_empty(),
                format!("the record has {faults:?} {events:?}"),
            );
            let codes: Vec<_> = case
                .findings
                .iter()
                .flat_map(|f| &f.reasons)
                .map(|r| r.code.as_str())
                .collect();
            match row.becomes {
                Becomes::Doubt(code) => {
                    hold(codes.contains(&code), format!("the doubts are {codes:?}"))
                }
                _ => hold(codes.is_empty(), format!("the doubts are {codes:?}")),
            }
            match row.becomes {
                Becomes::Finding => Verdict::Fail,
                Becomes::Nothing => Verdict::Pass,
                _ => Verdict::NotTested,
            }
        }
    };
    hold(
        case.verdict == verdict,
        format!("the case is {:?}", case.verdict),
    );
    let run = if played.end == RunEnd::Completed {
        verdict
    } else {
        verdict.max(Verdict::NotTested)
    };
    hold(
        played.findings.verdict == run,
        format!("the run is {:?}", played.findings.verdict),
    );

    // The safe state: said by the device where it can be heard, and true in any case.
    let halts = played.halts(mover);
    let cut = *end != CaseEnd::Completed;
    let said = halts.first().map(String::as_str);
    hold(said.is_some(), "nothing was halted".into());
    hold(
        !cut || said == Some(if row.confirmed { "confirmed" } else { "late" }),
        format!("the halts are {halts:?}"),
    );
    hold(played.at_rest, "something moves".into());
    let begins = played.happened("fault begins", 0.0);
    hold(begins.is_some(), "the fault did not come".into());
    let stopped = cut && row.on_the_way;
    if let (true, "arm", Some(begins)) = (stopped, mover, begins) {
        let rest = played.happened("arm at rest", begins);
        hold(
            rest.is_some_and(|t| t < begins + 2.0),
            format!("it came to rest at {rest:?}, {begins} s"),
        );
        let j2 = played.truth["arm"]["state"]["joint_deg"][1].as_f64();
        hold(
            j2.is_some_and(|deg| deg > 20.0),
            format!("it went on to {j2:?} deg"),
        );
    }
    if mover == "hand" {
        let dropped = matches!(row.becomes, Becomes::Finding) && row.fault.kind == Sim::DroppedLoad;
        hold(
            dropped || played.happened("object lost", 0.0).is_none(),
            "the hand let go".into(),
        );
    }
    broken
}

fn prove(papers: &Papers, mover: &str, rows: &[Row]) {
    let mut wrong = Vec::new();
    for row in rows {
        let papers = papers.clone().fault(&row.fault);
        let name = format!("{} {:?}", row.fault.device, row.fault.kind);
        let played = papers.play();
        for promise in broken_promises(row, mover, &played) {
            wrong.push(format!(
                "{name} should become {:?}, but {promise}",
                row.becomes
            ));
        }
        if let Becomes::Event(_) = row.becomes {
            let lenient = papers
                .suite_with("on_device_event: fail", "on_device_event: not-tested")
                .play();
            let verdict = lenient.findings.cases[0].verdict;
            if verdict != Verdict::NotTested || lenient.device_events().is_empty() {
                wrong.push(format!(
                    "{name}: {verdict:?} where the suite says not-tested"
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

const LINK: FaultKind = FaultKind::Link;
const INSTRUMENT: FaultKind = FaultKind::Instrument;

fn of_the_hand() -> Vec<Row> {
    let on = |kind, becomes| row("hand", kind, Trigger::Grasped, becomes);
    vec![
        on(Sim::Silence, SILENT).unheard(),
        // noise between whole frames costs nothing: the decoder finds each of them
        on(Sim::Garbage, Becomes::Nothing),
        on(Sim::Truncated, SILENT).unheard(),
        // what is late answers another question by then
        on(
            Sim::Late,
            Becomes::Fault(LINK, &["an answer to something else"]),
        )
        .unheard(),
        on(Sim::Deaf, SILENT).unheard(),
        on(Sim::OverTemperature, Becomes::Event("over-temperature")),
        row(
            "hand",
            Sim::DroppedLoad,
            Trigger::SupportLowered,
            Becomes::Finding,
        )
        // it lands before the window opens: an impact beyond the gauge's certificate would say nothing
        .with(|f| f.after_ms = 250.0),
        // this hand does not say that it has booted: what is off is silent
        on(Sim::Restart, SILENT),
    ]
}

fn of_the_gauge() -> Vec<Row> {
    let on = |kind, becomes| row("gauge", kind, Trigger::SupportLowered, becomes);
    vec![
        on(Sim::Silence, SILENT),
        on(Sim::Garbage, Becomes::Fault(LINK, &["is no answer to"])),
        on(Sim::Truncated, SILENT),
        // one late answer in three questions: each is thrown away or leaves a hole in the window
        on(Sim::Late, Becomes::Doubt("gap")),
        on(Sim::Deaf, SILENT),
        on(Sim::Stuck, Becomes::Doubt("frozen")),
        on(Sim::OverRange, Becomes::Fault(INSTRUMENT, &["gauge"])),
        on(Sim::Restart, SILENT),
    ]
}

fn of_the_box() -> Vec<Row> {
    let on = |kind, becomes| row("io", kind, Trigger::Grasped, becomes);
    vec![
        on(Sim::Silence, SILENT),
        on(
            Sim::Garbage,
            Becomes::Fault(LINK, &["an answer among other bytes"]),
        ),
        on(Sim::Truncated, SILENT),
        on(Sim::Late, SILENT),
        on(Sim::Deaf, SILENT),
        on(Sim::Restart, SILENT),
        // it switches all the same, and nobody looks at its inputs here
        on(Sim::Stuck, Becomes::Nothing),
    ]
}

fn of_the_arm() -> Vec<Row> {
    let on = |kind, becomes| row("arm", kind, Trigger::Moving, becomes);
    vec![
        on(Sim::Silence, SILENT).unheard(),
        // noise on a CAN bus is no frame
        on(Sim::Garbage, Becomes::Nothing),
        on(Sim::Truncated, SILENT).unheard(),
        // feedback is late while it moves, and no answer comes in time to the next command
        on(
            Sim::Late,
            Becomes::Fault(
                FaultKind::Unattributable,
                &["Either the drives or this computer are overloaded, or the bus is"],
            ),
        )
        .at_the_next_command(),
        // its emergency 8130h says that it does not hear us: of the bus, not of itself
        on(
            Sim::Deaf,
            Becomes::Fault(
                FaultKind::Unattributable,
                &["0x8130", "either its receiver or the bus"],
            ),
        )
        .unheard(),
        on(Sim::OverTemperature, Becomes::Event("emcy-0x4310")),
        on(Sim::Emcy, Becomes::Event("emcy-0x2310"))
            .with(|f| (f.node, f.code) = (Some(2), Some(0x2310))),
        on(Sim::HeartbeatLoss, SILENT).with(|f| f.node = Some(2)),
        // off for longer than its heartbeat may be missing: silence comes first; it sends no feedback by
        // itself after it, and is asked for it
        on(Sim::Restart, SILENT),
        on(Sim::Restart, Becomes::Event("restart"))
            .with(|f| (f.node, f.for_s) = (Some(2), Some(0.2))),
    ]
}

fn of_the_tracker() -> Vec<Row> {
    let on = |kind, becomes| row("tracker", kind, Trigger::Moving, becomes);
    vec![
        on(Sim::Silence, SILENT),
        on(
            Sim::Garbage,
            Becomes::Fault(INSTRUMENT, &["could not be read"]),
        ),
        on(Sim::Truncated, Becomes::Fault(INSTRUMENT, &["tracker"])),
        // the hole before the first late line is longer than a reading may be old
        on(Sim::Late, SILENT).with(|f| f.by_ms = Some(1000.0)),
        // nothing is ever asked of it
        on(Sim::Deaf, Becomes::Nothing),
        on(Sim::Stuck, Becomes::Doubt("frozen")),
        on(
            Sim::OverRange,
            Becomes::Fault(INSTRUMENT, &["it sees nothing"]),
        ),
    ]
}

fn of_the_box_with_the_stop_contact() -> Vec<Row> {
    let on = |kind, becomes| row("io", kind, Trigger::Moving, becomes);
    vec![
        on(Sim::Silence, SILENT),
        on(
            Sim::Garbage,
            Becomes::Fault(INSTRUMENT, &["could not be read"]),
        ),
        on(Sim::Truncated, SILENT),
        on(Sim::Late, SILENT),
        on(Sim::Deaf, SILENT),
        on(Sim::Restart, SILENT),
        // nothing changes at its inputs while the load is held
        on(Sim::Stuck, Becomes::Nothing),
    ]
}

#[test]
fn sound_devices_pass() {
    for papers in [lift(), hold(), stop()] {
        let played = papers.play();
        assert_eq!(
            played.findings.verdict,
            Verdict::Pass,
            "{:?}",
            played.findings
        );
        assert_eq!(played.end, RunEnd::Completed);
        assert!(played.at_rest);
    }
}

#[test]
fn what_goes_wrong_with_the_hand() {
    prove(&lift(), "hand", &of_the_hand());
}

#[test]
fn what_goes_wrong_with_the_gauge() {
    prove(&lift(), "hand", &of_the_gauge());
}

#[test]
fn what_goes_wrong_with_the_box_that_moves_the_support() {
    prove(&lift(), "hand", &of_the_box());
}

#[test]
fn what_goes_wrong_with_the_arm() {
    prove(&hold(), "arm", &of_the_arm());
}

#[test]
fn what_goes_wrong_with_the_tracker() {
    prove(&hold(), "arm", &of_the_tracker());
}

#[test]
fn what_goes_wrong_with_the_box_that_reads_the_stop_contact() {
    prove(&hold(), "arm", &of_the_box_with_the_stop_contact());
}

#[test]
fn a_stop_whose_contact_never_shows_it_is_not_tested() {
    let stuck = row("io", Sim::Stuck, Trigger::Moving, Becomes::Nothing);
    let played = stop().fault(&stuck.fault).play();
    assert_eq!(
        played.findings.verdict,
        Verdict::NotTested,
        "{:?}",
        played.findings
    );
}

/// A fault that begins in the middle of the window in which the load is held.
fn while_holding(device: &str, kind: Sim) -> FaultConfig {
    let opened = hold().play().opened_s("hold").expect("a window");
    FaultConfig {
        at_s: Some(opened + 0.5),
        rate_per_s: Some(0.5),
        ..FaultConfig::now(device, kind)
    }
}

#[test]
fn a_load_that_comes_off_is_seen_by_the_tracker() {
    let fault = while_holding("arm", Sim::DroppedLoad);
    prove(
        &hold(),
        "arm",
        &[Row {
            fault,
            becomes: Becomes::Finding,
            confirmed: true,
            on_the_way: false,
        }],
    );
}

#[test]
fn a_slow_brake_is_seen_in_the_stopping_time() {
    let slow = row("arm", Sim::SlowBrake, Trigger::Moving, Becomes::Finding)
        .with(|f| f.factor = Some(5.0));
    prove(&stop(), "arm", &[slow]);
}

/// Where the tracker saw the arm before it moved, in the tracker's own frame, mm.
fn parked_x() -> f64 {
    let played = hold().play();
    let folder = played.folder.as_ref().expect("a folder");
    let recording = Recording::open(&folder.0.join("run")).unwrap();
    let (channel, _) = recording.facts().plan.channel("tcp").unwrap();
    let first = recording.samples(channel, 0, u64::MAX).next();
    match first.unwrap().unwrap().reading {
        Reading::Values { values, .. } => values[0],
        other => panic!("{other:?}"),
    }
}

/// A drift looks like the item's. A step that holds the instrument against a known value at the end of the
/// case takes it back; a suite without such a step believes its instrument.
#[test]
fn a_drifting_tracker_is_caught_by_a_check_step_and_by_nothing_else() {
    let fault = while_holding("tracker", Sim::Drift);
    let believed = hold().fault(&fault).play();
    assert_eq!(
        believed.findings.verdict,
        Verdict::Fail,
        "known gap: no check step, no doubt"
    );

    let back = "      - move: { device: arm, to: { pose: park }, speed: 100 %, timeout: 20 s }\n";
    let check = format!(
        "{back}      - check: {{ channel: tcp, component: x, expect: {:.4} mm, within: 0.3 mm, over: 300 ms }}\n",
        parked_x()
    );
    let checked = hold().suite_with(back, &check);
    assert_eq!(checked.play().findings.verdict, Verdict::Pass);
    let caught = Becomes::Fault(INSTRUMENT, &["check: the mean of"]);
    let played = checked.fault(&fault).play();
    let row = Row {
        fault,
        becomes: caught,
        confirmed: true,
        on_the_way: false,
    };
    let broken = broken_promises(&row, "tracker", &played);
    assert_eq!(
        broken,
        ["nothing was halted", "the halts are []"],
        "{:?}",
        played.case_end()
    );
    assert_eq!(played.halts("arm").first().unwrap(), "confirmed");
}

/// The same for the gauge: the cylinder's weight is known.
#[test]
fn a_drifting_gauge_is_caught_by_a_check_step_and_by_nothing_else() {
    let drift = row(
        "gauge",
        Sim::Drift,
        Trigger::SupportLowered,
        Becomes::Fault(INSTRUMENT, &["check: the mean of"]),
    )
    .with(|f| f.rate_per_s = Some(0.5));
    let believed = lift().fault(&drift.fault).play();
    assert_eq!(
        believed.findings.verdict,
        Verdict::Fail,
        "known gap: no check step, no doubt"
    );

    let measure = "    measure:\n";
    // 0.30 kg
    let check = format!(
        "      - wait: {{ for: 500 ms }}\n      - check: {{ channel: support_force, expect: 2.942 N, within: 0.1 N, over: 300 ms }}\n{measure}"
    );
    let checked = lift().suite_with(measure, &check);
    assert_eq!(checked.play().findings.verdict, Verdict::Pass);
    prove(&checked, "hand", &[drift]);
}

/// The worst stopping time that a run with a late tracker found, ms.
fn stop_ms(fault: Option<FaultConfig>, columns: &str) -> f64 {
    let papers = stop().bench_with("columns: t x y z", &format!("columns: {columns} x y z"));
    let played = fault.iter().fold(papers, |p, f| p.fault(f)).play();
    assert_eq!(played.faults(), []);
    match &played.findings.cases[0].findings[0].result {
        Some(certbench_model::finding::Value::Quantity(q)) => q.value,
        other => panic!("{other:?}"),
    }
}

fn late_tracker(on: Option<Trigger>) -> FaultConfig {
    FaultConfig {
        on,
        by_ms: Some(80.0),
        ..FaultConfig::now("tracker", Sim::Late)
    }
}

/// Lines that begin to be late are dated by the tracker's own clock: no stop seems longer by it. Without
/// that column nothing in the stream says so.
#[test]
fn a_tracker_that_becomes_late_is_dated_by_its_own_clock() {
    let sound = stop_ms(None, "t");
    let dated = stop_ms(Some(late_tracker(Some(Trigger::Moving))), "t");
    assert!((dated - sound).abs() < 5.0, "{dated} ms, {sound} ms");
    let undated = stop_ms(Some(late_tracker(Some(Trigger::Moving))), "time");
    assert!(undated - sound > 60.0, "known gap: {undated} ms");
}

/// Lines that are all late alike from the first on look like lines in time, whatever their clock says:
/// nobody knows where that began. Only the delay that the certificate states could cover it.
#[test]
fn a_tracker_that_is_late_from_the_beginning_is_believed() {
    let longer = stop_ms(Some(late_tracker(None)), "t") - stop_ms(None, "t");
    assert!((longer - 80.0).abs() < 10.0, "known gap: {longer} ms");
}

/// Every fault of every device has its row here, or the simulation refuses it.
#[test]
fn no_fault_is_left_out() {
    const ALL: [Sim; 14] = [
        Sim::Silence,
        Sim::Garbage,
        Sim::Truncated,
        Sim::Late,
        Sim::Deaf,
        Sim::Stuck,
        Sim::OverRange,
        Sim::Drift,
        Sim::OverTemperature,
        Sim::Emcy,
        Sim::HeartbeatLoss,
        Sim::DroppedLoad,
        Sim::SlowBrake,
        Sim::Restart,
    ];
    let rows: Vec<Row> = [
        of_the_hand(),
        of_the_gauge(),
        of_the_box(),
        of_the_arm(),
        of_the_tracker(),
    ]
    .into_iter()
    .flatten()
    .collect();
    // proved in tests of their own
    let apart = [
        ("gauge", Sim::Drift),
        ("tracker", Sim::Drift),
        ("arm", Sim::DroppedLoad),
        ("arm", Sim::SlowBrake),
    ];
    for (papers, devices) in [
        (lift(), ["hand", "gauge", "io"]),
        (hold(), ["arm", "tracker", "io"]),
    ] {
        for device in devices {
            for kind in ALL {
                let covered = apart.contains(&(device, kind))
                    || rows
                        .iter()
                        .any(|r| r.fault.device == device && r.fault.kind == kind);
                let fault = row(device, kind, Trigger::Moving, Becomes::Nothing).with(|f| {
                    (f.rate_per_s, f.code, f.node, f.factor) =
                        (Some(1.0), Some(0x1000), Some(1), Some(2.0));
                });
                let possible = papers.clone().fault(&fault.fault).can_be_built();
                assert_eq!(covered, possible, "{device} {kind:?}");
            }
        }
    }
}
