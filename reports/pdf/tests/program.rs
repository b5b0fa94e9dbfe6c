//! The program as certbench and people start it.

mod common;
#[path = "../../tests/common/mod.rs"]
mod example;

use certbench_model::text::Lang;
use certbench_reports::{document, html, json};
use common::{dense, texts};
use example::{extra, facts, findings};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

fn program() -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_certbench-pdf"));
    program.env_remove("CERTBENCH_FONTS");
    program
}

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::remove_dir_all(&folder).ok();
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn page_and_report() -> (String, String) {
    let document = document(&facts(), &findings(), &extra());
    (html(&document, Lang::Zh).unwrap(), json(&document))
}

fn given(program: &mut Command, input: &[u8]) -> Output {
    let program = program.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = program.stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait_with_output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn files_and_standard_input_give_the_same_bytes() {
    let (page, report) = page_and_report();
    let folder = folder("program");
    let file = |name: &str| folder.join(name);
    std::fs::write(file("page.html"), &page).unwrap();
    std::fs::write(file("report.json"), &report).unwrap();
    let written = program()
        .args([
            file("page.html"),
            file("report.json"),
            "--out".into(),
            file("page.pdf"),
        ])
        .output()
        .unwrap();
    assert!(written.status.success(), "{}", said(&written));
    let printed = given(&mut program(), format!("{page}\0{report}").as_bytes());
    assert!(printed.status.success(), "{}", said(&printed));
    assert!(printed.stdout.starts_with(b"%PDF-"));
    assert!(std::fs::read(file("page.pdf")).unwrap() == printed.stdout);
    assert!(dense(&texts(&printed.stdout).concat()).contains("报告结束"));
}

#[test]
fn what_is_no_use_of_it_ends_with_64_and_what_cannot_be_set_with_1() {
    for wrong in [&["--frobnicate"][..], &["--out"], &["a", "b", "c"]] {
        let output = program().args(wrong).stdin(Stdio::null()).output().unwrap();
        assert_eq!(output.status.code(), Some(64), "{wrong:?}");
        assert!(said(&output).contains("usage: certbench-pdf"));
    }
    let broken = given(&mut program(), b"<html>");
    assert_eq!(broken.status.code(), Some(1));
    assert!(
        said(&broken).contains("no page of a report"),
        "{}",
        said(&broken)
    );
    let nothing = program().arg("/no/such/page.html").output().unwrap();
    assert_eq!(nothing.status.code(), Some(1));
    assert!(said(&nothing).contains("/no/such/page.html"));
}

/// Fonts of a folder are taken, by the option and by the environment; one without any is named.
#[test]
fn folders_with_fonts_are_taken() {
    let (page, _) = page_and_report();
    let fonts = folder("program-fonts");
    let empty = folder("program-no-fonts");
    let noto = Path::new("/usr/share/fonts/opentype/noto");
    for name in ["NotoSansCJK-Regular.ttc", "NotoSansCJK-Bold.ttc"] {
        std::os::unix::fs::symlink(noto.join(name), fonts.join(name)).unwrap();
    }
    let plain = given(&mut program(), page.as_bytes());
    let by_option = given(program().arg("--fonts").arg(&fonts), page.as_bytes());
    let by_name = given(program().env("CERTBENCH_FONTS", &fonts), page.as_bytes());
    for output in [&by_option, &by_name] {
        assert!(output.status.success(), "{}", said(output));
        assert_eq!(texts(&output.stdout), texts(&plain.stdout));
    }
    for output in [
        given(program().arg("--fonts").arg(&empty), page.as_bytes()),
        given(program().env("CERTBENCH_FONTS", &empty), page.as_bytes()),
    ] {
        assert_eq!(output.status.code(), Some(1));
        assert!(
            said(&output).contains("program-no-fonts"),
            "{}",
            said(&output)
        );
    }
}

/// Another Typst sets the same from these files: nothing of the page is missing in them.
#[test]
fn the_markup_is_laid_out_for_typst_alone() {
    let (page, _) = page_and_report();
    let out = folder("program-markup").join("markup");
    let laid_out = given(program().arg("--markup").arg(&out), page.as_bytes());
    assert!(laid_out.status.success(), "{}", said(&laid_out));
    assert!(laid_out.stdout.is_empty());
    let template = std::fs::read_to_string(out.join("report.typ")).unwrap();
    assert!(template.contains("json(\"page.json\")"));
    let tree = std::fs::read_to_string(out.join("page.json")).unwrap();
    assert!(tree.contains("报告结束"));
}
