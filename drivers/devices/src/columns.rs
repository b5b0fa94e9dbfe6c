//! Columns of text, as a bench describes them: options that every driver of printed lines has.

use certbench_model::vocabulary::ParamDescription;
use certbench_roles::Trouble;
use certbench_wire::asciiline::{Column, Format, Separator};

use crate::options::{Options, one_of};

/// `separator`, whose default is the first of `separators`, and `decimal`.
pub(crate) fn options(separators: &[&str]) -> [ParamDescription; 2] {
    [
        one_of(
            "separator",
            separators,
            "what stands between columns",
            "列分隔符",
        ),
        one_of(
            "decimal",
            &["point", "comma"],
            "the decimal sign",
            "小数点符号",
        ),
    ]
}

/// How a line is read.
///
/// # Errors
/// Refused when the comma is separator and decimal sign at once.
pub(crate) fn format(
    options: &Options<'_>,
    columns: Vec<Column>,
    no_value: Vec<String>,
) -> Result<Format, Trouble> {
    let separator = match options.text("separator")?.as_deref() {
        Some("comma") => Separator::Char(','),
        Some("semicolon") => Separator::Char(';'),
        Some("tab") => Separator::Char('\t'),
        Some("blank") => Separator::Blanks,
        other => return Err(options.refuse("separator", format_args!("{other:?} is not one"))),
    };
    let decimal_comma = options.text("decimal")?.as_deref() == Some("comma");
    if decimal_comma && separator == Separator::Char(',') {
        return Err(options.refuse("decimal", "the comma stands between columns already"));
    }
    Ok(Format {
        separator,
        decimal_comma,
        columns,
        no_value,
    })
}
