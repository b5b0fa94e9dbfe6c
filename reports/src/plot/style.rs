//! Colours that colour-blind people can tell apart (M. Okabe, K. Ito, "Color Universal Design",
//! 2008), with a dash and a marker of their own for print in grey.

use certbench_model::figure::Series;
use plotters::style::RGBColor;

/// A series: colour, and length and gap of its dashes (0: solid), in pixels.
pub(super) struct Look {
    pub(super) colour: RGBColor,
    pub(super) dash: (u32, u32),
}

const LOOKS: [Look; 6] = [
    look(0x00, 0x72, 0xB2, 0, 0),
    look(0xD5, 0x5E, 0x00, 8, 4),
    look(0x00, 0x9E, 0x73, 2, 3),
    look(0xCC, 0x79, 0xA7, 12, 3),
    look(0x56, 0x56, 0x56, 5, 5),
    look(0xB5, 0x7A, 0x00, 3, 6),
];

const fn look(r: u8, g: u8, b: u8, length: u32, gap: u32) -> Look {
    Look {
        colour: RGBColor(r, g, b),
        dash: (length, gap),
    }
}

/// Limits: what must not be crossed.
pub(super) const LIMIT: RGBColor = RGBColor(0xB0, 0x3A, 0x00);
/// Events: when something happened.
pub(super) const EVENT: RGBColor = RGBColor(0x40, 0x40, 0x40);

pub(super) fn of(index: usize) -> &'static Look {
    &LOOKS[index % LOOKS.len()]
}

/// Markers, told apart by shape.
#[derive(Clone, Copy)]
pub(super) enum Marker {
    Circle,
    Cross,
    Triangle,
}

pub(super) fn marker(index: usize) -> Marker {
    [Marker::Circle, Marker::Cross, Marker::Triangle][index % 3]
}

/// A series of a scatter that ends where it began is the outline of something, not a cloud.
pub(super) fn is_outline(series: &Series) -> bool {
    series.points.len() >= 12 && series.points.first() == series.points.last()
}

fn hex(colour: RGBColor) -> String {
    format!("#{:02X}{:02X}{:02X}", colour.0, colour.1, colour.2)
}

fn swatch(inside: &str) -> String {
    format!(
        "<svg class=\"swatch\" width=\"28\" height=\"12\" viewBox=\"0 0 28 12\" aria-hidden=\"true\">{inside}</svg>"
    )
}

pub(super) fn line_swatch(index: usize) -> String {
    let look = of(index);
    let dash = match look.dash {
        (0, _) => String::new(),
        (length, gap) => format!(" stroke-dasharray=\"{length} {gap}\""),
    };
    swatch(&format!(
        "<path d=\"M1 6H27\" fill=\"none\" stroke=\"{}\" stroke-width=\"2\"{dash}/>",
        hex(look.colour)
    ))
}

pub(super) fn marker_swatch(index: usize) -> String {
    let colour = hex(of(index).colour);
    swatch(&match marker(index) {
        Marker::Circle => format!("<circle cx=\"14\" cy=\"6\" r=\"3.5\" fill=\"{colour}\"/>"),
        Marker::Cross => format!(
            "<path d=\"M9 1L19 11M19 1L9 11\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>"
        ),
        Marker::Triangle => format!("<path d=\"M14 1L20 11H8Z\" fill=\"{colour}\"/>"),
    })
}

/// A letter or number in a frame.
pub(super) fn tag_swatch(tag: &str) -> String {
    let colour = match tag.starts_with(|c: char| c.is_ascii_digit()) {
        true => hex(EVENT),
        false => hex(LIMIT),
    };
    swatch(&format!(
        "<rect x=\"7\" y=\"0.5\" width=\"14\" height=\"11\" rx=\"2\" fill=\"none\" stroke=\"{colour}\"/><text x=\"14\" y=\"9.3\" text-anchor=\"middle\" font-size=\"9.5\" font-weight=\"bold\" fill=\"{colour}\">{tag}</text>"
    ))
}
