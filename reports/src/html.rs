//! The document as one self-contained page: no scripts, no other files. The page is well-formed XML,
//! too: the PDF is set from it, so that both hold the same.

use crate::document::{Case, Document};
use crate::plot::{self, Drawn};
use crate::words;
use certbench_model::text::Lang;
use certbench_model::{Correction, Figure};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Kwargs, Serde, Value};
use minijinja::{Environment, Error, ErrorKind, UndefinedBehavior, context};
use serde::Serialize;
use std::collections::BTreeMap;

const TEMPLATE: &str = include_str!("../templates/report.html");
const STYLE: &str = include_str!("../templates/style.css");

/// The page could not be made: a template or string table of this crate is broken.
#[derive(Debug, thiserror::Error)]
#[error("the report cannot be printed: {0}")]
pub struct ReportError(#[from] Error);

/// Which words a page has.
#[derive(Clone, Copy)]
enum Tongue {
    One(Lang),
    /// English with Chinese beside it.
    Both,
}

/// The report in one language, as HTML that prints on A4.
///
/// # Errors
/// [`ReportError`] when the template and the words do not fit together, which the tests exclude.
pub fn html(document: &Document, lang: Lang) -> Result<String, ReportError> {
    page(document, Tongue::One(lang))
}

/// The report in English with Chinese beside it, as HTML that prints on A4.
///
/// # Errors
/// As [`html`].
pub fn html_both(document: &Document) -> Result<String, ReportError> {
    page(document, Tongue::Both)
}

fn page(document: &Document, tongue: Tongue) -> Result<String, ReportError> {
    let mut env = Environment::new();
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    let mut syntax = SyntaxConfig::builder();
    syntax.trim_blocks(true).lstrip_blocks(true);
    env.set_syntax(syntax.build()?);
    env.add_template("report.html", TEMPLATE)?;
    env.add_function("t", move |key: &str, values: Kwargs| {
        said(tongue, |lang| say(lang, key, &values))
    });
    env.add_function("word", move |group: &str, code: &str| {
        said(tongue, |lang| Ok(word(lang, group, code)))
    });
    env.add_filter("l", move |text: &Value| {
        said(tongue, |lang| Ok(text.get_attr(code(lang))?.to_string()))
    });
    let lang = match tongue {
        Tongue::One(Lang::Zh) => "zh-CN",
        Tongue::One(Lang::En) | Tongue::Both => "en",
    };
    let margins = Margins::of(document, tongue)?;
    let page = env.get_template("report.html")?.render(context! {
        d => Value::from(Serde(document)),
        lang => lang,
        kind => plain(tongue, "title.kind")?,
        style => Value::from_safe_string(margins.style()),
        margins => Value::from(Serde(&margins)),
        plots => Value::from(Serde(plots(document, tongue))),
        beside => Value::from(Serde(beside(document, tongue))),
        conditions => Value::from(Serde(conditions(document, tongue))),
        places => Value::from(Serde(places(document))),
    })?;
    Ok(page)
}

fn code(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "en",
        Lang::Zh => "zh",
    }
}

/// Words of the page. Beside each other they differ by their element; what is the same in both, and
/// a mark of punctuation, is said once.
fn said(tongue: Tongue, words: impl Fn(Lang) -> Result<String, Error>) -> Result<Value, Error> {
    match tongue {
        Tongue::One(lang) => words(lang).map(Value::from),
        Tongue::Both => {
            let (en, zh) = (words(Lang::En)?, words(Lang::Zh)?);
            if en == zh || !en.contains(char::is_alphanumeric) {
                return Ok(Value::from(en));
            }
            let [en, zh] = [en, zh].map(|text| escaped(&text));
            let both = format!("{en} <span class=\"zh\" lang=\"zh-CN\">{zh}</span>");
            Ok(Value::from_safe_string(both))
        }
    }
}

/// Words where no element can be.
fn plain(tongue: Tongue, key: &str) -> Result<String, Error> {
    let say = |lang| words::find(lang, key, &[]).ok_or_else(|| missing(key));
    match tongue {
        Tongue::One(lang) => say(lang),
        Tongue::Both => {
            let (en, zh) = (say(Lang::En)?, say(Lang::Zh)?);
            Ok(if en == zh { en } else { format!("{en} {zh}") })
        }
    }
}

pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#x27;"),
            c => out.push(c),
        }
    }
    out
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
fn plots(document: &Document, tongue: Tongue) -> BTreeMap<&str, Vec<Option<Drawn>>> {
    let findings = document.cases.iter().flat_map(|c| &c.findings);
    findings
        .map(|f| {
            let figures = f.figures.iter().map(|figure| drawn(figure, tongue));
            let bars = match tongue {
                Tongue::One(lang) => plot::budget(f, lang),
                Tongue::Both => plot::budget_both(f),
            };
            let bars = bars.map(Some);
            (f.anchor.as_str(), figures.chain(bars).collect())
        })
        .collect()
}

fn drawn(figure: &Figure, tongue: Tongue) -> Option<Drawn> {
    match tongue {
        Tongue::One(lang) => plot::draw(figure, lang),
        Tongue::Both => plot::draw(&plot::both(figure), Lang::En),
    }
}

/// The drawings of each case.
fn beside(document: &Document, tongue: Tongue) -> Vec<Vec<Option<Drawn>>> {
    let of_case = |c: &Case| c.figures.iter().map(|f| drawn(f, tongue)).collect();
    document.cases.iter().map(of_case).collect()
}

/// The drawings of the environment.
fn conditions(document: &Document, tongue: Tongue) -> Vec<Option<Drawn>> {
    let figures = document.conditions.iter().map(|c| &c.figure);
    figures.map(|f| drawn(f, tongue)).collect()
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

/// What every printed page says in its margins. The page carries it as `meta` too, for a renderer
/// that reads no CSS.
#[derive(Serialize)]
struct Margins {
    id: String,
    /// `DRAFT`, `SIMULATED`, both, or empty.
    marks: String,
    kind: String,
    laboratory: String,
    /// Around the page's number and the number of pages.
    before: String,
    between: String,
    after: String,
    /// When it was issued; in a draft, when the run began.
    utc: String,
}

impl Margins {
    fn of(document: &Document, tongue: Tongue) -> Result<Margins, Error> {
        let counted = match tongue {
            Tongue::One(lang) => lang,
            Tongue::Both => Lang::En,
        };
        let number = |key: &str| plain(Tongue::One(counted), key);
        let say = |key: &str| plain(tongue, key);
        let mut marks = Vec::new();
        if document.draft {
            marks.push(say("draft.mark")?);
        }
        if document.simulated {
            marks.push(say("simulated.mark")?);
        }
        Ok(Margins {
            id: document.id.clone(),
            marks: marks.join(" - "),
            kind: say("title.kind")?,
            laboratory: document.laboratory.name.clone(),
            before: number("page.before")?,
            between: number("page.between")?,
            after: number("page.after")?,
            utc: {
                let dates = &document.dates;
                dates.issued.as_ref().unwrap_or(&dates.started).clone()
            },
        })
    }

    /// The style sheet with them.
    fn style(&self) -> String {
        format!(
            "{STYLE}\n@page {{\n  @top-left {{ content: {id}; }}\n  @top-center {{ content: {marks}; }}\n  \
             @top-right {{ content: {kind}; }}\n  @bottom-left {{ content: {laboratory}; }}\n  \
             @bottom-right {{ content: {before} counter(page) {between} counter(pages) {after}; }}\n}}\n",
            id = css_string(&self.id),
            marks = css_string(&self.marks),
            kind = css_string(&self.kind),
            laboratory = css_string(&self.laboratory),
            before = css_string(&self.before),
            between = css_string(&self.between),
            after = css_string(&self.after),
        )
    }
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
