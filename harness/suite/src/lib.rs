//! Suite, bench and job files: as written, what they mean, complaints with line and column, the plan.
//!
//! Two types for every file. *As written* (`written`): optional, textual, every value with its
//! place. *What it means*: values of [`certbench_model`], nothing optional, nothing to look up. All
//! complaints of a file come out together; a plan is made only when there is no error.
//!
//! ```
//! # use certbench_suite::{Sources, check_job, render};
//! let mut sources = Sources::memory([("order.job.yaml", "certbench: 1\njob: 7\nitms: {}\n")]);
//! let (job, complaints) = check_job(&mut sources, "order.job.yaml");
//! assert!(job.is_none());
//! assert!(render(&complaints, &sources, false).contains("did you mean `items`?"));
//! ```

mod check;
mod complaint;
mod expr;
mod near;
mod plan;
mod render;
mod schema;
mod sources;
mod template;
mod written;
mod yaml;

pub use check::bench::Bench;
pub use check::job::Job;
pub use check::suite::Suite;
pub use complaint::{Diagnostic, Label, Severity};
pub use plan::Request;
pub use render::render;
pub use schema::{Kind, schema};
pub use sources::{Disk, Memory, Reader, Sources};

use certbench_model::{Plan, Scheme, Vocabulary};
use check::Checker;
use complaint::{Complaint, Sink, Span};
use serde::de::DeserializeOwned;

/// Reads and checks a suite with its tables, by itself: with its defaults and without a bench.
/// `None` when there is an error; warnings may come with a suite.
pub fn check_suite(
    sources: &mut Sources,
    path: &str,
    vocabulary: &Vocabulary,
) -> (Option<Suite>, Vec<Diagnostic>) {
    let sink = Sink::default();
    let suite = read_suite(sources, path, vocabulary, &sink);
    finish(suite, sink, sources)
}

/// Reads and checks a bench.
pub fn check_bench(
    sources: &mut Sources,
    path: &str,
    vocabulary: &Vocabulary,
) -> (Option<Bench>, Vec<Diagnostic>) {
    let sink = Sink::default();
    let bench = read(sources, path, &sink).map(|(file, written)| {
        let checker = Checker {
            sources,
            sink: &sink,
            vocabulary,
        };
        checker.bench(file, &written)
    });
    finish(bench, sink, sources)
}

/// Reads and checks a job.
pub fn check_job(sources: &mut Sources, path: &str) -> (Option<Job>, Vec<Diagnostic>) {
    let sink = Sink::default();
    let job = read(sources, path, &sink).and_then(|(_, written)| {
        let vocabulary = Vocabulary::default();
        let checker = Checker {
            sources,
            sink: &sink,
            vocabulary: &vocabulary,
        };
        checker.job(&written)
    });
    finish(job, sink, sources)
}

/// Reads and checks a scheme.
pub fn check_scheme(sources: &mut Sources, path: &str) -> (Option<Scheme>, Vec<Diagnostic>) {
    let sink = Sink::default();
    let scheme = read(sources, path, &sink).and_then(|(file, written)| {
        let vocabulary = Vocabulary::default();
        let checker = Checker {
            sources,
            sink: &sink,
            vocabulary: &vocabulary,
        };
        checker.scheme(file, &written)
    });
    finish(scheme, sink, sources)
}

/// Checks a file of whatever kind; its first key (`suite:`, `bench:`, `job:`, `table:`) says which.
/// The kind is given when it could be told.
pub fn check_file(
    sources: &mut Sources,
    path: &str,
    vocabulary: &Vocabulary,
) -> (Option<Kind>, Vec<Diagnostic>) {
    let sink = Sink::default();
    let kind = match sources.open(path) {
        Ok(file) => kind_of(sources, file, &sink),
        Err(complaint) => {
            sink.push(complaint);
            None
        }
    };
    let Some(kind) = kind else {
        return (None, sink.finish(sources));
    };
    let diagnostics = match kind {
        Kind::Suite => check_suite(sources, path, vocabulary).1,
        Kind::Bench => check_bench(sources, path, vocabulary).1,
        Kind::Job => check_job(sources, path).1,
        Kind::Scheme => check_scheme(sources, path).1,
        Kind::Template => {
            if let Ok(file) = sources.open(path) {
                template::read(sources, file, &sink);
            }
            sink.finish(sources)
        }
        Kind::Table => {
            if let Some((file, written)) = read(sources, path, &sink) {
                let checker = Checker {
                    sources,
                    sink: &sink,
                    vocabulary,
                };
                checker.table(file, &written);
            }
            sink.finish(sources)
        }
    };
    (Some(kind), diagnostics)
}

/// The plan, frozen, or every reason why there is none. `sources` are those that suite, bench and
/// job were read from.
///
/// # Errors
/// All complaints, when at least one of them is an error.
pub fn plan(request: &Request<'_>, sources: &mut Sources) -> Result<Plan, Vec<Diagnostic>> {
    let sink = Sink::default();
    let plan = plan::plan(request, sources, &sink);
    plan.ok_or_else(|| sink.finish(sources))
}

/// What is in order with a plan and may still surprise: warnings, such as an agreed rule that a
/// safety suite does not follow.
pub fn remarks(request: &Request<'_>, sources: &Sources) -> Vec<Diagnostic> {
    let sink = Sink::default();
    plan::remarks(request, &sink);
    sink.finish(sources)
}

/// A result only without errors, and every complaint.
fn finish<T>(result: Option<T>, sink: Sink, sources: &Sources) -> (Option<T>, Vec<Diagnostic>) {
    let good = sink.errors() == 0;
    (result.filter(|_| good), sink.finish(sources))
}

/// Opens a file and reads it as `T`.
fn read<T: DeserializeOwned>(sources: &mut Sources, path: &str, sink: &Sink) -> Option<(u16, T)> {
    match sources.open(path) {
        Ok(file) => read_opened(sources, file, sink).map(|t| (file, t)),
        Err(complaint) => {
            sink.push(complaint);
            None
        }
    }
}

fn read_opened<T: DeserializeOwned>(sources: &Sources, file: u16, sink: &Sink) -> Option<T> {
    let node = yaml::parse(file, sources.content(file), sink)?;
    yaml::read(&node, sink)
}

fn read_suite(
    sources: &mut Sources,
    path: &str,
    vocabulary: &Vocabulary,
    sink: &Sink,
) -> Option<Suite> {
    let file = sources.open(path).map_err(|complaint| sink.push(complaint));
    let file = file.ok()?;
    let mut node = yaml::parse(file, sources.content(file), sink)?;
    // The head is read first: it says which templates there are. What it complains of is said when
    // the whole is read, templates written out.
    let quiet = Sink::default();
    let head: written::suite::Suite = yaml::read(&node, &quiet).or_else(|| {
        let whole: Option<written::suite::Suite> = yaml::read(&node, sink);
        whole
    })?;
    let before = sink.errors();
    let files = check::bench::entries(head.templates.as_ref());
    let files = opened(sources, files, "a template", sink);
    let templates = files.iter().filter_map(|(name, file)| {
        let template = template::read(sources, *file, sink)?;
        Some((name.clone(), template))
    });
    template::write_out(&mut node, &templates.collect(), sink);
    // Steps that are not there would be missed everywhere.
    let whole = sink.errors() == before;
    let written: written::suite::Suite = yaml::read(&node, sink)?;
    let template_files: Vec<u16> = files.into_iter().map(|(_, file)| file).collect();
    let tables = check::bench::entries(written.tables.as_ref());
    let tables = tables.map(|(name, span, table)| (name, span, &table.file));
    let opened = opened(sources, tables, "a table", sink);
    let checker = Checker {
        sources,
        sink,
        vocabulary,
    };
    let tables = opened.into_iter().filter_map(|(name, file)| {
        let table = checker.table(file, &read_opened(sources, file, sink)?);
        let mut meant = check::bench::entries(written.tables.as_ref());
        let meant = meant.find(|(n, _, _)| *n == name);
        checker.version_meant(&table, meant.and_then(|(_, _, t)| t.version.as_ref()));
        Some((name, table))
    });
    let tables = tables.collect();
    checker.cases_there(&written);
    let suite = checker.suite_head(file, written, tables, &template_files);
    if whole {
        plan::check_body(&suite, vocabulary, sink);
    }
    Some(suite)
}

/// Opens the files that a suite names inside its folder.
fn opened<'w>(
    sources: &mut Sources,
    written: impl Iterator<Item = (&'w str, Span, &'w yaml::At<String>)>,
    what: &str,
    sink: &Sink,
) -> Vec<(String, u16)> {
    let mut opened = Vec::new();
    for (name, span, file) in written {
        check::literal::identifier(name, span, what, sink);
        let Some(path) = file.get() else { continue };
        match sources.open_inside(file.span, path) {
            Ok(file) => opened.push((name.to_string(), file)),
            Err(complaint) => sink.push(complaint),
        }
    }
    opened
}

/// The kind of a file by its keys.
fn kind_of(sources: &Sources, file: u16, sink: &Sink) -> Option<Kind> {
    let node = yaml::parse(file, sources.content(file), sink)?;
    let keys = node.keys();
    let kind = Kind::ALL.into_iter().find(|k| keys.contains(&k.word()));
    if kind.is_none() {
        let message = "this is neither a suite nor a bench, a job or a table";
        sink.push(
            Complaint::new("unknown-kind-of-file", node.head, message)
                .help(
                "begin with `certbench: 1` and one of `suite:`, `bench:`, `job:`, `table:`, `template:`, `scheme:`",
            ),
        );
    }
    kind
}
