//! Complaints as a person reads them: message, file, line, column, source line, mark, suggestion.

use crate::complaint::{Diagnostic, Severity};
use crate::sources::Sources;
use annotate_snippets::{
    AnnotationKind, Group, Level, Renderer, Snippet, normalize_untrusted_str as clean,
};

/// All complaints as text, in the manner of rustc. `colour` adds ANSI colours; it is off wherever the
/// output is not a terminal.
pub fn render(diagnostics: &[Diagnostic], sources: &Sources, colour: bool) -> String {
    let renderer = if colour {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let mut out = String::new();
    for diagnostic in diagnostics {
        out.push_str(&one(diagnostic, sources, &renderer));
        out.push_str("\n\n");
    }
    out.push_str(&summary(diagnostics));
    out
}

fn one(diagnostic: &Diagnostic, sources: &Sources, renderer: &Renderer) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level
        .primary_title(diagnostic.message.as_str())
        .id(diagnostic.code.as_str());
    let mut group = Group::with_title(title);
    let mut done: Vec<&str> = Vec::new();
    for label in &diagnostic.labels {
        if done.contains(&label.file.as_str()) {
            continue;
        }
        done.push(&label.file);
        let text = sources.text(&label.file).unwrap_or_default();
        let of_file = diagnostic.labels.iter().enumerate();
        let annotations = of_file.filter(|(_, l)| l.file == label.file).map(|(i, l)| {
            let kind = if i == 0 {
                AnnotationKind::Primary
            } else {
                AnnotationKind::Context
            };
            let words = (!l.text.is_empty()).then(|| clean(&l.text));
            kind.span(first_line(text, l.start, l.end)).label(words)
        });
        group = group.element(
            Snippet::source(text)
                .path(label.file.as_str())
                .annotations(annotations),
        );
    }
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(clean(help)));
    }
    for note in &diagnostic.notes {
        group = group.element(Level::NOTE.message(clean(note)));
    }
    renderer.render(&[group])
}

/// The range cut to its first line and to character boundaries.
fn first_line(text: &str, start: usize, end: usize) -> std::ops::Range<usize> {
    let boundary = |mut i: usize| {
        i = i.min(text.len());
        while !text.is_char_boundary(i) {
            i -= 1;
        }
        i
    };
    let (start, end) = (boundary(start), boundary(end.max(start)));
    let line = text.get(start..end).and_then(|t| t.find(['\n', '\r']));
    start..line.map_or(end, |at| start + at)
}

fn summary(diagnostics: &[Diagnostic]) -> String {
    let count = |severity| {
        diagnostics
            .iter()
            .filter(|d| d.severity == severity)
            .count()
    };
    let plural = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
    match (count(Severity::Error), count(Severity::Warning)) {
        (0, 0) => String::new(),
        (errors, 0) => plural(errors, "error") + "\n",
        (0, warnings) => plural(warnings, "warning") + "\n",
        (errors, warnings) => format!(
            "{}, {}\n",
            plural(errors, "error"),
            plural(warnings, "warning")
        ),
    }
}
