//! Text to a tree whose every node knows its place. Limits on depth and nodes hold before anything
//! is built from it.

use crate::complaint::{Complaint, Sink, Span};
use serde_saphyr::granit_parser::{Event, Options, Parser, ScalarStyle, ScanError};

/// Deepest nesting.
const DEPTH_MAX: usize = 48;
/// Most scalars, lists and mappings of a file.
const NODES_MAX: usize = 20_000;

/// A node of a file.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) span: Span,
    /// Where to point when something is missing inside: the key that leads here, or the first word.
    pub(crate) head: Span,
    pub(crate) body: Body,
}

/// What a node is.
#[derive(Clone, Debug)]
pub(crate) enum Body {
    /// Text; `plain` when it was written without quotes.
    Scalar { text: String, plain: bool },
    /// A list.
    List(Vec<Node>),
    /// A mapping, in its order.
    Map(Vec<(Key, Node)>),
    /// Nothing where something is due.
    Empty,
    /// Something that has had its complaint already.
    Refused,
}

impl Node {
    /// The keys, if it is a mapping.
    pub(crate) fn keys(&self) -> Vec<&str> {
        match &self.body {
            Body::Map(entries) => entries.iter().map(|(k, _)| k.text.as_str()).collect(),
            _ => Vec::new(),
        }
    }
}

/// A key of a mapping.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(crate) text: String,
    pub(crate) span: Span,
}

/// A collection that is being filled.
struct Open {
    span: Span,
    parts: Parts,
}

enum Parts {
    List(Vec<Node>),
    Map(Vec<(Key, Node)>, Option<Key>),
}

/// The tree of a file, or `None` when it is no YAML at all (with the complaint).
pub(crate) fn parse(file: u16, text: &str, sink: &Sink) -> Option<Node> {
    let mut options = Options::default();
    options.disallow_directives = true;
    options.flow_nesting_limit = DEPTH_MAX;
    options.block_nesting_limit = DEPTH_MAX;
    let mut builder = Builder {
        file,
        text,
        sink,
        stack: Vec::new(),
        root: None,
        nodes: 0,
        documents: 0,
    };
    for event in Parser::new_from_str_with_options(text, options) {
        let step = match event {
            Ok((event, span)) => builder.take(event, builder.span(span.byte_range())),
            Err(error) => Err(builder.syntax(&error)),
        };
        if let Err(complaint) = step {
            sink.push(complaint);
            return None;
        }
    }
    if builder.root.is_none() {
        let start = Span {
            file,
            ..Span::default()
        };
        sink.push(Complaint::new("empty-file", start, "the file is empty"));
    }
    builder.root
}

struct Builder<'a> {
    file: u16,
    text: &'a str,
    sink: &'a Sink,
    stack: Vec<Open>,
    root: Option<Node>,
    nodes: usize,
    documents: usize,
}

impl Builder<'_> {
    /// The span without the blanks at its end.
    fn span(&self, range: Option<std::ops::Range<usize>>) -> Span {
        let range = range.unwrap_or_default();
        let text = self.text.get(range.clone()).unwrap_or_default();
        Span {
            file: self.file,
            start: range.start as u32,
            end: (range.start + text.trim_end().len()) as u32,
        }
    }

    fn syntax(&self, error: &ScanError) -> Complaint {
        let start = error.marker().byte_offset().unwrap_or(self.text.len());
        let at = Span {
            file: self.file,
            start: start.min(self.text.len()) as u32,
            end: (start + 1).min(self.text.len()) as u32,
        };
        Complaint::new("yaml-syntax", at, format!("not YAML: {}", error.info()))
            .help("a text with `:`, `#`, `{`, `[`, `%` or `\"` at a telling place needs quotes")
    }

    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), Complaint> {
        let tag_and_anchor = (event.tag().is_some(), event.anchor_id().is_some());
        if event.is_node() {
            self.count(span)?;
            self.bare(tag_and_anchor, span);
        }
        match event {
            Event::DocumentStart(..) => self.document(span),
            Event::Scalar(text, style, ..) => {
                self.scalar(text.into_owned(), style, span);
                Ok(())
            }
            Event::SequenceStart(..) => self.open(span, Parts::List(Vec::new())),
            Event::MappingStart(..) => self.open(span, Parts::Map(Vec::new(), None)),
            Event::SequenceEnd | Event::MappingEnd => {
                self.close(span);
                Ok(())
            }
            Event::Alias(_) => {
                self.sink.push(no_anchors(span));
                self.put(span, Body::Refused);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn document(&mut self, span: Span) -> Result<(), Complaint> {
        self.documents += 1;
        if self.documents > 1 {
            let complaint =
                Complaint::new("several-documents", span, "a file holds one document only");
            return Err(complaint.help("take the `---` away, or make two files"));
        }
        Ok(())
    }

    fn count(&mut self, span: Span) -> Result<(), Complaint> {
        self.nodes += 1;
        if self.nodes > NODES_MAX {
            let message = format!("more than {NODES_MAX} values in one file");
            return Err(Complaint::new("too-large", span, message));
        }
        if self.stack.len() > DEPTH_MAX {
            let message = format!("nested deeper than {DEPTH_MAX} levels");
            return Err(Complaint::new("too-deep", span, message));
        }
        Ok(())
    }

    /// Neither tag nor anchor.
    fn bare(&self, (tag, anchor): (bool, bool), span: Span) {
        if anchor {
            self.sink.push(no_anchors(span));
        }
        if tag {
            let message = "tags (`!…`) are not part of this language";
            self.sink.push(Complaint::new("tag", span, message));
        }
    }

    fn scalar(&mut self, text: String, style: ScalarStyle, span: Span) {
        let plain = style == ScalarStyle::Plain;
        let empty = plain && matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL");
        let body = match empty {
            true => Body::Empty,
            false => Body::Scalar { text, plain },
        };
        self.put(span, body);
    }

    fn open(&mut self, span: Span, parts: Parts) -> Result<(), Complaint> {
        self.stack.push(Open { span, parts });
        Ok(())
    }

    fn close(&mut self, end: Span) {
        let Some(open) = self.stack.pop() else { return };
        let mut span = Span {
            end: end.end.max(open.span.start),
            ..open.span
        };
        let body = match open.parts {
            Parts::List(nodes) => Body::List(nodes),
            Parts::Map(entries, _) => Body::Map(entries),
        };
        let text = self.text.get(span.start as usize..span.end as usize);
        span.end = span.start + text.map_or(0, |t| t.trim_end().len()) as u32;
        self.put(span, body);
    }

    /// Puts a finished node into the collection around it.
    fn put(&mut self, span: Span, body: Body) {
        let head = first_word(self.text, span);
        let mut node = Node { span, head, body };
        match self.stack.last_mut().map(|o| &mut o.parts) {
            None => self.root = Some(node),
            Some(Parts::List(nodes)) => nodes.push(node),
            Some(Parts::Map(entries, pending)) => match pending.take() {
                None => *pending = Some(key(node, self.sink)),
                Some(key) => {
                    if matches!(node.body, Body::Empty) {
                        node.span = key.span;
                    }
                    node.head = key.span;
                    // A key without text has had its complaint.
                    if key.text.is_empty() {
                        return;
                    }
                    match entries.iter().find(|(k, _)| k.text == key.text) {
                        Some((first, _)) => self.sink.push(duplicate(&key, first.span)),
                        None => entries.push((key, node)),
                    }
                }
            },
        }
    }
}

fn no_anchors(span: Span) -> Complaint {
    Complaint::new(
        "anchor",
        span,
        "anchors (`&…`) and aliases (`*…`) are not part of this language",
    )
    .help("write it out, or put the rows into a table and repeat over it")
}

fn duplicate(key: &Key, first: Span) -> Complaint {
    let message = format!("`{}` is there twice", key.text);
    Complaint::new("duplicate-key", key.span, message).also(first, "first here")
}

fn key(node: Node, sink: &Sink) -> Key {
    let text = match node.body {
        Body::Scalar { text, .. } if text != "<<" => text,
        Body::Scalar { .. } => {
            sink.push(Complaint::new(
                "merge-key",
                node.span,
                "merge keys (`<<`) are not part of this language",
            ));
            String::new()
        }
        _ => {
            sink.push(Complaint::new(
                "bad-key",
                node.head,
                "a key is a plain word",
            ));
            String::new()
        }
    };
    Key {
        text,
        span: node.span,
    }
}

/// The first word of a span: enough to point at.
fn first_word(text: &str, span: Span) -> Span {
    let inside = text
        .get(span.start as usize..span.end as usize)
        .unwrap_or_default();
    let word = inside
        .find(|c: char| c.is_whitespace() || c == ':')
        .unwrap_or(inside.len());
    Span {
        end: span.start + word as u32,
        ..span
    }
}
