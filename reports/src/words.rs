//! The words of a report: one table a language, the same keys in both.

use certbench_model::Text;
use certbench_model::text::Lang;
use std::collections::BTreeMap;
use std::sync::OnceLock;

type Table = BTreeMap<String, String>;

const EN: &str = include_str!("../strings/en.toml");
const ZH: &str = include_str!("../strings/zh.toml");

fn table(lang: Lang) -> &'static Table {
    static TABLES: OnceLock<[Table; 2]> = OnceLock::new();
    let [en, zh] = TABLES.get_or_init(|| [EN, ZH].map(|t| toml::from_str(t).unwrap_or_default()));
    match lang {
        Lang::En => en,
        Lang::Zh => zh,
    }
}

/// The words of `key`, with `{name}` replaced; `None` when there is no such key or a name has no
/// value.
pub(crate) fn find(lang: Lang, key: &str, values: &[(&str, String)]) -> Option<String> {
    let mut rest = table(lang).get(key)?.as_str();
    let mut out = String::new();
    while let Some((before, after)) = rest.split_once('{') {
        let (name, behind) = after.split_once('}')?;
        let value = values.iter().find(|(n, _)| *n == name)?;
        out.push_str(before);
        out.push_str(&value.1);
        rest = behind;
    }
    out.push_str(rest);
    Some(out)
}

/// The words of `key` in both languages. A key that is missing shows as `[key]`; a test holds that
/// none is.
pub(crate) fn say(key: &str, values: &[(&str, String)]) -> Text {
    let word = |lang| find(lang, key, values).unwrap_or_else(|| format!("[{key}]"));
    Text::new(word(Lang::En), word(Lang::Zh))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn placeholders(text: &str) -> BTreeSet<&str> {
        let parts = text.split('{').skip(1);
        parts.filter_map(|p| p.split('}').next()).collect()
    }

    #[test]
    fn both_languages_have_the_same_keys_and_placeholders() {
        for text in [EN, ZH] {
            assert!(toml::from_str::<Table>(text).is_ok());
        }
        let keys = |lang| table(lang).keys().collect::<Vec<_>>();
        assert_eq!(keys(Lang::En), keys(Lang::Zh));
        for (key, en) in table(Lang::En) {
            let zh = &table(Lang::Zh)[key];
            assert_eq!(placeholders(en), placeholders(zh), "{key}");
            assert!(!en.is_empty() && !zh.is_empty(), "{key}");
        }
    }

    /// Every key that the code or the template names exists, and none is there for nothing. A key
    /// with a computed end (`t("verdict." ~ …)`) stands for all that begin so.
    #[test]
    fn every_key_that_is_named_exists_and_none_is_idle() {
        let sources = [
            include_str!("../templates/report.html"),
            include_str!("brief.rs"),
            include_str!("html.rs"),
            include_str!("build/mod.rs"),
            include_str!("build/added.rs"),
            include_str!("build/case.rs"),
            include_str!("build/change.rs"),
            include_str!("build/clause.rs"),
            include_str!("build/condition.rs"),
            include_str!("build/evidence.rs"),
            include_str!("build/head.rs"),
            include_str!("build/instrument.rs"),
            include_str!("build/method.rs"),
            include_str!("build/occurrence.rs"),
            include_str!("build/rule.rs"),
            include_str!("lint.rs"),
            include_str!("plot/mod.rs"),
        ];
        let mut named = BTreeSet::new();
        for source in sources {
            for opening in ["say(", "number(", "say(&format!(", "t(", "word("] {
                for (at, _) in source.match_indices(opening) {
                    let before = source[..at].chars().next_back();
                    let call = !before.is_some_and(|c| c.is_alphanumeric() || c == '_');
                    let rest = source[at + opening.len()..].trim_start();
                    if let Some(key) = rest.strip_prefix('"').filter(|_| call) {
                        named.extend(key.split(['"', '{']).next());
                    }
                }
            }
        }
        for key in &named {
            let begins = |k: &String| k.starts_with(&format!("{}.", key.trim_end_matches('.')));
            let exists = table(Lang::En).contains_key(*key) || table(Lang::En).keys().any(begins);
            assert!(exists, "`{key}` is named but has no words");
        }
        for key in table(Lang::En).keys() {
            let group = key.split_once('.').map(|(g, _)| g);
            let used = named.contains(key.as_str())
                || group.is_some_and(|g| named.iter().any(|n| n.trim_end_matches('.') == g));
            assert!(used, "`{key}` is never said");
        }
    }
}
