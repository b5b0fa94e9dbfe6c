//! What a laboratory adds to its reports' looks: a logo, lines at the head, text before the end, and a
//! style. It is added to a finished page, so that nothing of the page can be lost by it: a style may
//! change colours and letters, but hide nothing.

use crate::html::escaped;
use base64ct::{Base64, Encoding};
use certbench_model::text::Lang;

/// Most bytes of a logo.
const LOGO_MOST: usize = 1_000_000;
/// Most bytes of a text or a style.
const TEXT_MOST: usize = 20_000;
/// What the Web Content Accessibility Guidelines 2.2 (1.4.3) ask for between text and white paper.
const CONTRAST_LEAST: f64 = 4.5;

/// What a laboratory adds. Empty: nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dress {
    logo: Option<String>,
    head: [Option<String>; 2],
    foot: [Option<String>; 2],
    style: Option<String>,
}

impl Dress {
    /// Of the files of its folder, by name: `logo.svg` or `logo.png`, `head.en.txt`, `head.zh.txt`,
    /// `foot.en.txt`, `foot.zh.txt`, `style.css`.
    ///
    /// # Errors
    /// In words, with the file: what is no such file, too large, no text, or would hide something.
    pub fn of(files: &[(String, Vec<u8>)]) -> Result<Dress, String> {
        let mut dress = Dress::default();
        for (name, bytes) in files {
            let limit = if name.starts_with("logo.") {
                LOGO_MOST
            } else {
                TEXT_MOST
            };
            if bytes.len() > limit {
                return Err(format!("{name}: more than {limit} bytes"));
            }
            let text = || {
                let text = std::str::from_utf8(bytes).map_err(|_| format!("{name}: no UTF-8"))?;
                Ok::<_, String>(Some(text.trim().to_string()))
            };
            let logo =
                |kind: &str| format!("data:image/{kind};base64,{}", Base64::encode_string(bytes));
            match name.as_str() {
                "logo.svg" if text()?.is_some_and(|t| t.contains("<svg")) => {
                    dress.logo = Some(logo("svg+xml"));
                }
                "logo.png" if bytes.starts_with(b"\x89PNG\r\n\x1a\n") => {
                    dress.logo = Some(logo("png"));
                }
                "logo.svg" | "logo.png" => return Err(format!("{name}: no such drawing")),
                "head.en.txt" => dress.head[0] = text()?,
                "head.zh.txt" => dress.head[1] = text()?,
                "foot.en.txt" => dress.foot[0] = text()?,
                "foot.zh.txt" => dress.foot[1] = text()?,
                "style.css" => {
                    let style = text()?.unwrap_or_default();
                    dress.style = Some(harmless(&style).map_err(|e| format!("{name}: {e}"))?);
                }
                _ => {
                    return Err(format!(
                        "{name}: a laboratory's folder holds logo.svg or logo.png, head.en.txt, \
                         head.zh.txt, foot.en.txt, foot.zh.txt and style.css"
                    ));
                }
            }
        }
        Ok(dress)
    }

    /// The page with it; `lang` is that of the page, `None` for both beside each other.
    pub fn on(&self, page: String, laboratory: &str, lang: Option<Lang>) -> String {
        let mut page = page;
        let head = self.head_of(laboratory, lang);
        if !head.is_empty() {
            insert(&mut page, "<header id=\"head\">", &head, true);
        }
        let foot = paragraphs(&self.foot, lang);
        if !foot.is_empty() {
            let section = format!("<section id=\"laboratory-text\">\n{foot}</section>\n");
            insert(&mut page, "<p class=\"end\">", &section, false);
        }
        if let Some(style) = &self.style {
            insert(&mut page, "</style>", &format!("{style}\n"), false);
        }
        if self.logo.is_some() {
            let policy = "style-src 'unsafe-inline'";
            page = page.replacen(policy, &format!("{policy}; img-src data:"), 1);
        }
        page
    }

    fn head_of(&self, laboratory: &str, lang: Option<Lang>) -> String {
        let logo = self.logo.as_ref().map(|logo| {
            let name = escaped(laboratory);
            format!("<p><img class=\"logo\" height=\"60\" src=\"{logo}\" alt=\"{name}\"/></p>\n")
        });
        format!(
            "\n{}{}",
            logo.unwrap_or_default(),
            paragraphs(&self.head, lang)
        )
        .trim_end()
        .to_string()
    }
}

/// Before or behind a mark of the page's own; data cannot look like it, its `<` are escaped.
fn insert(page: &mut String, mark: &str, text: &str, behind: bool) {
    let at = if behind {
        page.find(mark)
    } else {
        page.rfind(mark)
    };
    if let Some(at) = at {
        page.insert_str(if behind { at + mark.len() } else { at }, text);
    }
}

/// Blank lines divide paragraphs; other ends of lines are kept.
fn paragraphs(texts: &[Option<String>; 2], lang: Option<Lang>) -> String {
    let [en, zh] = texts;
    let (en, zh) = match lang {
        Some(Lang::En) => (en.as_ref().or(zh.as_ref()), None),
        Some(Lang::Zh) => (None, zh.as_ref().or(en.as_ref())),
        None => (en.as_ref(), zh.as_ref()),
    };
    let mut out = String::new();
    for text in en.into_iter().chain(zh) {
        let text = text.replace('\r', "");
        for part in text.split("\n\n").filter(|part| !part.trim().is_empty()) {
            let lines: Vec<String> = part.trim().lines().map(escaped).collect();
            out.push_str(&format!("<p>{}</p>\n", lines.join("<br/>")));
        }
    }
    out
}

/// A style that can hide nothing: rules of colours that stand out from white, and of letters.
fn harmless(style: &str) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = style;
    while let Some((selector, behind)) = rest.split_once('{') {
        let (body, after) = behind.split_once('}').ok_or("a `{` without its `}`")?;
        let plain = |c: char| c.is_ascii_alphanumeric() || " .#-_,>\n\t\r".contains(c);
        let selector = selector.trim();
        if selector.is_empty() || !selector.chars().all(plain) {
            return Err(format!("`{selector}` cannot select here"));
        }
        let mut declarations = Vec::new();
        for declaration in body.split(';').map(str::trim).filter(|d| !d.is_empty()) {
            let (name, value) = declaration
                .split_once(':')
                .ok_or_else(|| format!("`{declaration}` is no declaration"))?;
            let (name, value) = (name.trim(), value.trim());
            allowed(name, value)?;
            declarations.push(format!("{name}: {value}"));
        }
        out.push_str(&format!("{selector} {{ {} }}\n", declarations.join("; ")));
        rest = after;
    }
    match rest.trim() {
        "" => Ok(out),
        more => Err(format!("`{more}` is no rule")),
    }
}

fn allowed(name: &str, value: &str) -> Result<(), String> {
    let plain = |c: char| c.is_alphanumeric() || " ,-'\"".contains(c);
    match name {
        "color" | "border-color" => match contrast(value) {
            Some(ratio) if ratio >= CONTRAST_LEAST => Ok(()),
            Some(ratio) => Err(format!(
                "`{name}: {value}` has a contrast of {ratio:.1} to white paper; {CONTRAST_LEAST} is the least"
            )),
            None => Err(format!("`{value}` is no colour of the form #1b1f24")),
        },
        "font-family" | "font-weight" | "font-style" if value.chars().all(plain) => Ok(()),
        _ => Err(format!(
            "`{name}: {value}` is not among color, border-color, font-family, font-weight, font-style"
        )),
    }
}

/// Contrast ratio of `#rrggbb` to white, as WCAG 2.2 defines it.
fn contrast(colour: &str) -> Option<f64> {
    let digits = colour.strip_prefix('#').filter(|d| d.len() == 6)?;
    let part = |at: usize| {
        let byte = u8::from_str_radix(digits.get(at..at + 2)?, 16).ok()?;
        let share = f64::from(byte) / 255.0;
        Some(if share <= 0.040_45 {
            share / 12.92
        } else {
            ((share + 0.055) / 1.055).powf(2.4)
        })
    };
    let luminance = 0.2126 * part(0)? + 0.7152 * part(2)? + 0.0722 * part(4)?;
    Some(1.05 / (luminance + 0.05))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, text: &str) -> (String, Vec<u8>) {
        (name.to_string(), text.as_bytes().to_vec())
    }

    fn page() -> String {
        "<style>\na\n</style><header id=\"head\">\n<h1>T</h1></header><p class=\"end\">end</p>"
            .into()
    }

    #[test]
    fn texts_are_added_as_just_that_and_nothing_of_the_page_is_lost() {
        let files = [
            file("head.en.txt", "1 <b>Street</b>\n#panic() & co"),
            file("foot.zh.txt", "声明一\n\n声明二"),
            file("logo.svg", "<svg xmlns=\"http://www.w3.org/2000/svg\"/>"),
        ];
        let dress = Dress::of(&files).unwrap();
        let dressed = dress.on(page(), "Lab \"A\"", None);
        assert!(dressed.contains("<p>1 &lt;b&gt;Street&lt;/b&gt;<br/>#panic() &amp; co</p>"));
        assert!(dressed.contains("<p>声明一</p>\n<p>声明二</p>\n</section>\n<p class=\"end\">"));
        assert!(
            dressed.contains("src=\"data:image/svg+xml;base64,")
                && dressed.contains("alt=\"Lab &quot;A&quot;\"")
        );
        for part in ["<h1>T</h1>", "<p class=\"end\">end</p>", "a\n</style>"] {
            assert!(dressed.contains(part));
        }
        assert_eq!(Dress::default().on(page(), "Lab", Some(Lang::En)), page());
    }

    #[test]
    fn a_style_can_colour_but_not_hide_reach_out_or_break_out() {
        let good = "h1, h2 { color: #0a5a9c; font-family: \"Noto Serif\", serif }\n.soft{border-color:#333333;}";
        let dress = Dress::of(&[file("style.css", good)]).unwrap();
        assert!(
            dress
                .on(page(), "", None)
                .contains("h1, h2 { color: #0a5a9c; font-family: \"Noto Serif\", serif }")
        );
        for bad in [
            "#summary { display: none }",
            "body { color: #ffffff }",
            "body { color: white }",
            "p { font-size: 0 }",
            "@import url(http://example.org/a.css);",
            "p { background: url(x) }",
            "p { font-family: </style><script> }",
            "</style> { color: #000000 }",
            "p { color: #000000",
            "p { color: #000000 } nonsense",
            ".end::after { content: \"x\" }",
        ] {
            assert!(Dress::of(&[file("style.css", bad)]).is_err(), "{bad}");
        }
    }

    #[test]
    fn another_file_a_large_one_and_a_false_one_are_named() {
        for (name, text) in [
            ("report.typ", "x"),
            ("logo.png", "no png"),
            ("../head.en.txt", "x"),
        ] {
            let said = Dress::of(&[file(name, text)]).unwrap_err();
            assert!(said.starts_with(name), "{said}");
        }
        assert!(Dress::of(&[file("head.en.txt", &"x".repeat(TEXT_MOST + 1))]).is_err());
    }
}
