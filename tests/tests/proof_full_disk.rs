//! A disk that fills up under a run: the machine is halted, the run ends as a fault, and fault, halt and
//! end are on the record, written from its reserve.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use certbench_model::{CaseEnd, EventBody, FaultKind, RunEnd, Verdict};
use certbench_tests::not_run;
use certbench_tests::simulated::{Folder, hold, play};

const DISK: &str = "CERTBENCH_TEST_SMALL_DISK";
const TEST: &str = "a_full_disk_halts_the_arm_and_the_record_says_so";

/// Runs this same test again in a mount namespace of its own, with a file system of 2 MiB: half of it is
/// the reserve, and the tracker's lines fill the other half while the arm moves.
#[test]
fn a_full_disk_halts_the_arm_and_the_record_says_so() {
    if let Ok(disk) = std::env::var(DISK) {
        return run_on(Path::new(&disk));
    }
    let folder = Folder::new();
    let script = format!("mount -t tmpfs -o size=2m tmpfs \"$1\" && exec \"$2\" --exact {TEST}");
    let myself = std::env::current_exe().unwrap();
    for namespace in ["-m", "-Urm"] {
        let may = Command::new("unshare")
            .args([namespace, "mount", "-t", "tmpfs", "tmpfs"])
            .arg(&folder.0)
            .output();
        if may.is_ok_and(|o| o.status.success()) {
            let run = Command::new("unshare")
                .args([namespace, "sh", "-c", &script, "sh"])
                .arg(&folder.0)
                .arg(&myself)
                .env(DISK, &folder.0)
                .output()
                .unwrap();
            let said = String::from_utf8_lossy(&run.stdout);
            assert!(run.status.success() && said.contains("1 passed"), "{said}");
            return;
        }
    }
    not_run(
        TEST,
        "no small file system can be mounted here (unshare and mount are needed)",
    );
}

fn run_on(disk: &Path) {
    // a slow move of some 80 s: it cannot end by itself before the disk is full
    let papers = hold().suite_with("speed: 20 %, timeout: 20 s", "speed: 1 %, timeout: 200 s");
    let plan = papers.plan().expect("a plan");
    let fill = std::fs::write(disk.join("other"), vec![0u8; 700 * 1024]);
    fill.expect("room for somebody else's file");
    let played =
        play(plan, &disk.join("run"), &BTreeMap::new()).expect("a record that can be read");

    assert_eq!(played.end, RunEnd::Faulted);
    assert_eq!(played.facts.end, Some(RunEnd::Faulted));
    assert_eq!(played.facts.damage, []);
    let end = played.case_end();
    assert!(
        matches!(end, CaseEnd::Fault(FaultKind::Harness, _)),
        "{end:?}"
    );
    assert_eq!(played.findings.verdict, Verdict::NotTested);

    let place = |what: &dyn Fn(&EventBody) -> bool| played.events().position(what);
    let fault = place(
        &|e| matches!(e, EventBody::Fault { kind: FaultKind::Harness, text, .. } if text.contains("the disk is full")),
    );
    let halt = place(
        &|e| matches!(e, EventBody::Halted { planned: false, result, .. } if result == "confirmed"),
    );
    let last = place(&|e| matches!(e, EventBody::Ended { .. }));
    assert!(
        fault.is_some() && fault < halt && halt < last,
        "{fault:?} {halt:?} {last:?} {:?}",
        played.faults()
    );
    assert_eq!(last, Some(played.facts.events.len() - 1));

    // it stands, and on its way: not where the move would have ended
    assert!(played.at_rest);
    let j2 = played.truth["arm"]["state"]["joint_deg"][1]
        .as_f64()
        .unwrap();
    assert!(j2 > 20.0, "{j2} deg");
}
