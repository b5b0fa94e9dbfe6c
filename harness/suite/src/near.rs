//! "Did you mean": the nearest of the known names.

/// The candidate nearest to `text`, if it is near enough to be meant: at most a third of the
/// letters differ, counting a swap of neighbours as one.
pub(crate) fn nearest<'a>(
    text: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let most = (text.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|c| (distance(&text.to_lowercase(), &c.to_lowercase()), c))
        .filter(|(d, _)| *d <= most)
        .min_by_key(|(d, _)| *d)
        .map(|(_, c)| c)
}

/// Optimal string alignment distance (F. J. Damerau 1964, without repeated edits of a substring):
/// insertions, deletions, substitutions and swaps of neighbours. Texts over 64 characters are far.
pub(crate) fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len() > 64 || b.len() > 64 {
        return usize::from(a != b) * 64;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, cb) in b.iter().enumerate() {
            let mut best = (last[j] + usize::from(ca != cb))
                .min(last[j + 1] + 1)
                .min(row[j] + 1);
            if i > 0 && j > 0 && ca == &b[j - 1] && &a[i - 1] == cb {
                best = best.min(before[j - 1] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

/// Help with `did you mean `x`?`, or else a note with what is known.
pub(crate) fn suggestion<'a>(
    text: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> (Option<String>, Option<String>) {
    let mut distinct: Vec<&str> = Vec::new();
    for name in known {
        if !distinct.contains(&name) {
            distinct.push(name);
        }
    }
    let known = distinct;
    match nearest(text, known.iter().copied()) {
        Some(near) => (Some(format!("did you mean `{near}`?")), None),
        None if known.is_empty() => (None, None),
        None => (None, Some(format!("known: {}", list(&known)))),
    }
}

/// `a`, `b`, `c`.
pub(crate) fn list(names: &[&str]) -> String {
    let shown: Vec<String> = names.iter().take(24).map(|n| format!("`{n}`")).collect();
    match names.len() - shown.len() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_swap_of_neighbours_is_one_slip() {
        // F. J. Damerau, "A technique for computer detection and correction of spelling errors" (1964):
        // one wrong, one missing, one extra letter and one transposition are single errors.
        for (a, b, d) in [
            ("at_least", "at_laest", 1),
            ("kitten", "sitting", 3),
            ("", "abc", 3),
            ("same", "same", 0),
            ("灵巧手", "灵手巧", 1),
        ] {
            assert_eq!(distance(a, b), d, "{a} {b}");
        }
    }

    #[test]
    fn only_what_is_near_is_suggested() {
        let known = ["iso9283-pose-repeatability", "peak-force", "stop-time"];
        assert_eq!(
            nearest("iso9283-pose-repeatibility", known),
            Some("iso9283-pose-repeatability")
        );
        assert_eq!(nearest("colour", known), None);
    }
}
