//! A report's page (HTML that is well-formed XML) as a tree that the template can set.
//!
//! Nothing is dropped in silence: an element that is not known here is an error. Only what a printed
//! page has in another way is left out: the style sheet and the watermarks, which are in the
//! template's margins and background.

use crate::Error;
use base64ct::{Base64, Encoding};
use roxmltree::{Document, Node, ParsingOptions};
use serde_json::{Map, Value, json};

/// A page as the template gets it.
pub(crate) struct Page {
    /// Language, title, margins, and the tree under `body`.
    pub(crate) data: Value,
    /// The report's number, or what stands for it in a draft.
    pub(crate) id: String,
    /// `2026-11-22T02:26:54Z`.
    pub(crate) utc: String,
    /// Pictures that it has within itself, by the names that the tree calls them.
    pub(crate) pictures: Vec<(String, Vec<u8>)>,
}

/// Elements that are set as they are called.
const KNOWN: [&str; 27] = [
    "a",
    "article",
    "br",
    "code",
    "div",
    "em",
    "figcaption",
    "figure",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "header",
    "img",
    "li",
    "main",
    "p",
    "pre",
    "section",
    "small",
    "span",
    "strong",
    "sub",
    "sup",
    "table",
    "ul",
];

/// Elements that stand in a line of text.
const INLINE: [&str; 11] = [
    "a", "br", "code", "em", "img", "small", "span", "strong", "sub", "sup", "svg",
];

/// Text of this many letters may be broken although the page would rather not.
const UNBROKEN_MOST: usize = 40;
/// A row with more text than this may be broken over two pages.
const ROW_MOST: usize = 1200;
/// A word of this many letters gets places where it may be broken.
const WORD_MOST: usize = 18;

/// Reads a page.
///
/// # Errors
/// [`Error::Page`] for what is no page of a report.
pub(crate) fn read(text: &str) -> Result<Page, Error> {
    let clean = printable(text);
    let options = ParsingOptions {
        allow_dtd: true,
        nodes_limit: 50_000_000,
        ..ParsingOptions::default()
    };
    let document = Document::parse_with_options(&clean, options)
        .map_err(|e| Error::Page(format!("it is not well-formed: {e}")))?;
    let root = document.root_element();
    let find = |name: &str| {
        let mut all = root.descendants();
        all.find(|n| n.tag_name().name() == name)
            .ok_or_else(|| Error::Page(format!("it has no `{name}`")))
    };
    let mut margins = Map::new();
    for meta in root.descendants().filter(|n| n.has_tag_name("meta")) {
        if let (Some(name), Some(content)) = (meta.attribute("name"), meta.attribute("content"))
            && let Some(name) = name.strip_prefix("certbench.")
        {
            margins.insert(name.to_string(), json!(content));
        }
    }
    let margin = |name: &str| {
        let value = margins.get(name).and_then(Value::as_str);
        value
            .map(str::to_string)
            .ok_or_else(|| Error::Page(format!("it does not say `certbench.{name}`")))
    };
    let (id, utc) = (margin("id")?, margin("utc")?);
    let mut walk = Walk {
        source: &clean,
        level: 0,
        colour: None,
        narrow: false,
        pictures: Vec::new(),
    };
    let body = walk.children(find("body")?)?;
    let lang = root.attribute("lang").unwrap_or("en");
    let data = json!({
        "lang": lang.split('-').next(),
        "title": find("title")?.text().unwrap_or_default().trim(),
        "margins": margins,
        "body": body,
    });
    let pictures = walk.pictures;
    Ok(Page {
        data,
        id,
        utc,
        pictures,
    })
}

/// What XML cannot hold, and no page shows, replaced by U+FFFD.
fn printable(text: &str) -> String {
    let fits = |c: &char| !c.is_control() || matches!(c, '\t' | '\n' | '\r');
    let one = |c: char| if fits(&c) { c } else { '\u{FFFD}' };
    text.chars().map(one).collect()
}

struct Walk<'a> {
    source: &'a str,
    /// Of the heading before.
    level: u32,
    /// Of the text around, where a drawing takes its own from it.
    colour: Option<&'static str>,
    /// Inside a figure that has half of the page's width.
    narrow: bool,
    pictures: Vec<(String, Vec<u8>)>,
}

impl Walk<'_> {
    fn children(&mut self, node: Node<'_, '_>) -> Result<Vec<Value>, Error> {
        let mut list = Vec::new();
        for child in node.children() {
            if child.is_text() {
                let text = collapsed(child.text().unwrap_or_default());
                match (list.last_mut(), text) {
                    (Some(Value::String(before)), text) => before.push_str(&text),
                    (_, text) => list.push(Value::String(text)),
                }
            } else if child.is_element()
                && let Some(value) = self.element(child)?
            {
                list.push(value);
            }
        }
        Ok(paired(trimmed(list)))
    }

    fn element(&mut self, node: Node<'_, '_>) -> Result<Option<Value>, Error> {
        let tag = node.tag_name().name();
        let class = node.attribute("class").unwrap_or_default();
        let classes: Vec<&str> = class.split_whitespace().collect();
        if classes.contains(&"watermark") {
            return Ok(None); // in the template's background
        }
        let around = self.colour;
        self.colour = colour(&classes).or(around);
        if tag == "figure" {
            self.narrow = classes.contains(&"narrow");
        }
        let value = match tag {
            "svg" => Some(self.drawing(node, "")),
            _ if classes.contains(&"plot") => {
                let says = node.attribute("aria-label").unwrap_or_default();
                let inside = node.children().find(|n| n.tag_name().name() == "svg");
                match inside {
                    Some(svg) if !says.is_empty() => Some(self.drawing(svg, says)),
                    _ => return Err(Error::Page("a figure has no words beside it".into())),
                }
            }
            "table" => Some(self.table(node, &classes)?),
            "pre" => Some(json!({"t": "pre", "text": node.text().unwrap_or_default()})),
            _ if KNOWN.contains(&tag) => Some(self.plain(node, tag, &classes)?),
            _ => return Err(Error::Page(format!("the element `{tag}` cannot be set"))),
        };
        self.colour = around;
        Ok(value)
    }

    /// An element with its classes, its place and its children.
    fn plain(&mut self, node: Node<'_, '_>, tag: &str, classes: &[&str]) -> Result<Value, Error> {
        let mut out = Map::new();
        out.insert("t".into(), json!(tag));
        if let Some(level) = tag.strip_prefix('h').and_then(|l| l.parse::<u32>().ok()) {
            // A heading is at most one below the one before.
            self.level = level.min(self.level + 1);
            out.insert("level".into(), json!(self.level));
        }
        if !classes.is_empty() {
            out.insert("c".into(), json!(classes));
        }
        for name in ["id", "href", "lang", "alt"] {
            if let Some(value) = node.attribute(name) {
                out.insert(name.into(), json!(value));
            }
        }
        if tag == "img" {
            let name = self.picture(node.attribute("src").unwrap_or_default())?;
            out.insert("src".into(), json!(name));
        }
        if let Some(style) = node.attribute("style") {
            let depth = style.strip_prefix("--depth:").map(str::trim);
            if let Some(depth) = depth.and_then(|d| d.parse::<u32>().ok()) {
                out.insert("depth".into(), json!(depth.min(20)));
            }
        }
        let kids = self.children(node)?;
        let long = length(&kids) > UNBROKEN_MOST;
        if classes.contains(&"n") && !long {
            out.insert("whole".into(), json!(true));
        }
        out.insert("k".into(), Value::Array(kids));
        Ok(Value::Object(out))
    }

    /// A picture within the page itself; no other is ever read.
    fn picture(&mut self, source: &str) -> Result<String, Error> {
        let kinds = [("svg+xml", "svg"), ("png", "png")];
        let found = kinds.iter().find_map(|(kind, end)| {
            let text = source.strip_prefix(&format!("data:image/{kind};base64,"))?;
            Some((Base64::decode_vec(text).ok()?, end))
        });
        let (bytes, end) = found.ok_or_else(|| Error::Page("a picture is not in it".into()))?;
        let name = format!("picture-{}.{end}", self.pictures.len());
        self.pictures.push((name.clone(), bytes));
        Ok(name)
    }

    /// A drawing; without words it is an ornament beside words.
    fn drawing(&self, node: Node<'_, '_>, says: &str) -> Value {
        let text = self.source.get(node.range()).unwrap_or_default();
        let rest = text.strip_prefix("<svg").unwrap_or(text);
        let mut svg = String::from("<svg");
        if !rest.contains("xmlns=") {
            svg.push_str(" xmlns=\"http://www.w3.org/2000/svg\"");
        }
        if let Some(colour) = self.colour {
            svg.push_str(&format!(" color=\"{colour}\""));
        }
        svg.push_str(rest);
        let swatch = node.attribute("class") == Some("swatch");
        json!({"t": "svg", "svg": svg, "alt": says, "swatch": swatch, "narrow": self.narrow})
    }

    fn table(&mut self, node: Node<'_, '_>, classes: &[&str]) -> Result<Value, Error> {
        let (mut head, mut body, mut widths) = (Vec::new(), Vec::new(), Vec::new());
        for col in node.descendants().filter(|n| n.has_tag_name("col")) {
            let style = col.attribute("style").unwrap_or_default();
            let width = style.strip_prefix("width:").map(str::trim);
            let width = width.and_then(|w| w.strip_suffix('%')?.parse::<f64>().ok());
            widths.push(json!(width.unwrap_or(10.0)));
        }
        for row in node.descendants().filter(|n| n.has_tag_name("tr")) {
            let cells = self.row(row)?;
            match row.parent().is_some_and(|p| p.has_tag_name("thead")) {
                true => head.push(cells),
                false => body.push(cells),
            }
        }
        let span = |cell: &Value| cell.get("span").and_then(Value::as_u64).unwrap_or(1);
        let wide = |row: &Value| {
            let cells = row.get("cells").and_then(Value::as_array);
            cells.map_or(0, |cells| cells.iter().map(span).sum::<u64>())
        };
        let columns = head.iter().chain(&body).map(wide).max().unwrap_or(0);
        Ok(json!({
            "t": "table", "c": classes, "id": node.attribute("id"),
            "columns": columns, "widths": widths, "head": head, "body": body,
        }))
    }

    fn row(&mut self, row: Node<'_, '_>) -> Result<Value, Error> {
        let (mut cells, mut letters) = (Vec::new(), 0);
        for cell in row.children().filter(Node::is_element) {
            let class = cell.attribute("class").unwrap_or_default();
            let span = cell.attribute("colspan").and_then(|s| s.parse().ok());
            let kids = self.children(cell)?;
            letters += length(&kids);
            cells.push(json!({
                "k": kids,
                "c": class.split_whitespace().collect::<Vec<_>>(),
                "span": span.unwrap_or(1_u32),
                "th": cell.has_tag_name("th"),
                "id": cell.attribute("id"),
            }));
        }
        Ok(json!({
            "cells": cells,
            "c": row.attribute("class"),
            "id": row.attribute("id"),
            "long": letters > ROW_MOST,
        }))
    }
}

/// What a class paints its text with: the same as the page's style sheet.
fn colour(classes: &[&str]) -> Option<&'static str> {
    classes.iter().find_map(|class| match *class {
        "pass" | "conditional-pass" => Some("#0a5a9c"),
        "fail" | "conditional-fail" => Some("#a63a00"),
        "not-tested" | "reported" => Some("#555b63"),
        _ => None,
    })
}

/// White space as a page shows it; long words get places where a line may end.
fn collapsed(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut word = 0;
    for c in text.chars() {
        if matches!(c, ' ' | '\t' | '\n' | '\r') {
            if !out.ends_with(' ') {
                out.push(' ');
            }
            word = 0;
            continue;
        }
        word = if c.is_ascii_alphanumeric() || matches!(c, '_' | '.') {
            word + 1
        } else {
            0
        };
        if word > WORD_MOST {
            out.push('\u{200B}');
            word = 1;
        }
        out.push(c);
    }
    out
}

/// Without the white space at the ends and beside whatever is no part of a line.
fn trimmed(list: Vec<Value>) -> Vec<Value> {
    let in_line = |value: &Value| match value {
        Value::String(_) => true,
        element => {
            let tag = element.get("t").and_then(Value::as_str);
            tag.is_some_and(|tag| tag != "br" && INLINE.contains(&tag))
        }
    };
    let flows: Vec<bool> = list.iter().map(in_line).collect();
    let flow = |i: Option<usize>| i.and_then(|i| flows.get(i)).is_some_and(|flows| *flows);
    let one = |(i, value): (usize, Value)| {
        let Value::String(text) = value else {
            return Some(value);
        };
        let mut text = text.as_str();
        if !flow(i.checked_sub(1)) {
            text = text.trim_start_matches(' ');
        }
        if !flow(i.checked_add(1)) {
            text = text.trim_end_matches(' ');
        }
        (!text.is_empty()).then(|| Value::String(text.to_string()))
    };
    list.into_iter().enumerate().filter_map(one).collect()
}

/// Narrow figures beside each other, two by two.
fn paired(list: Vec<Value>) -> Vec<Value> {
    let narrow = |v: &Value| {
        let classes = v.get("c").and_then(Value::as_array);
        v.get("t") == Some(&json!("figure"))
            && classes.is_some_and(|c| c.contains(&json!("narrow")))
    };
    let mut out: Vec<Value> = Vec::with_capacity(list.len());
    let mut open = false;
    for value in list {
        let fits = narrow(&value);
        if fits
            && open
            && let Some(Value::Array(pair)) = out.last_mut().and_then(|p| p.get_mut("k"))
        {
            pair.push(value);
            open = false;
        } else if fits {
            out.push(json!({"t": "pair", "k": [value]}));
            open = true;
        } else {
            out.push(value);
            open = false;
        }
    }
    out
}

/// Letters of all text.
fn length(list: &[Value]) -> usize {
    let one = |value: &Value| match value {
        Value::String(text) => text.chars().count(),
        element => {
            let kids = element.get("k").and_then(Value::as_array);
            kids.map_or(0, |k| length(k))
        }
    };
    list.iter().map(one).sum()
}
