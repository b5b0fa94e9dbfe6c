//! A video and a photo of a run: sealed beside the record, and found in the report by case and trial.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use certbench_tests::binary::certbench;
use certbench_tests::program::{Record, Scene, output};
use serde_json::Value;

/// A run with a mark after which the arm goes away, and a file that stands for a video: nobody decodes it.
struct Bench {
    scene: Scene,
    record: Record,
}

impl Bench {
    fn new() -> Bench {
        let scene = Scene::arm().first("- mark: { name: clap }");
        let ran = scene.run(&["--yes", "--clock", "simulated"]);
        let record = ran.record().clone();
        Bench { scene, record }
    }

    fn file(&self, name: &str) -> PathBuf {
        let path = self.scene.file("suite").with_file_name(name);
        let frames: Vec<u8> = (0..5000_u32).map(|n| (n * 7 % 251) as u8).collect();
        fs::write(&path, frames).expect("a file");
        path
    }

    fn add(&self, name: &str, more: &[&str]) -> (Option<i32>, String) {
        let file = self.file(name);
        let mut command = Command::new(certbench());
        command.arg("evidence").arg(&self.record.0).arg(file);
        command
            .args(["--by", "Li Na", "--uncertainty", "50 ms"])
            .args(more);
        let done = output(&mut command);
        let said = [&done.stdout, &done.stderr].map(|s| String::from_utf8_lossy(s).into_owned());
        (done.status.code(), said.concat())
    }

    fn report(&self) -> Value {
        serde_json::from_slice(&self.record.bytes("report.json")).expect("a report")
    }

    /// Time of the first event of a kind, s of the run.
    fn at_s(&self, kind: &str) -> f64 {
        let events = self.record.of(&[kind]);
        events[0]["time_ns"].as_f64().expect("a time") * 1e-9
    }
}

/// `0:12.35` in seconds.
fn seconds(clock: &str) -> f64 {
    let (minutes, seconds) = clock.split_once(':').expect("minutes");
    minutes.parse::<f64>().expect("min") * 60.0 + seconds.parse::<f64>().expect("s")
}

#[test]
fn a_video_says_where_each_case_is_seen_and_judges_nothing() {
    let bench = Bench::new();
    let before = bench.record.bytes("findings.json");
    let files = ["run.jsonl", "telemetry.mcap", "manifest.json"];
    let record = files.map(|name| bench.record.bytes(name));
    let lasts = ["--seen", "clap=2 s", "--lasts", "600 s"];
    let (code, said) = bench.add("camera 1.mp4", &lasts);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(before, bench.record.bytes("findings.json"));
    assert_eq!(record, files.map(|name| bench.record.bytes(name)));
    assert!(!bench.record.bytes("addenda/1-camera-1.mp4").is_empty());
    let report = bench.report();
    let evidence = &report["evidence"][0];
    let case = &evidence["cases"][0];
    assert_eq!(case["extent"], "whole", "{evidence}");
    // The clap is at 2 s of the video: the case began as much before it as the record says.
    let place = case["at"].as_str().expect("a place");
    let (from, to) = place.split_once('–').expect("from and to");
    let began = 2.0 + bench.at_s("case-started") - bench.at_s("marked");
    let ended = 2.0 + bench.at_s("case-ended") - bench.at_s("marked");
    assert!((seconds(from) - began).abs() < 0.011, "{place}, {began}");
    assert!((seconds(to) - ended).abs() < 0.011, "{place}, {ended}");
    let page = String::from_utf8(bench.record.bytes("report.en.html")).expect("a page");
    assert!(page.contains("Photos and videos of the run") && page.contains(place));
    let page = String::from_utf8(bench.record.bytes("report.zh.html")).expect("a page");
    assert!(page.contains("运行的照片与视频"));
    let (_, findings) = bench.record.judge();
    assert_eq!(findings["damage"], Value::Null);
}

#[test]
fn a_video_that_ends_early_shows_a_part_and_one_of_yesterday_nothing() {
    let bench = Bench::new();
    let (code, said) = bench.add("short.mp4", &["--seen", "clap=0.2 s", "--lasts", "0.4 s"]);
    assert_eq!(code, Some(0), "{said}");
    let yesterday = ["--begins", "2020-01-01T10:00:00.5Z", "--lasts", "1 h"];
    let (code, said) = bench.add("yesterday.mp4", &yesterday);
    assert_eq!(code, Some(0), "{said}");
    let (code, said) = bench.add("photo.jpg", &["--seen", "clap=0 s"]);
    assert_eq!(code, Some(0), "{said}");
    let report = bench.report();
    let extent = |n: usize| report["evidence"][n]["cases"][0]["extent"].clone();
    assert_eq!(extent(0), "part");
    assert_eq!(extent(1), "none");
    // A photo is a moment of the case, not all of it, and has no place in a file.
    assert_eq!(extent(2), "part");
    assert_eq!(report["evidence"][2]["cases"][0]["at"], Value::Null);
}

#[test]
fn what_cannot_be_aligned_is_refused_and_nothing_is_added() {
    let bench = Bench::new();
    for (more, told) in [
        (
            &[
                "--seen",
                "clap=2 s",
                "--seen",
                "line:1=2 s",
                "--lasts",
                "9 s",
            ][..],
            "apart",
        ),
        (&["--seen", "sync=2 s", "--lasts", "9 s"], "no mark `sync`"),
        (&["--seen", "clap#2=2 s", "--lasts", "9 s"], "no number 2"),
        (&["--seen", "clap=10 s", "--lasts", "9 s"], "behind the end"),
        (&["--seen", "clap=2 s"], "a photo lasts no time"),
        (&["--begins", "noon", "--lasts", "9 s"], "is no instant"),
    ] {
        let (code, said) = bench.add("video.mp4", more);
        assert_eq!(code, Some(64), "{more:?}: {said}");
        assert!(said.contains(told), "{more:?}: {said}");
    }
    assert!(!bench.record.0.join("addenda").exists());
}

#[test]
fn evidence_that_was_changed_afterwards_is_damage() {
    let bench = Bench::new();
    let (code, said) = bench.add("video.mp4", &["--seen", "clap=1 s", "--lasts", "60 s"]);
    assert_eq!(code, Some(0), "{said}");
    fs::write(bench.record.0.join("addenda/1-video.mp4"), b"another").expect("written");
    let (_, findings) = bench.record.judge();
    assert_eq!(findings["verdict"], "not-tested");
    let reasons = findings["reasons"].to_string();
    assert!(reasons.contains("addenda/1-video.mp4"), "{reasons}");
}
