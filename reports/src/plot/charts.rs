//! The three kinds of figures.

use super::axes::{description, drawable, range, tick, widened};
use super::style::{self, Marker};
use super::{event_tag, limit_tag};
use certbench_model::figure::{Axis, FigureKind, Series};
use certbench_model::text::Lang;
use certbench_model::{Figure, Unit};
use plotters::chart::ChartContext;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use std::ops::Range;

type Chart<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;
type Drawing = Result<(), Box<dyn std::error::Error>>;

const FONT: &str = "sans-serif";
/// Room around the plot area: axis labels are estimated too narrow without fonts.
const LEFT: u32 = 78;
const BELOW: u32 = 50;
const MARGIN: u32 = 22;
/// Room for the labels of rows.
const LABEL_AREA: u32 = 255;
/// Letters of a label beside an interval figure.
const LABEL_MOST: usize = 34;

/// Lines over x.
pub(super) fn curve(figure: &Figure, lang: Lang) -> Option<String> {
    let (xs, ys) = extents(figure)?;
    paint((760, 340), |root| {
        let mut chart = axes(root, figure, lang, &xs, &ys, LEFT)?;
        for (i, series) in figure.series.iter().enumerate() {
            line(&mut chart, &finite(series), i)?;
        }
        levels(&mut chart, figure, &xs, &ys)
    })
}

/// Points, to the same scale on both axes where both have the same unit.
pub(super) fn scatter(figure: &Figure, lang: Lang) -> Option<String> {
    let (mut xs, mut ys) = extents(figure)?;
    if figure.x.unit == figure.y.unit {
        let (width, height) = (xs.end - xs.start, ys.end - ys.start);
        let span = width.max(height);
        xs = widened(&xs, span / width);
        ys = widened(&ys, span / height);
    }
    let side = 330;
    let size = (side + LEFT + 2 * MARGIN, side + BELOW + 2 * MARGIN);
    paint(size, |root| {
        let mut chart = axes(root, figure, lang, &xs, &ys, LEFT)?;
        for (i, series) in figure.series.iter().enumerate() {
            if style::is_outline(series) {
                line(&mut chart, &finite(series), i)?;
            } else {
                for point in finite(series) {
                    mark(&mut chart, point, i)?;
                }
            }
        }
        levels(&mut chart, figure, &xs, &ys)
    })
}

/// One row a label, the interval from left to right.
pub(super) fn intervals(figure: &Figure, lang: Lang) -> Option<String> {
    let rows = rows(figure, lang);
    if rows.is_empty() {
        return None;
    }
    let limits = figure.limits.iter().map(|l| l.at);
    let ends = rows.iter().flat_map(|r| [r.low, r.high, r.at]);
    let all = range(ends.chain(limits), 0.03)?;
    let share = figure.y.unit == Unit::one();
    let xs = if share && all.start > -0.1 && all.end < 1.1 {
        -0.02..1.02
    } else {
        all
    };
    let count = rows.len() as f64;
    let ys = -count + 0.3..0.7;
    let height = 34 * rows.len() as u32 + BELOW + 2 * MARGIN;
    paint((760, height), |root| {
        let mut chart = ChartBuilder::on(root)
            .margin(MARGIN)
            .x_label_area_size(BELOW)
            .y_label_area_size(LABEL_AREA)
            .build_cartesian_2d(xs.clone(), ys.clone())?;
        let label = |x: &f64| match share {
            true => format!("{} %", tick(100.0 * x, &(100.0 * xs.start..100.0 * xs.end))),
            false => tick(*x, &xs),
        };
        chart
            .configure_mesh()
            .max_light_lines(0)
            .disable_y_mesh()
            .bold_line_style(RGBColor(0xDD, 0xDD, 0xDD))
            .x_label_formatter(&label)
            .y_labels(0)
            .x_desc(description(&figure.y, lang))
            .label_style((FONT, 15))
            .axis_desc_style((FONT, 16))
            .draw()?;
        for (i, row) in rows.iter().enumerate() {
            let y = -(i as f64);
            interval(&mut chart, row, y, xs.start)?;
        }
        for (i, limit) in figure.limits.iter().enumerate() {
            upright(&mut chart, limit.at, &ys, &limit_tag(i), style::LIMIT, 0)?;
        }
        Ok(())
    })
}

/// One line of an interval figure.
struct Row {
    label: String,
    at: f64,
    low: f64,
    high: f64,
    series: usize,
}

fn rows(figure: &Figure, lang: Lang) -> Vec<Row> {
    let of_series = |(series, s): (usize, &Series)| {
        let row = |(i, point): (usize, &[f64; 2])| {
            let at = drawable(point[1]);
            let end =
                |ends: &Vec<f64>| ends.get(i).copied().filter(|x| x.is_finite()).map(drawable);
            Row {
                label: s
                    .labels
                    .get(i)
                    .map_or_else(|| (i + 1).to_string(), |l| l.get(lang).to_string()),
                at,
                low: end(&s.low).unwrap_or(at),
                high: end(&s.high).unwrap_or(at),
                series,
            }
        };
        let rows = s.points.iter().enumerate().map(row);
        rows.filter(|r| r.at.is_finite()).collect::<Vec<_>>()
    };
    figure
        .series
        .iter()
        .enumerate()
        .flat_map(of_series)
        .collect()
}

fn interval(chart: &mut Chart<'_, '_>, row: &Row, y: f64, left: f64) -> Drawing {
    let colour = style::of(row.series).colour;
    let tick = 0.16;
    let stroke = colour.stroke_width(2);
    for ends in [
        [(row.low, y), (row.high, y)],
        [(row.low, y - tick), (row.low, y + tick)],
        [(row.high, y - tick), (row.high, y + tick)],
    ] {
        chart.draw_series([PathElement::new(ends, stroke)])?;
    }
    mark(chart, (row.at, y), row.series)?;
    beside(
        chart,
        &shortened(&row.label, LABEL_MOST),
        (left, y),
        HPos::Right,
    )
}

/// One bar of a bar chart.
pub(super) struct Bar {
    pub(super) label: String,
    pub(super) value: f64,
    /// Written behind its end.
    pub(super) printed: String,
}

/// One bar a row, from zero to the right.
pub(super) fn bars(bars: &[Bar], axis: &Axis, lang: Lang) -> Option<String> {
    let most = bars.iter().map(|b| drawable(b.value)).fold(0.0, f64::max);
    if most <= 0.0 {
        return None;
    }
    // Room for the number behind the longest bar.
    let xs = 0.0..most * 1.18;
    let ys = -(bars.len() as f64) + 0.4..0.6;
    let height = 26 * bars.len() as u32 + BELOW + 2 * MARGIN;
    paint((760, height), |root| {
        let mut chart = ChartBuilder::on(root)
            .margin(MARGIN)
            .x_label_area_size(BELOW)
            .y_label_area_size(LABEL_AREA)
            .build_cartesian_2d(xs.clone(), ys)?;
        chart
            .configure_mesh()
            .max_light_lines(0)
            .disable_y_mesh()
            .bold_line_style(RGBColor(0xDD, 0xDD, 0xDD))
            .x_label_formatter(&|x| tick(*x, &xs))
            .x_labels(8)
            .y_labels(0)
            .x_desc(description(axis, lang))
            .label_style((FONT, 15))
            .axis_desc_style((FONT, 16))
            .draw()?;
        for (i, bar) in bars.iter().enumerate() {
            let y = -(i as f64);
            let end = drawable(bar.value);
            let colour = style::of(0).colour;
            let ends = [(0.0, y - 0.3), (end, y + 0.3)];
            chart.draw_series([Rectangle::new(ends, colour.mix(0.75).filled())])?;
            beside(
                &chart,
                &shortened(&bar.label, LABEL_MOST),
                (0.0, y),
                HPos::Right,
            )?;
            beside(&chart, &bar.printed, (end, y), HPos::Left)?;
        }
        Ok(())
    })
}

/// A text beside a point, also outside the plot's own coordinates.
fn beside(chart: &Chart<'_, '_>, text: &str, at: (f64, f64), hold: HPos) -> Drawing {
    let away = match hold {
        HPos::Right => -10,
        HPos::Left | HPos::Center => 6,
    };
    let style = (FONT, 15)
        .into_text_style(chart.plotting_area())
        .pos(Pos::new(hold, VPos::Center));
    let (x, y) = chart.backend_coord(&at);
    tag(chart, text, &style, (x + away, y))
}

/// A label that does not fit beside a row, shortened and in full.
pub(super) fn shortened_label(label: &str) -> Option<(String, String)> {
    let short = shortened(label, LABEL_MOST);
    (short != label).then(|| (short, label.to_string()))
}

/// Labels that do not fit beside an interval figure, shortened and in full.
pub(super) fn shortened_labels(
    figure: &Figure,
    lang: Lang,
) -> impl Iterator<Item = (String, String)> {
    let rows = match figure.kind {
        FigureKind::Intervals => rows(figure, lang),
        FigureKind::Curve | FigureKind::Scatter => Vec::new(),
    };
    rows.into_iter()
        .map(|row| (shortened(&row.label, LABEL_MOST), row.label))
        .filter(|(short, full)| short != full)
}

/// At most so many letters, a Chinese one counting as two.
fn shortened(label: &str, most: usize) -> String {
    let width = |c: char| if c.is_ascii() { 1 } else { 2 };
    if label.chars().map(width).sum::<usize>() <= most {
        return label.to_string();
    }
    let mut used = 0;
    let fits = |c: &char| {
        used += width(*c);
        used < most
    };
    label.chars().take_while(fits).chain(['…']).collect()
}

/// Ranges that hold every point, limit and event.
fn extents(figure: &Figure) -> Option<(Range<f64>, Range<f64>)> {
    let points = || figure.series.iter().flat_map(finite);
    points().next()?;
    let xs = points().map(|p| p.0);
    let ys = points().map(|p| p.1);
    let xs = range(xs.chain(figure.events.iter().map(|e| e.at)), 0.02)?;
    let ys = range(ys.chain(figure.limits.iter().map(|l| l.at)), 0.06)?;
    Some((xs, ys))
}

fn finite(series: &Series) -> Vec<(f64, f64)> {
    let points = series.points.iter().map(|[x, y]| (*x, *y));
    points
        .filter(|(x, y)| x.is_finite() && y.is_finite())
        .map(|(x, y)| (drawable(x), drawable(y)))
        .collect()
}

fn paint(
    size: (u32, u32),
    draw: impl FnOnce(&DrawingArea<SVGBackend<'_>, plotters::coord::Shift>) -> Drawing,
) -> Option<String> {
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        draw(&root).ok()?;
        root.present().ok()?;
    }
    Some(svg)
}

fn axes<'a, 'b>(
    root: &DrawingArea<SVGBackend<'b>, plotters::coord::Shift>,
    figure: &Figure,
    lang: Lang,
    xs: &Range<f64>,
    ys: &Range<f64>,
    left: u32,
) -> Result<Chart<'a, 'b>, Box<dyn std::error::Error>> {
    let mut chart = ChartBuilder::on(root)
        .margin(MARGIN)
        .x_label_area_size(BELOW)
        .y_label_area_size(left)
        .build_cartesian_2d(xs.clone(), ys.clone())?;
    chart
        .configure_mesh()
        .max_light_lines(0)
        .bold_line_style(RGBColor(0xDD, 0xDD, 0xDD))
        .x_labels(8)
        .y_labels(7)
        .x_label_formatter(&|x| tick(*x, xs))
        .y_label_formatter(&|y| tick(*y, ys))
        .x_desc(description(&figure.x, lang))
        .y_desc(description(&figure.y, lang))
        .label_style((FONT, 15))
        .axis_desc_style((FONT, 16))
        .draw()?;
    Ok(chart)
}

fn line(chart: &mut Chart<'_, '_>, points: &[(f64, f64)], index: usize) -> Drawing {
    let look = style::of(index);
    let stroke = look.colour.stroke_width(2);
    match look.dash {
        (0, _) => chart.draw_series(LineSeries::new(points.iter().copied(), stroke))?,
        (length, gap) => chart.draw_series(DashedLineSeries::new(
            points.iter().copied(),
            length,
            gap,
            stroke,
        ))?,
    };
    Ok(())
}

fn mark(chart: &mut Chart<'_, '_>, at: (f64, f64), index: usize) -> Drawing {
    let colour = style::of(index).colour;
    match style::marker(index) {
        Marker::Circle => chart.draw_series([Circle::new(at, 4, colour.mix(0.75).filled())])?,
        Marker::Cross => chart.draw_series([Cross::new(at, 6, colour.stroke_width(2))])?,
        Marker::Triangle => chart.draw_series([TriangleMarker::new(at, 7, colour.filled())])?,
    };
    Ok(())
}

/// Limits lie, events stand; each with its tag at the end.
fn levels(chart: &mut Chart<'_, '_>, figure: &Figure, xs: &Range<f64>, ys: &Range<f64>) -> Drawing {
    for (i, limit) in figure.limits.iter().enumerate() {
        if !limit.at.is_finite() {
            continue;
        }
        let ends = [(xs.start, limit.at), (xs.end, limit.at)];
        dashed(chart, ends, style::LIMIT, 10)?;
        let text = (FONT, 15)
            .into_text_style(chart.plotting_area())
            .color(&style::LIMIT)
            .pos(Pos::new(HPos::Left, VPos::Center));
        let (x, y) = chart.backend_coord(&(xs.end, limit.at));
        tag(chart, &limit_tag(i), &text, (x + 5, y))?;
    }
    for (i, event) in figure.events.iter().enumerate() {
        upright(chart, event.at, ys, &event_tag(i), style::EVENT, i)?;
    }
    Ok(())
}

fn upright(
    chart: &mut Chart<'_, '_>,
    at: f64,
    ys: &Range<f64>,
    name: &str,
    colour: RGBColor,
    index: usize,
) -> Drawing {
    if !at.is_finite() {
        return Ok(());
    }
    dashed(chart, [(at, ys.start), (at, ys.end)], colour, 5)?;
    let text = (FONT, 15)
        .into_text_style(chart.plotting_area())
        .color(&colour)
        .pos(Pos::new(HPos::Center, VPos::Bottom));
    let (x, y) = chart.backend_coord(&(at, ys.end));
    // Neighbours that stand close are told apart by their height.
    let aside = if index % 2 == 1 { 9 } else { 0 };
    tag(chart, name, &text, (x + aside, y - 3))
}

fn dashed(
    chart: &mut Chart<'_, '_>,
    ends: [(f64, f64); 2],
    colour: RGBColor,
    length: u32,
) -> Drawing {
    let stroke = colour.stroke_width(2);
    chart.draw_series(DashedLineSeries::new(ends, length, 4, stroke))?;
    Ok(())
}

fn tag(chart: &Chart<'_, '_>, name: &str, text: &TextStyle<'_>, at: (i32, i32)) -> Drawing {
    let root = chart.plotting_area().strip_coord_spec();
    let (left, top) = root.get_base_pixel();
    root.draw_text(name, text, (at.0 - left, at.1 - top))?;
    Ok(())
}
