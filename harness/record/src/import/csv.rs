//! Lines of a table of text to cells, each with its column, for complaints that point.

use std::borrow::Cow;

/// One cell.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Cell<'t> {
    /// Its text, trimmed and without quotes.
    pub(super) text: Cow<'t, str>,
    /// The character at which it begins, from 1.
    pub(super) column: u64,
}

/// The cells of a line. A cell in double quotes may hold the separator and, doubled, a quote.
///
/// # Errors
/// The column of a quote that does not end, or of what stands behind one.
pub(super) fn cells(line: &str, separator: char) -> Result<Vec<Cell<'_>>, u64> {
    let mut cells = Vec::new();
    let mut rest = line;
    let mut column = 1;
    loop {
        let blank = rest.len() - rest.trim_start_matches(' ').len();
        let begin = column + blank as u64;
        let (text, behind) = match rest.get(blank..).and_then(|r| r.strip_prefix('"')) {
            Some(quoted) => {
                let (text, behind) = unquote(quoted).ok_or(begin)?;
                let behind = behind.trim_start_matches(' ');
                if !behind.is_empty() && !behind.starts_with(separator) {
                    return Err(begin);
                }
                (Cow::Owned(text), behind)
            }
            None => {
                let end = rest.find(separator).unwrap_or(rest.len());
                let (text, behind) = rest.split_at(end);
                (Cow::Borrowed(text.trim()), behind)
            }
        };
        cells.push(Cell {
            text,
            column: begin,
        });
        let Some(next) = behind.strip_prefix(separator) else {
            return Ok(cells);
        };
        let taken = rest.len() - next.len();
        column += rest.get(..taken).map_or(0, |t| t.chars().count() as u64);
        rest = next;
    }
}

/// What stands in quotes, and what comes behind them.
fn unquote(quoted: &str) -> Option<(String, &str)> {
    let mut text = String::new();
    let mut rest = quoted;
    loop {
        let (part, behind) = rest.split_once('"')?;
        text.push_str(part);
        match behind.strip_prefix('"') {
            Some(more) => {
                text.push('"');
                rest = more;
            }
            None => return Some((text, behind)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(line: &str, separator: char) -> Vec<(String, u64)> {
        let cells = cells(line, separator).unwrap();
        cells
            .into_iter()
            .map(|c| (c.text.into_owned(), c.column))
            .collect()
    }

    /// RFC 4180, section 2, but for line breaks in quotes.
    #[test]
    fn cells_know_where_they_begin() {
        let cell = |text: &str, column| (text.to_string(), column);
        assert_eq!(
            texts("1,\"a \"\"b\"\", c\", 3 ,", ','),
            [
                cell("1", 1),
                cell("a \"b\", c", 3),
                cell("3", 17),
                cell("", 20)
            ]
        );
        assert_eq!(texts("点;1,5", ';'), [cell("点", 1), cell("1,5", 3)]);
        assert_eq!(texts("", ','), [cell("", 1)]);
        assert_eq!(cells("1,\"open", ','), Err(3));
        assert_eq!(cells("1,\"a\"b", ','), Err(3));
    }
}
