//! Templates: steps with parameters, written out where a suite uses them, before anything is read.
//! What comes out is a `block` that says where it is from, so a plan shows every step.
//!
//! A template stands for itself: it sees its own parameters and nothing of the suite around it, and
//! it uses no other template. So it means the same everywhere, and writing out always ends.

use crate::check::literal::{filled, identifier, text, unknown};
use crate::check::shared::version;
use crate::complaint::{Complaint, Sink, Span};
use crate::sources::Sources;
use crate::written::template::Template as Written;
use crate::yaml::{self, Body, Entries, Key, Node};
use std::collections::{BTreeMap, BTreeSet};

/// Most values of a suite with all its templates written out.
const NODES_MAX: usize = 100_000;

/// A template that was read.
#[derive(Clone, Debug)]
pub(crate) struct Template {
    name: String,
    version: String,
    /// Parameter to its default.
    parameters: BTreeMap<String, Option<Node>>,
    steps: Node,
}

/// Reads a template file.
pub(crate) fn read(sources: &Sources, file: u16, sink: &Sink) -> Option<Template> {
    let node = yaml::parse(file, sources.content(file), sink)?;
    let written: Written = yaml::read(&node, sink)?;
    version(&written.certbench, sink);
    text(&written.title, sink);
    let name = written.template.get();
    let name = name.and_then(|n| identifier(n, written.template.span, "a template", sink));
    let release = filled(&written.version, sink);
    let steps = entry(&node, "steps")?.clone();
    let defaults = entry(&node, "parameters");
    let mut parameters = BTreeMap::new();
    let entries = written.parameters.as_ref().and_then(|p| p.get());
    for (name, span, parameter) in entries.into_iter().flat_map(Entries::iter) {
        identifier(name, span, "a parameter", sink);
        if let Some(parameter) = parameter.get() {
            text(&parameter.title, sink);
        }
        let default = defaults.and_then(|d| entry(entry(d, name)?, "default"));
        parameters.insert(name.to_string(), default.cloned());
    }
    names_are_its_own(&steps, &parameters, sink);
    Some(Template {
        name: name?,
        version: release?,
        parameters,
        steps,
    })
}

/// Every `$name` is a parameter of the template, every parameter is used, and no template is inside.
fn names_are_its_own(steps: &Node, parameters: &BTreeMap<String, Option<Node>>, sink: &Sink) {
    let mut used = BTreeSet::new();
    walk(steps, &mut |node| match &node.body {
        Body::Scalar { text, .. } => {
            for name in dollars(text) {
                if !parameters.contains_key(name) {
                    let names = parameters.keys().map(String::as_str);
                    let what = "parameter of the template";
                    sink.push(unknown("unknown-parameter", what, name, node.span, names));
                }
                used.insert(name.to_string());
            }
            let braced = parameters
                .keys()
                .filter(|p| text.contains(&format!("{{{p}}}")));
            used.extend(braced.cloned());
        }
        Body::Map(entries) => {
            if self::used(node).is_some() {
                let message = "a template uses no other template";
                sink.push(Complaint::new("nested-template", node.head, message));
            }
            for (key, _) in entries {
                let braced = parameters
                    .keys()
                    .filter(|p| key.text.contains(&format!("{{{p}}}")));
                used.extend(braced.cloned());
            }
        }
        _ => {}
    });
    for name in parameters.keys().filter(|p| !used.contains(*p)) {
        let message = format!("the parameter `{name}` is never used");
        sink.push(Complaint::new("unused", steps.head, message).warning());
    }
}

/// Writes out every `use` of a suite.
pub(crate) fn write_out(suite: &mut Node, templates: &BTreeMap<String, Template>, sink: &Sink) {
    let mut room = NODES_MAX;
    let Body::Map(entries) = &mut suite.body else {
        return;
    };
    for (key, node) in entries {
        if key.text == "cases"
            && let Body::List(cases) = &mut node.body
        {
            for case in cases {
                let mut out = WriteOut::new(templates, sink, &mut room);
                out.inside(case);
            }
        } else if key.text == "finally" {
            let mut out = WriteOut::new(templates, sink, &mut room);
            out.inside(node);
        }
    }
}

struct WriteOut<'a> {
    templates: &'a BTreeMap<String, Template>,
    sink: &'a Sink,
    room: &'a mut usize,
    /// Ids that templates have brought into this case, with where.
    ids: BTreeMap<String, Span>,
}

impl<'a> WriteOut<'a> {
    fn new(
        templates: &'a BTreeMap<String, Template>,
        sink: &'a Sink,
        room: &'a mut usize,
    ) -> WriteOut<'a> {
        WriteOut {
            templates,
            sink,
            room,
            ids: BTreeMap::new(),
        }
    }

    fn inside(&mut self, node: &mut Node) {
        match &mut node.body {
            Body::List(nodes) => {
                for node in nodes {
                    if let Some(used) = used(node) {
                        let out = self.one(used, node.span, node.head);
                        *node = out;
                    } else {
                        self.inside(node);
                    }
                }
            }
            Body::Map(entries) => entries.iter_mut().for_each(|(_, n)| self.inside(n)),
            _ => {}
        }
    }

    /// One `use` as a block; what could not be written out is refused, with its complaint.
    fn one(&mut self, used: &Node, span: Span, head: Span) -> Node {
        let refused = Node {
            span,
            head,
            body: Body::Refused,
        };
        let Some(block) = self.block(used, head) else {
            return refused;
        };
        let mut size = 0;
        walk(&block, &mut |_| size += 1);
        match self.room.checked_sub(size) {
            Some(left) => *self.room = left,
            None => {
                let message =
                    format!("more than {NODES_MAX} values with all templates written out");
                self.sink.push(Complaint::new("too-large", head, message));
                return refused;
            }
        }
        block
    }

    fn block(&mut self, used: &Node, head: Span) -> Option<Node> {
        self.only_keys(used, &["template", "version", "with"]);
        let name = self.scalar(used, "template", head)?;
        let release = self.scalar(used, "version", head)?;
        let Some(template) = self.templates.get(text_of(name)) else {
            let names = self.templates.keys().map(String::as_str);
            let wrong = unknown(
                "unknown-template",
                "template",
                text_of(name),
                name.span,
                names,
            );
            self.sink.push(wrong);
            return None;
        };
        if text_of(release) != template.version {
            let message = format!(
                "`{}` is there in version {}, not {}",
                template.name,
                template.version,
                text_of(release)
            );
            let complaint = Complaint::new("other-version", release.span, message);
            self.sink
                .push(complaint.note("another version may do something else: look at it first"));
            return None;
        }
        let values = self.values(template, entry(used, "with"), name.span)?;
        let mut steps = template.steps.clone();
        fill(&mut steps, &values);
        self.ids_are_new(&steps, name.span);
        let from = format!("{} {}", template.name, template.version);
        let scalar = |text: &str| Node {
            span: name.span,
            head,
            body: Body::Scalar {
                text: text.to_string(),
                plain: true,
            },
        };
        let map = |entries: Vec<(&str, Node)>| Node {
            span: used.span,
            head,
            body: Body::Map(
                entries
                    .into_iter()
                    .map(|(key, node)| {
                        let key = Key {
                            text: key.to_string(),
                            span: head,
                        };
                        (key, node)
                    })
                    .collect(),
            ),
        };
        let block = map(vec![
            ("id", scalar(&template.name)),
            ("template", scalar(&from)),
            ("steps", steps),
        ]);
        Some(map(vec![("block", block)]))
    }

    fn values(
        &self,
        template: &Template,
        with: Option<&Node>,
        at: Span,
    ) -> Option<BTreeMap<String, Node>> {
        let mut values = BTreeMap::new();
        let given = match with.map(|w| &w.body) {
            Some(Body::Map(entries)) => entries.as_slice(),
            _ => &[],
        };
        let mut complete = true;
        for (key, value) in given {
            if !template.parameters.contains_key(&key.text) {
                let names = template.parameters.keys().map(String::as_str);
                let what = format!("parameter of `{}`", template.name);
                let wrong = unknown("unknown-parameter", &what, &key.text, key.span, names);
                self.sink.push(wrong);
                complete = false;
            }
            if !matches!(value.body, Body::Scalar { .. }) {
                let message = "a parameter of a template is a single value";
                self.sink
                    .push(Complaint::new("wrong-type", value.span, message));
                complete = false;
            }
            values.insert(key.text.clone(), value.clone());
        }
        for (name, default) in &template.parameters {
            match default {
                _ if values.contains_key(name) => {}
                Some(default) => {
                    values.insert(name.clone(), default.clone());
                }
                None => {
                    let message = format!("`{}` needs a value for `{name}`", template.name);
                    let complaint = Complaint::new("missing-key", at, message);
                    self.sink
                        .push(complaint.help(format!("add it under `with`: `{name}: …`")));
                    complete = false;
                }
            }
        }
        complete.then_some(values)
    }

    /// A template that is used twice in a case would bring its windows and trials twice. (Ids that
    /// come from parameters are looked at where they are read.)
    fn ids_are_new(&mut self, steps: &Node, at: Span) {
        let mut ids = Vec::new();
        walk(steps, &mut |node| {
            let own = |id: &&Node| id.span.file == steps.span.file;
            if let Some(id) = entry(node, "id").filter(own) {
                ids.push(text_of(id).to_string());
            }
        });
        for id in ids {
            if let Some(first) = self.ids.insert(id.clone(), at).filter(|first| *first != at) {
                let message = format!("the template brings `{id}` into this case a second time");
                let complaint = Complaint::new("duplicate-id", at, message);
                self.sink.push(
                    complaint
                        .also(first, "first here")
                        .help("give the template a parameter for its id: `id: $id`"),
                );
            }
        }
    }

    fn only_keys(&self, node: &Node, known: &[&str]) {
        let Body::Map(entries) = &node.body else {
            return;
        };
        for (key, _) in entries
            .iter()
            .filter(|(k, _)| !known.contains(&k.text.as_str()))
        {
            let names = known.iter().copied();
            self.sink
                .push(unknown("unknown-key", "key", &key.text, key.span, names));
        }
    }

    fn scalar<'n>(&self, node: &'n Node, key: &str, head: Span) -> Option<&'n Node> {
        let found = entry(node, key).filter(|n| matches!(n.body, Body::Scalar { .. }));
        if found.is_none() {
            let message = format!("the key `{key}` is missing");
            let complaint = Complaint::new("missing-key", head, message);
            self.sink.push(
                complaint.help("write `use: { template: name, version: 0.1.0, with: { … } }`"),
            );
        }
        found
    }
}

/// What a `use` step holds.
fn used(node: &Node) -> Option<&Node> {
    match &node.body {
        Body::Map(entries) if entries.len() == 1 => {
            let (key, value) = entries.first()?;
            (key.text == "use").then_some(value)
        }
        _ => None,
    }
}

fn entry<'n>(node: &'n Node, key: &str) -> Option<&'n Node> {
    match &node.body {
        Body::Map(entries) => entries.iter().find(|(k, _)| k.text == key).map(|(_, n)| n),
        _ => None,
    }
}

fn text_of(node: &Node) -> &str {
    match &node.body {
        Body::Scalar { text, .. } => text,
        _ => "",
    }
}

fn walk(node: &Node, see: &mut impl FnMut(&Node)) {
    see(node);
    match &node.body {
        Body::List(nodes) => nodes.iter().for_each(|n| walk(n, see)),
        Body::Map(entries) => entries.iter().for_each(|(_, n)| walk(n, see)),
        _ => {}
    }
}

/// Puts values in the place of parameters. A whole value `$name` becomes the given one, with the
/// place where it is written; inside of a text it becomes its words.
fn fill(node: &mut Node, values: &BTreeMap<String, Node>) {
    match &mut node.body {
        Body::List(nodes) => nodes.iter_mut().for_each(|n| fill(n, values)),
        Body::Map(entries) => {
            for (key, node) in entries {
                if key.text.contains(['$', '{']) {
                    key.text = filled_in(&key.text, values);
                }
                fill(node, values);
            }
        }
        Body::Scalar { text, .. } => {
            let whole = text.strip_prefix('$').and_then(|name| values.get(name));
            if let Some(value) = whole {
                let head = node.head;
                *node = Node {
                    head,
                    ..value.clone()
                };
            } else if text.contains(['$', '{']) {
                *text = filled_in(text, values);
            }
        }
        _ => {}
    }
}

fn filled_in(text: &str, values: &BTreeMap<String, Node>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['$', '{']) {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let dollar = from.starts_with('$');
        let inner = from.get(1..).unwrap_or_default();
        let length = match dollar {
            true => name_length(inner),
            false => inner.find('}').unwrap_or(inner.len()),
        };
        let name = inner.get(..length).unwrap_or_default();
        let closed = dollar || inner.get(length..).is_some_and(|r| r.starts_with('}'));
        let whole = 1 + length + usize::from(!dollar && closed);
        match values.get(name).filter(|_| closed) {
            Some(value) => out.push_str(text_of(value)),
            None => out.push_str(from.get(..whole).unwrap_or(from)),
        }
        rest = from.get(whole..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

/// Bytes of the name that a text begins with.
fn name_length(text: &str) -> usize {
    let part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    text.find(|c| !part(c)).unwrap_or(text.len())
}

/// Every `$name` of a text.
fn dollars(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices('$').filter_map(|(at, _)| {
        let inner = text.get(at + 1..)?;
        inner.get(..name_length(inner)).filter(|n| !n.is_empty())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(all: &[(&str, &str)]) -> BTreeMap<String, Node> {
        let node = |text: &str| Node {
            span: Span::default(),
            head: Span::default(),
            body: Body::Scalar {
                text: text.to_string(),
                plain: true,
            },
        };
        all.iter()
            .map(|(k, v)| ((*k).to_string(), node(v)))
            .collect()
    }

    #[test]
    fn parameters_are_filled_in_and_what_is_none_stays() {
        let values = values(&[("force", "5 N"), ("object", "{row}")]);
        let fill = |text| filled_in(text, &values);
        assert_eq!(fill("force < 0.5 * $force"), "force < 0.5 * 5 N");
        assert_eq!(
            fill("Mount {object}, then {other}."),
            "Mount {row}, then {other}."
        );
        assert_eq!(fill("$forces and $ {"), "$forces and $ {");
        assert_eq!(fill("é$force"), "é5 N");
    }
}
