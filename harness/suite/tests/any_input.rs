//! Whatever is in a file, it is read or refused, with a place inside the file; never a panic.

mod common;

use certbench_model::Date;
use certbench_suite::{
    Diagnostic, Memory, Request, Severity, Sources, check_bench, check_file, check_job,
    check_suite, plan, render,
};
use common::{files, vocabulary};
use proptest::prelude::*;

/// Checks every file and plans if all are in order. Either there is a plan, or an error that says
/// where.
fn all(changed: Vec<(String, Vec<u8>)>) -> Result<(), TestCaseError> {
    let mut sources = Sources::new(Memory(changed.into_iter().collect()));
    let vocabulary = vocabulary();
    let (suite, mut found) = check_suite(&mut sources, "small.suite.yaml", &vocabulary);
    let (bench, more) = check_bench(&mut sources, "small.bench.yaml", &vocabulary);
    found.extend(more);
    let (job, more) = check_job(&mut sources, "small.job.yaml");
    found.extend(more);
    let refused = |all: &[Diagnostic]| all.iter().any(|d| d.severity == Severity::Error);
    let in_order = (suite.is_some(), bench.is_some(), job.is_some()) == (true, true, true);
    prop_assert_eq!(in_order, !refused(&found));
    if let (Some(suite), Some(bench), Some(job)) = (suite, bench, job) {
        let today: Date = "2026-11-22".parse().unwrap();
        let request = Request {
            suite: &suite,
            bench: &bench,
            job: Some(&job),
            vocabulary: &vocabulary,
            today,
            set: &[],
        };
        match plan(&request, &mut sources) {
            Ok(plan) => prop_assert_eq!(plan.digest().len(), 64),
            Err(more) => {
                prop_assert!(refused(&more));
                found.extend(more);
            }
        }
    }
    for diagnostic in &found {
        let Some(label) = diagnostic.labels.first() else {
            prop_assert!(false, "`{}` has no place", diagnostic.message);
            continue;
        };
        let text = sources.text(&label.file).unwrap_or_default();
        prop_assert!(label.start <= label.end && label.end <= text.len());
        prop_assert!(label.line <= text.split('\n').count());
    }
    let printed = render(&found, &sources, false);
    prop_assert!(found.is_empty() || !printed.is_empty());
    Ok(())
}

fn bytes() -> Vec<(String, Vec<u8>)> {
    let texts = files().into_iter();
    texts.map(|(n, t)| (n, t.into_bytes())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn one_byte_changed(file in 0usize..5, at: prop::sample::Index, to: u8) {
        let mut files = bytes();
        let text = &mut files[file].1;
        let at = at.index(text.len());
        text[at] = to;
        all(files)?;
    }

    #[test]
    fn a_stretch_taken_out(file in 0usize..5, from: prop::sample::Index, length in 1usize..60) {
        let mut files = bytes();
        let text = &mut files[file].1;
        let from = from.index(text.len());
        text.drain(from..(from + length).min(text.len()));
        all(files)?;
    }

    #[test]
    fn a_word_put_in(file in 0usize..5, at: prop::sample::Index, word in r"[ \n:,{}\[\]$&*!|>%#'-]{1,3}|-?[0-9]{1,22}( ?(mm|N|%))?|\{[a-z.]{0,6}\}|null|true|\PC{1,4}") {
        let mut files = bytes();
        let text = String::from_utf8(files[file].1.clone()).unwrap();
        let places: Vec<usize> = text.char_indices().map(|(i, _)| i).collect();
        let at = places[at.index(places.len())];
        files[file].1 = [&text[..at], &word, &text[at..]].concat().into_bytes();
        all(files)?;
    }

    #[test]
    fn any_text(text in "\\PC{0,200}") {
        let mut sources = Sources::memory([("x.yaml", text.as_str())]);
        let (_, found) = check_file(&mut sources, "x.yaml", &vocabulary());
        prop_assert!(!found.is_empty());
        render(&found, &sources, true);
    }

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut sources = Sources::new(Memory([("x.yaml".to_string(), bytes)].into()));
        let (suite, found) = check_suite(&mut sources, "x.yaml", &vocabulary());
        prop_assert!(suite.is_none() && !found.is_empty());
        render(&found, &sources, false);
    }

    #[test]
    fn any_yaml(lines in prop::collection::vec(r"( ){0,6}(- )?(suite|cases|steps|id|x): ?(\[|\{|[a-z]{0,4}|'|\|)?", 0..20)) {
        let text = format!("certbench: 1\nsuite: x\n{}", lines.join("\n"));
        let mut sources = Sources::memory([("x.yaml", text.as_str())]);
        let (suite, found) = check_suite(&mut sources, "x.yaml", &vocabulary());
        prop_assert!(suite.is_none());
        render(&found, &sources, false);
    }
}
