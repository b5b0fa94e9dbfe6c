//! `certbench report` and what it hands to the program that sets PDFs, which takes minutes to build and
//! is stood in for here; its own tests are in `reports/pdf`.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use certbench_tests::binary::certbench;
use certbench_tests::program::{Scene, output};

/// A short run, and a program that keeps what it got and prints a line.
struct Desk {
    scene: Scene,
    run: PathBuf,
}

impl Desk {
    fn new() -> Desk {
        let scene = Scene::arm();
        let ran = scene.run(&["--yes", "--clock", "simulated"]);
        let run = ran.record().0.clone();
        Desk { scene, run }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.scene.file("suite").with_file_name(name)
    }

    /// `certbench COMMAND RUN ...` with this program for PDFs; empty: none.
    fn certbench(&self, command: &str, more: &[&str], pdf: &Path) -> Output {
        let mut certbench = Command::new(certbench());
        certbench.arg(command).arg(&self.run).args(more);
        output(
            certbench
                .env("CERTBENCH_PDF", pdf)
                .env("GOT", self.file("got")),
        )
    }

    fn program(&self, script: &str) -> PathBuf {
        let path = self.file("certbench-pdf");
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("a program");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("a program");
        path
    }

    /// The page and the report that the program got.
    fn got(&self) -> (String, serde_json::Value) {
        let got = fs::read_to_string(self.file("got")).expect("what it got");
        let (page, report) = got.split_once('\0').expect("a page, a zero, a report");
        (page.to_owned(), serde_json::from_str(report).expect("JSON"))
    }
}

const KEEPS: &str = "cat > \"$GOT\"; printf '%%PDF-stand-in'";

fn said(output: &Output) -> String {
    let both = [&output.stdout, &output.stderr].map(|s| String::from_utf8_lossy(s).into_owned());
    both.concat()
}

#[test]
fn a_pdf_is_set_from_the_page_that_is_the_html_report() {
    let desk = Desk::new();
    let program = desk.program(KEEPS);
    let printed = desk.certbench("report", &["--format", "pdf", "--lang", "zh"], &program);
    assert_eq!(printed.stdout, b"%PDF-stand-in", "{}", said(&printed));
    let (page, report) = desk.got();
    let html = desk.certbench("report", &["--lang", "zh"], &program).stdout;
    assert_eq!(page.trim_end(), String::from_utf8_lossy(&html).trim_end());
    assert!(page.contains("lang=\"zh-CN\"") && report["verdict"] == "pass");

    let written = desk.certbench("report", &["--format", "pdf"], &program);
    assert_eq!(written.status.code(), Some(0), "{}", said(&written));
    for name in ["report.en.pdf", "report.zh.pdf", "report.both.pdf"] {
        assert_eq!(fs::read(desk.run.join(name)).expect(name), b"%PDF-stand-in");
        assert!(said(&written).contains(name));
    }
}

#[test]
fn without_the_program_a_pdf_is_no_riddle_and_its_own_words_come_through() {
    let desk = Desk::new();
    let none = desk.certbench("report", &["--format", "pdf"], Path::new(""));
    assert_ne!(none.status.code(), Some(0));
    let how = "cargo build --profile pdf --package certbench-pdf";
    assert!(said(&none).contains(how), "{}", said(&none));
    let gone = desk.certbench(
        "report",
        &["--format", "pdf"],
        Path::new("/no/such/program"),
    );
    assert!(said(&gone).contains("/no/such/program"), "{}", said(&gone));
    let program = desk.program("cat > /dev/null; echo 'the fonts lack U+13000' >&2; exit 1");
    let failed = desk.certbench("report", &["--format", "pdf"], &program);
    assert_ne!(failed.status.code(), Some(0));
    assert!(
        said(&failed).contains("the fonts lack U+13000"),
        "{}",
        said(&failed)
    );
    assert!(!desk.run.join("report.en.pdf").exists());
}

#[test]
fn a_laboratorys_folder_adds_to_every_page_and_takes_nothing_away() {
    let desk = Desk::new();
    let program = desk.program(KEEPS);
    let folder = desk.file("looks");
    fs::create_dir_all(&folder).expect("a folder");
    for (name, text) in [
        ("head.en.txt", "1 Measurement Street\n#panic() $x$ <script>"),
        ("foot.en.txt", "Samples are kept for 90 days."),
        ("style.css", "h1 { color: #0a5a9c }"),
        (
            "logo.svg",
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"9\" height=\"9\"/>",
        ),
    ] {
        fs::write(folder.join(name), text).expect(name);
    }
    let looks = folder.to_string_lossy().into_owned();
    let plain = desk.certbench("report", &["--lang", "en"], &program).stdout;
    let plain = String::from_utf8_lossy(&plain).into_owned();
    let dressed = desk.certbench("report", &["--lang", "en", "--template", &looks], &program);
    let dressed = String::from_utf8_lossy(&dressed.stdout).into_owned();
    for added in [
        "1 Measurement Street<br/>#panic() $x$ &lt;script&gt;",
        "Samples are kept for 90 days.",
        "h1 { color: #0a5a9c }",
        "src=\"data:image/svg+xml;base64,",
    ] {
        assert!(dressed.contains(added) && !plain.contains(added), "{added}");
    }
    // Every line of the page without it is still there, but for what allows the logo.
    for line in plain
        .lines()
        .filter(|line| !line.contains("Content-Security-Policy"))
    {
        assert!(dressed.contains(line), "{line}");
    }
    desk.certbench(
        "report",
        &["--format", "pdf", "--lang", "en", "--template", &looks],
        &program,
    );
    assert_eq!(desk.got().0.trim_end(), dressed.trim_end());

    for (name, text) in [
        ("style.css", "#summary { display: none }"),
        ("report.typ", "#panic()"),
    ] {
        fs::write(folder.join(name), text).expect(name);
        let refused = desk.certbench("report", &["--lang", "en", "--template", &looks], &program);
        assert_ne!(refused.status.code(), Some(0));
        assert!(said(&refused).contains(name), "{}", said(&refused));
        fs::remove_file(folder.join(name)).expect(name);
    }
}

#[test]
fn an_issued_report_has_its_pdfs_under_the_signature_or_says_that_there_are_none() {
    let desk = Desk::new();
    let program = desk.program(KEEPS);
    let path = |name: &str| desk.file(name).to_string_lossy().into_owned();
    let laboratory =
        "certbench: 1\nlaboratory: { instruments: { tracker: { firmware: '3.0' } } }\n";
    fs::write(desk.file("lab.yaml"), laboratory).expect("the laboratory's file");
    let made = output(Command::new(certbench()).args(["keygen", &path("key.pem")]));
    assert!(made.status.success(), "{}", said(&made));
    let (key, lab) = (path("key.pem"), path("lab.yaml"));
    let names = [
        "--prepared",
        "A",
        "--reviewed",
        "B",
        "--by",
        "C",
        "--key",
        &key,
    ];
    for (number, program, pdfs) in [("RTL-1", program.as_path(), 3), ("RTL-2", Path::new(""), 0)] {
        let more = [&names[..], &["--laboratory", &lab, "--number", number]].concat();
        let issued = desk.certbench("issue", &more, program);
        assert_eq!(issued.status.code(), Some(0), "{}", said(&issued));
        let says = said(&issued).contains("certbench-pdf");
        assert_eq!(says, pdfs == 0, "{}", said(&issued));
        let folder = desk.run.join("reports").join(number);
        let names = fs::read_dir(&folder)
            .expect("a report")
            .filter_map(|entry| entry.ok());
        let set = names.filter(|e| e.file_name().to_string_lossy().ends_with(".pdf"));
        assert_eq!(set.count(), pdfs);
        let envelope = fs::read_to_string(folder.join("statement.dsse.json")).expect("a statement");
        assert!(envelope.contains("payload"));
    }
    // What is signed cannot be another file.
    let verify = |code| {
        let held = desk.certbench("verify", &["--key", &path("key.pub.pem")], Path::new(""));
        assert_eq!(held.status.code(), Some(code), "{}", said(&held));
        said(&held)
    };
    verify(0);
    fs::write(desk.run.join("reports/RTL-1/report.zh.pdf"), "another").expect("a file");
    assert!(verify(1).contains("report.zh.pdf"));
}
