//! The harness is killed or stops answering while an arm moves: what is written stays, what moves stops,
//! and nothing has passed.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use certbench_tests::bench::until;
use certbench_tests::peer::Peers;
use certbench_tests::program::{Record, Scene, signal};
use serde_json::Value;

const KILLS: usize = 50;
/// The arm begins to move some 0.3 s into the run and stands again after some 2.4 s.
const WITHIN_MS: u64 = 1_600;
/// Harnesses at a time: more would not be killed while they move, but while they wait for the processor.
const AT_ONCE: usize = 2;

/// Both tests keep the processor busy: one after the other.
static ALONE: Mutex<()> = Mutex::new(());

/// Numbers without a pattern from a seed (xorshift64*, S. Vigna 2016).
struct Dice(u64);

impl Dice {
    fn thrown() -> Dice {
        let from_clock = || {
            let now = std::time::UNIX_EPOCH.elapsed();
            now.map_or(1, |t| t.as_nanos() as u64)
        };
        let said = std::env::var("CERTBENCH_SEED").ok();
        let seed = said.and_then(|s| s.parse().ok()).unwrap_or_else(from_clock);
        eprintln!("CERTBENCH_SEED={seed} gives these instants again");
        Dice(seed | 1)
    }

    fn below(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % most
    }
}

/// Starts a run of the scene and waits for the first line of its record.
fn begun(scene: &Scene) -> (std::process::Child, Record) {
    let before = scene.records();
    let child = scene.begin(&["--yes"]);
    let mut record = None;
    assert!(
        until(|| {
            let mut new = scene.records();
            new.retain(|r| !before.contains(r) && !r.events().is_empty());
            record = new.pop();
            record.is_some()
        }),
        "the run does not begin"
    );
    (child, record.expect("just seen"))
}

fn says(line: &Value, what: &str) -> bool {
    line["what"] == what
}

/// Whether a joint was on the way when the node missed the host's heartbeat.
fn stopped_on_its_way(log: &[Value]) -> bool {
    log.iter()
        .filter(|line| says(line, "heartbeat lost"))
        .filter_map(|line| line["detail"]["deg_per_s"].as_f64())
        .any(|speed| speed.abs() > 1.0)
}

/// The simulator's own word on how the world ended.
fn came_to_rest(record: &Record) {
    assert!(
        until(|| record.came_to_rest().is_some()),
        "{}: the simulated bench does not end",
        record.0.display()
    );
    let log = record.simulation();
    assert_eq!(record.came_to_rest(), Some(true), "{log:#?}");
    let place = |what| log.iter().position(|line| says(line, what));
    let last = |what| log.iter().rposition(|line| says(line, what));
    if let Some(moved) = last("arm moves") {
        let lost = place("heartbeat lost").expect("an arm that moved misses the heartbeat");
        let rest = last("arm at rest").expect("an arm that moved came to rest");
        assert!(rest > moved, "{log:#?}");
        if stopped_on_its_way(&log) {
            assert!(rest > lost, "{log:#?}");
        }
    }
}

/// What our judge says of the record, and what Python's own libraries say. On a machine too busy to
/// answer in time a run may have ended as a fault before it was killed; it never passed.
fn reads_as_interrupted(record: &Record, peers: Option<&Peers>) -> bool {
    let (code, findings) = record.judge();
    let ended = record.of(&["ended"]).pop();
    let end = ended.as_ref().map_or("interrupted", |_| "faulted");
    assert_eq!(code, Some(4), "{findings:#}");
    assert_eq!(findings["end"], end, "{findings:#}");
    assert_eq!(findings["verdict"], "not-tested", "{findings:#}");
    for case in findings["cases"].as_array().expect("cases") {
        assert_eq!(case["verdict"], "not-tested", "{findings:#}");
    }
    // A line that was being written may be torn, and a manifest missing; that is no broken chain.
    let broken = findings["reasons"].as_array().and_then(|reasons| {
        reasons.iter().find(|r| {
            let text = r["text"]["en"].as_str().unwrap_or_default();
            r["code"] == "record-damaged" && !text.contains("torn") && !text.contains("manifest")
        })
    });
    assert_eq!(broken, None, "{findings:#}");
    if let Some(peers) = peers {
        let seen = peers.run("mcap_check.py", &[&record.0.to_string_lossy()]);
        let said = String::from_utf8_lossy(&seen.stdout);
        assert!(seen.status.success(), "{said}");
    }
    ended.is_none()
}

#[test]
fn killed_at_any_moment_the_record_reads_and_the_arm_stops() {
    let _alone = ALONE.lock().unwrap_or_else(|e| e.into_inner());
    let peers = Peers::for_test(
        "killed_at_any_moment_the_record_reads_and_the_arm_stops (in the eyes of the mcap library)",
    );
    let scene = Scene::arm();
    let dice = Mutex::new(Dice::thrown());
    let left = Mutex::new(KILLS);
    let (on_the_way, interrupted) = (Mutex::new(0), Mutex::new(0));
    let settle = |record: Record| {
        came_to_rest(&record);
        if reads_as_interrupted(&record, peers.as_ref()) {
            *interrupted.lock().expect("a counter") += 1;
        }
        if stopped_on_its_way(&record.simulation()) {
            *on_the_way.lock().expect("a counter") += 1;
        }
    };
    let one_by_one = |worker: usize| {
        // A folder of its own for each worker: a new run folder is then the one just begun.
        let scene = if worker == 0 { &scene } else { &Scene::arm() };
        let mut resting = VecDeque::new();
        loop {
            {
                let mut left = left.lock().expect("a counter");
                match left.checked_sub(1) {
                    Some(less) => *left = less,
                    None => break,
                }
            }
            let instant = dice.lock().expect("dice").below(WITHIN_MS);
            let (mut child, record) = begun(scene);
            std::thread::sleep(Duration::from_millis(instant));
            child.kill().expect("SIGKILL");
            child.wait().expect("it is gone");
            resting.push_back(record);
            // The simulated bench needs some 3 s to rest: meanwhile the next one is killed.
            if resting.len() > 2 {
                resting.pop_front().into_iter().for_each(settle);
            }
        }
        resting.into_iter().for_each(settle);
    };
    let began = Instant::now();
    std::thread::scope(|scope| {
        for worker in 0..AT_ONCE {
            scope.spawn(move || one_by_one(worker));
        }
    });
    let moving = *on_the_way.lock().expect("a counter");
    let interrupted = *interrupted.lock().expect("a counter");
    eprintln!(
        "{KILLS} kills in {:.0} s, {interrupted} of them in a run, {moving} while the arm was on its way",
        began.elapsed().as_secs_f64()
    );
    assert!(interrupted >= KILLS * 4 / 5, "only {interrupted} were runs");
    assert!(moving >= KILLS / 5, "only {moving} were killed on the way");
}

#[test]
fn a_harness_that_hangs_stops_feeding_the_heartbeat() {
    let _alone = ALONE.lock().unwrap_or_else(|e| e.into_inner());
    let scene = Scene::arm();
    let (mut child, record) = begun(&scene);
    let moves = || record.simulation().iter().any(|l| says(l, "arm moves"));
    assert!(until(moves), "the arm does not move");
    std::thread::sleep(Duration::from_millis(300));
    signal(&child, "STOP");
    std::thread::sleep(Duration::from_secs(2));
    let asleep = record.simulation();
    signal(&child, "CONT");
    let code = child.wait().expect("it ends").code();
    // Its heartbeat was missed and it stood, before the harness could say anything again.
    assert!(stopped_on_its_way(&asleep), "{asleep:#?}");
    let stood = asleep.iter().rposition(|l| says(l, "arm at rest"));
    assert!(
        stood > asleep.iter().position(|l| says(l, "heartbeat lost")),
        "{asleep:#?}"
    );
    assert_eq!(code, Some(4));
    assert_eq!(record.came_to_rest(), Some(true));
    let findings = record.findings();
    assert_eq!(findings["end"], "faulted", "{findings:#}");
    assert_eq!(findings["verdict"], "not-tested", "{findings:#}");
    assert!(!record.of(&["fault"]).is_empty());
}
