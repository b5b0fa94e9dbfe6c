//! Figures as inline SVG with a legend beside it. Series differ by dash and marker, not by colour
//! alone; levels carry a letter or number that the legend explains.

mod axes;
mod charts;
mod style;

use crate::document::{Contribution, Finding};
use crate::number::{significant, trimmed, with_unit};
use crate::words::say;
use certbench_model::figure::{Axis, FigureKind, Level};
use certbench_model::finding::Value;
use certbench_model::text::Lang;
use certbench_model::{Figure, Text, Unit};
use serde::Serialize;

/// A figure ready for the page.
#[derive(Serialize)]
pub(crate) struct Drawn {
    /// The drawing, with nothing in it that is not ours but escaped text.
    pub(crate) svg: String,
    pub(crate) title: String,
    /// For who does not see it: what it shows, over what.
    pub(crate) alt: String,
    pub(crate) legend: Vec<Entry>,
    /// Two of them fit beside each other.
    pub(crate) narrow: bool,
}

/// One line of a legend.
#[derive(Serialize)]
pub(crate) struct Entry {
    /// A small drawing of the line, marker or letter.
    pub(crate) swatch: String,
    pub(crate) text: String,
}

/// Draws a figure; `None` when there is no finite point in it.
pub(crate) fn draw(figure: &Figure, lang: Lang) -> Option<Drawn> {
    let svg = match figure.kind {
        FigureKind::Curve => charts::curve(figure, lang),
        FigureKind::Scatter => charts::scatter(figure, lang),
        FigureKind::Intervals => charts::intervals(figure, lang),
    }?;
    Some(Drawn {
        svg,
        title: figure.title.get(lang).to_string(),
        alt: alt(figure).get(lang).to_string(),
        legend: legend(figure, lang),
        narrow: figure.kind == FigureKind::Scatter,
    })
}

/// Title and axes in words.
fn alt(figure: &Figure) -> Text {
    let of = |lang| {
        let axis = |axis| axes::description(axis, lang);
        let values = |x: String, y: String| {
            [
                ("title", figure.title.get(lang).to_string()),
                ("x", x),
                ("y", y),
            ]
        };
        let said = match figure.kind {
            FigureKind::Curve | FigureKind::Scatter => {
                say("figure.alt", &values(axis(&figure.x), axis(&figure.y)))
            }
            FigureKind::Intervals => {
                say("figure.alt-rows", &values(axis(&figure.y), String::new()))
            }
        };
        said.get(lang).to_string()
    };
    Text::new(of(Lang::En), of(Lang::Zh))
}

/// The same figure with both languages where its English was.
pub(crate) fn both(figure: &Figure) -> Figure {
    let mut figure = figure.clone();
    let levels = figure.limits.iter_mut().chain(&mut figure.events);
    let named = levels.map(|l| &mut l.name);
    let of_series = figure.series.iter_mut();
    let of_series = of_series.flat_map(|s| std::iter::once(&mut s.name).chain(&mut s.labels));
    let axes = [&mut figure.title, &mut figure.x.label, &mut figure.y.label];
    for text in named.chain(of_series).chain(axes) {
        text.en = joined(text);
    }
    figure
}

fn joined(text: &Text) -> String {
    match text.en == text.zh {
        true => text.en.clone(),
        false => format!("{} {}", text.en, text.zh),
    }
}

/// [`budget`] with both languages beside each other.
pub(crate) fn budget_both(finding: &Finding) -> Option<Drawn> {
    bars(finding, joined)
}

/// The contributions to an uncertainty as bars, the largest first; `None` for fewer than two.
pub(crate) fn budget(finding: &Finding, lang: Lang) -> Option<Drawn> {
    bars(finding, |text| text.get(lang).to_string())
}

fn bars(finding: &Finding, say_it: impl Fn(&Text) -> String) -> Option<Drawn> {
    let unit = match &finding.result {
        Some(Value::Quantity(m)) => m.unit,
        _ => return None,
    };
    let bar = |c: &Contribution| charts::Bar {
        label: say_it(&c.raw.name),
        value: c.raw.u,
        printed: with_unit(&c.u, unit),
    };
    let mut bars: Vec<_> = finding.budget.iter().map(bar).collect();
    bars.retain(|b| b.value.is_finite() && b.value >= 0.0);
    bars.sort_by(|a, b| b.value.total_cmp(&a.value));
    let axis = Axis {
        label: Text::same(say_it(&say("figure.budget-axis", &[]))),
        unit,
    };
    let svg = charts::bars(&bars, &axis, Lang::En).filter(|_| bars.len() > 1)?;
    let shortened = bars.iter().filter_map(|b| {
        let (short, full) = charts::shortened_label(&b.label)?;
        Some(Entry {
            swatch: String::new(),
            text: format!("{short} = {full}"),
        })
    });
    let title = say_it(&say("figure.budget", &[]));
    let across = axes::description(&axis, Lang::En);
    Some(Drawn {
        alt: say_it(&say(
            "figure.alt-rows",
            &[("title", title.clone()), ("x", across)],
        )),
        title,
        legend: shortened.collect(),
        svg,
        narrow: false,
    })
}

fn legend(figure: &Figure, lang: Lang) -> Vec<Entry> {
    let series = figure.series.iter().enumerate().map(|(i, s)| Entry {
        swatch: match figure.kind {
            FigureKind::Curve => style::line_swatch(i),
            FigureKind::Scatter if style::is_outline(s) => style::line_swatch(i),
            FigureKind::Scatter | FigureKind::Intervals => style::marker_swatch(i),
        },
        text: s.name.get(lang).to_string(),
    });
    let shortened = charts::shortened_labels(figure, lang).map(|(short, full)| Entry {
        swatch: String::new(),
        text: format!("{short} = {full}"),
    });
    let level = |tag: String, level: &Level, unit: Unit| {
        let at = percent_or(level.at, unit, figure.kind);
        Entry {
            swatch: style::tag_swatch(&tag),
            text: format!("{}: {at}", level.name.get(lang)),
        }
    };
    let limits = figure.limits.iter().enumerate();
    let events = figure.events.iter().enumerate();
    series
        .chain(limits.map(|(i, l)| level(limit_tag(i), l, figure.y.unit)))
        .chain(events.map(|(i, l)| level(event_tag(i), l, figure.x.unit)))
        .chain(shortened)
        .collect()
}

/// A level as a number with its unit; shares of an interval figure as percent.
fn percent_or(at: f64, unit: Unit, kind: FigureKind) -> String {
    if kind == FigureKind::Intervals && unit == Unit::one() {
        return format!("{} %", trimmed(significant(100.0 * at, 4)));
    }
    with_unit(&trimmed(significant(at, 5)), unit)
}

/// Limits have letters.
fn limit_tag(index: usize) -> String {
    let letter = u8::try_from(index % 26).unwrap_or(0) + b'A';
    char::from(letter).to_string()
}

/// Events have numbers.
fn event_tag(index: usize) -> String {
    (index + 1).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use certbench_model::Text;
    use certbench_model::figure::{Axis, Series};

    pub(super) fn figure(kind: FigureKind, points: Vec<[f64; 2]>) -> Figure {
        let axis = |name: &str, unit: &str| Axis {
            label: Text::new(name, "力 <&>"),
            unit: Unit::parse(unit).unwrap(),
        };
        Figure {
            title: Text::new("Force <script>", "力"),
            kind,
            x: axis("Time <b>", "s"),
            y: axis("Force \"&\"", "N"),
            series: vec![Series {
                name: Text::same("pull"),
                low: points.iter().map(|p| p[1] - 0.1).collect(),
                high: points.iter().map(|p| p[1] + 0.1).collect(),
                labels: vec![Text::same("<object>"); points.len()],
                points,
            }],
            limits: vec![Level {
                name: Text::same("lower limit"),
                at: 25.0,
            }],
            events: vec![Level {
                name: Text::same("trigger"),
                at: 0.5,
            }],
        }
    }

    const KINDS: [FigureKind; 3] = [
        FigureKind::Curve,
        FigureKind::Scatter,
        FigureKind::Intervals,
    ];

    /// Enough XML to see that tags nest and nothing foreign is inside.
    fn well_formed(svg: &str) {
        let mut open = Vec::new();
        for piece in svg.split('<').skip(1) {
            let (tag, text) = piece.split_once('>').expect("a tag ends");
            assert!(!text.contains('>'), "{text}");
            if let Some(name) = tag.strip_prefix('/') {
                assert_eq!(open.pop(), Some(name.trim()), "{svg}");
            } else if !tag.ends_with('/') {
                open.push(tag.split_whitespace().next().unwrap());
            }
            assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
            for entity in text.split('&').skip(1) {
                let name = entity.split(';').next().unwrap();
                assert!(
                    ["lt", "gt", "amp", "quot", "apos"].contains(&name),
                    "{text}"
                );
            }
        }
        assert!(open.is_empty());
        assert!(!svg.contains("<script") && !svg.contains("<b>"));
        assert!(!svg.contains("NaN") && !svg.contains("inf"));
    }

    #[test]
    fn drawings_are_well_formed_whatever_the_labels_say() {
        let points: Vec<_> = (0..500)
            .map(|i| [f64::from(i) / 100.0, 30.0 - f64::from(i) / 50.0])
            .collect();
        for kind in KINDS {
            for lang in [Lang::En, Lang::Zh] {
                let few = match kind {
                    FigureKind::Intervals => points[..5].to_vec(),
                    _ => points.clone(),
                };
                let drawn = draw(&figure(kind, few), lang).unwrap();
                well_formed(&drawn.svg);
                assert_eq!(drawn.legend.len(), 3);
                drawn.legend.iter().for_each(|e| well_formed(&e.swatch));
            }
        }
    }

    #[test]
    fn points_that_are_no_numbers_and_flat_or_huge_data_are_drawn_or_left_out() {
        for kind in KINDS {
            assert!(draw(&figure(kind, vec![]), Lang::En).is_none());
            assert!(draw(&figure(kind, vec![[f64::NAN; 2]]), Lang::En).is_none());
            for points in [
                vec![[0.0, 0.0]],
                vec![[1.0, 7.0]; 3],
                vec![[0.0, 1e300], [1.0, -1e300]],
                vec![[0.0, 1e-300], [1.0, f64::INFINITY], [2.0, 3.0]],
                vec![[1e9, 1.0], [1e9 + 1e-7, 1.0]],
            ] {
                let drawn = draw(&figure(kind, points), Lang::En).unwrap();
                well_formed(&drawn.svg);
            }
        }
    }
}
