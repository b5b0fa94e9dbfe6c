//! What a bench says of its devices must fit the links they are at: a simulation never counts as a robot,
//! and a robot is never moved as if it were a simulation.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use certbench_tests::binary::certbench;
use certbench_tests::not_run;
use certbench_tests::program::{Ran, Record, Scene};
use serde_json::Value;

/// A simulated bench as a process of its own, until dropped.
struct Simulated {
    child: Child,
    ports: Value,
    log: Record,
}

impl Simulated {
    fn of(scene: &Scene) -> Simulated {
        std::fs::create_dir_all(scene.out()).expect("a folder");
        let mut command = Command::new(certbench());
        command.arg("simulate").arg(scene.file("bench"));
        command
            .arg("--log")
            .arg(scene.out().join("simulation.jsonl"));
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("certbench simulate");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("its stdout");
        BufReader::new(stdout).read_line(&mut line).expect("a line");
        let said: Value = serde_json::from_str(&line).expect("its ports");
        Simulated {
            child,
            ports: said["ports"].clone(),
            log: Record(scene.out()),
        }
    }

    fn port(&self, device: &str) -> &str {
        self.ports[device].as_str().expect("a path")
    }
}

impl Drop for Simulated {
    fn drop(&mut self) {
        drop(self.child.stdin.take()); // it leaves when its stdin closes
        let _ = self.child.wait();
    }
}

fn port(scene: Scene, device: &str, port: &str, provenance: &str) -> Scene {
    let driver = match device {
        "arm" => "canopen-arm",
        _ => "ascii-tracker",
    };
    let place =
        |port, provenance| format!("{driver}\n    port: {port}\n    provenance: {provenance}");
    scene.with(
        "bench",
        &place("simulated", "simulated"),
        &place(port, provenance),
    )
}

/// Refused before anything was armed, commanded or powered, for this reason.
fn refused(ran: &Ran, reason: &str) {
    assert_eq!(ran.code(), Some(3), "{}", ran.said());
    let record = ran.record();
    let reasons = record.of(&["refused"]);
    let said = reasons
        .iter()
        .flat_map(|e| e["reasons"].as_array().cloned());
    let found = said
        .flatten()
        .any(|r| r["en"].as_str().is_some_and(|text| text.contains(reason)));
    assert!(found, "{reasons:#?}");
    let moved = record.of(&["armed", "commanded", "switched", "case-started"]);
    assert!(moved.is_empty(), "{moved:#?}");
    assert_eq!(record.findings()["end"], "refused");
    assert_eq!(record.findings()["verdict"], "not-tested");
}

#[test]
fn a_simulated_arm_declared_physical_is_refused_without_arming() {
    let scene = Scene::arm();
    let simulated = Simulated::of(&scene);
    let [arm, tracker] = ["arm", "tracker"].map(|d| simulated.port(d).to_owned());
    let arm = format!("slcan:{arm}");
    // Declared as what it is, it is armed and moves at these ports:
    let scene = port(scene, "arm", &arm, "simulated");
    let scene = port(scene, "tracker", &tracker, "simulated");
    let answers = scene.file("answers");
    let label = "answers: { label.arm.maker: [yes], label.arm.serial: [yes] }\n";
    std::fs::write(&answers, label).expect("answers");
    let answers = answers.to_string_lossy();
    let ran = scene.run(&["--yes", "--answers", &answers]);
    assert_eq!(ran.code(), Some(0), "{}", ran.said());
    let moves = || {
        let log = simulated.log.simulation();
        log.iter().filter(|l| l["what"] == "arm moves").count()
    };
    let before = moves();
    let scene = scene.with("bench", "provenance: simulated", "provenance: physical");
    let ran = scene.run(&["--yes", "--answers", &answers]);
    refused(&ran, "arm: declared physical, but its link");
    let scene = scene.with("bench", "provenance: simulated", "provenance: physical");
    refused(&scene.run(&["--yes"]), "tracker: declared physical");
    assert_eq!(moves(), before);
}

#[test]
fn a_port_that_a_physical_device_may_be_at_is_never_simulated() {
    // A console that nobody looks at: a terminal, no pseudo-terminal, and nothing is behind it.
    const CONSOLE: &str = "/dev/tty63";
    let opened = std::fs::File::options()
        .read(true)
        .write(true)
        .open(CONSOLE);
    if let Err(error) = opened {
        let test = "a_port_that_a_physical_device_may_be_at_is_never_simulated";
        return not_run(test, &format!("{CONSOLE}: {error}"));
    }
    let scene = port(Scene::arm(), "tracker", CONSOLE, "simulated");
    refused(
        &scene.run(&["--yes"]),
        "tracker: declared Simulated, but a physical device may be at its link",
    );
}

#[test]
fn simulated_time_goes_with_simulated_devices_only() {
    let scene = port(Scene::arm(), "tracker", "/dev/pts/0", "simulated");
    refused(
        &scene.run(&["--yes", "--clock", "simulated"]),
        "every device must be simulated in-process",
    );
}

/// The simulated operator confirms what stands on the simulated device, and nothing else.
#[test]
fn a_label_that_says_otherwise_than_the_order_is_refused() {
    let args = ["--yes", "--clock", "simulated"];
    let scene = Scene::arm().with("job", "maker: Example Arms", "maker: Other Arms");
    refused(
        &scene.run(&args),
        "the label does not say maker `Other Arms`",
    );
    let blank = "labels: { arm: { serial: \"1001\" } }";
    let scene = Scene::arm().with(
        "bench",
        "simulation:\n",
        &format!("simulation:\n  {blank}\n"),
    );
    refused(
        &scene.run(&args),
        "nobody confirmed maker `Example Arms` from the label",
    );
}
