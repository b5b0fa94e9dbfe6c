//! The document as one self-contained page: no scripts, no other files.

use crate::document::{Case, Document};
use crate::plot::{self, Drawn};
use crate::words;
use certbench_model::Correction;
use certbench_model::text::Lang;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Kwargs, Serde, Value};
use minijinja::{Environment, Error, ErrorKind, UndefinedBehavior, context};
use std::collections::BTreeMap;

const TEMPLATE: &str = include_str!("../templates/report.html");
const STYLE: &str = include_str!("../templates/style.css");

/// The page could not be made: a template or string table of this crate is broken.
#[derive(Debug, thiserror::Error)]
#[error("the report cannot be printed: {0}")]
pub struct ReportError(#[from] Error);

/// The report in one language, as HTML that prints on A4.
///
/// # Errors
/// [`ReportError`] when the template and the words do not fit together, which the tests exclude.
pub fn html(document: &Document, lang: Lang) -> Result<String, ReportError> {
    let code = match lang {
        Lang::En => "en",
        Lang::Zh => "zh",
    };
    let mut env = Environment::new();
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    let mut syntax = SyntaxConfig::builder();
    syntax.trim_blocks(true).lstrip_blocks(true);
    env.set_syntax(syntax.build()?);
    env.add_template("report.html", TEMPLATE)?;
    env.add_function("t", move |key: &str, values: Kwargs| {
        say(lang, key, &values)
    });
    env.add_function("word", move |group: &str, code: &str| {
        word(lang, group, code)
    });
    env.add_filter("l", move |text: &Value| text.get_attr(code));
    let page = env.get_template("report.html")?.render(context! {
        d => Value::from(Serde(document)),
        lang => if lang == Lang::En { "en" } else { "zh-CN" },
        style => Value::from_safe_string(style(document, lang)?),
        plots => Value::from(Serde(plots(document, lang))),
        beside => Value::from(Serde(beside(document, lang))),
        places => Value::from(Serde(places(document))),
    })?;
    Ok(page)
}

/// Words by key, with named values.
fn say(lang: Lang, key: &str, values: &Kwargs) -> Result<String, Error> {
    let mut pairs = Vec::new();
    let names: Vec<String> = values.args().map(str::to_string).collect();
    for name in &names {
        let value: Value = values.get(name)?;
        pairs.push((name.as_str(), value.to_string()));
    }
    words::find(lang, key, &pairs).ok_or_else(|| missing(key))
}

/// Words for a code that files may have made up: one without words is printed as it is.
fn word(lang: Lang, group: &str, code: &str) -> String {
    words::find(lang, &format!("{group}.{code}"), &[]).unwrap_or_else(|| code.to_string())
}

fn missing(key: &str) -> Error {
    let what = format!("no words for `{key}`, or a value for them is missing");
    Error::new(ErrorKind::UndefinedError, what)
}

/// Drawings by finding, in the order of its figures; the budget's bars come last.
fn plots(document: &Document, lang: Lang) -> BTreeMap<&str, Vec<Option<Drawn>>> {
    let findings = document.cases.iter().flat_map(|c| &c.findings);
    findings
        .map(|f| {
            let figures = f.figures.iter().map(|figure| plot::draw(figure, lang));
            let bars = plot::budget(f, lang).map(Some);
            (f.anchor.as_str(), figures.chain(bars).collect())
        })
        .collect()
}

/// The drawings of each case.
fn beside(document: &Document, lang: Lang) -> Vec<Vec<Option<Drawn>>> {
    let of_case = |c: &Case| c.figures.iter().map(|f| plot::draw(f, lang)).collect();
    document.cases.iter().map(of_case).collect()
}

/// The corrections with their places in words.
fn places(document: &Document) -> Vec<BTreeMap<&'static str, String>> {
    let one = |c: &Correction| {
        BTreeMap::from([
            ("place", c.place.to_string()),
            ("old", c.old.clone()),
            ("new", c.new.clone()),
            ("why", c.why.clone()),
            ("by", c.by.clone()),
            ("utc", c.utc.clone()),
        ])
    };
    document.corrections.iter().map(one).collect()
}

/// The style sheet with what every page says in its margins.
fn style(document: &Document, lang: Lang) -> Result<String, Error> {
    let say = |key: &str| words::find(lang, key, &[]).ok_or_else(|| missing(key));
    let mut marks = Vec::new();
    if document.draft {
        marks.push(say("draft.mark")?);
    }
    if document.simulated {
        marks.push(say("simulated.mark")?);
    }
    let marks = css_string(&marks.join(" - "));
    let page = format!(
        "@page {{\n  @top-left {{ content: {id}; }}\n  @top-center {{ content: {marks}; }}\n  \
         @top-right {{ content: {what}; }}\n  @bottom-left {{ content: {laboratory}; }}\n  \
         @bottom-right {{ content: {before} counter(page) {between} counter(pages) {after}; }}\n}}\n",
        id = css_string(&document.id),
        what = css_string(&say("title.kind")?),
        laboratory = css_string(&document.laboratory.name),
        before = css_string(&say("page.before")?),
        between = css_string(&say("page.between")?),
        after = css_string(&say("page.after")?),
    );
    Ok(format!("{STYLE}\n{page}"))
}

/// A CSS string in which everything but letters, digits and blanks is escaped: it can end neither
/// itself nor the style sheet.
fn css_string(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        if c.is_alphanumeric() || matches!(c, ' ' | '-' | '_' | '.') {
            out.push(c);
        } else {
            out.push_str(&format!("\\{:06X}", u32::from(c)));
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_css_string_cannot_be_left() {
        assert_eq!(css_string("a-1_b.c 王"), "\"a-1_b.c 王\"");
        assert_eq!(
            css_string("\"</style>\\\n"),
            "\"\\000022\\00003C\\00002Fstyle\\00003E\\00005C\\00000A\""
        );
    }
}
