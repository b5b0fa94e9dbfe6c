//! When a photo or video was taken, on the run's own clock.

use certbench_model::addendum::{Alignment, Seen};
use certbench_model::date::utc_ns;
use certbench_model::{EventBody, Facts};

/// The line of `run.jsonl` that `event` names: `line:42`; or a mark by its name, `sync`, and `sync#2`
/// where there are several.
///
/// # Errors
/// What is not there, or is there more than once.
pub fn event_line(facts: &Facts, event: &str) -> Result<u64, String> {
    if let Some(line) = event.strip_prefix("line:") {
        let there = |n: &u64| facts.events.iter().any(|line| line.seq == *n);
        let line = line.parse().ok().filter(there);
        return line.ok_or_else(|| format!("the record has no line `{event}`"));
    }
    let marks = |wanted: &str| -> Vec<u64> {
        let is =
            |body: &EventBody| matches!(body, EventBody::Marked { name, .. } if name == wanted);
        let marked = facts.events.iter().filter(|line| is(&line.event.body));
        marked.map(|line| line.seq).collect()
    };
    // A name may hold a `#` of its own.
    let numbered = event.rsplit_once('#');
    let numbered = numbered.and_then(|(name, n)| Some((name, n.parse::<usize>().ok()?)));
    match (marks(event).as_slice(), numbered) {
        ([line], _) => Ok(*line),
        ([], Some((name, n))) => {
            let there = marks(name);
            let line = n.checked_sub(1).and_then(|n| there.get(n));
            let many = there.len();
            line.copied()
                .ok_or_else(|| format!("the run has {many} marks `{name}`, and no number {n}"))
        }
        ([], None) => Err(format!(
            "the run has no mark `{event}`; any line of run.jsonl is named as `line:42`"
        )),
        (several, _) => Err(format!(
            "the run has {} marks `{event}`; say which: `{event}#1`",
            several.len()
        )),
    }
}

/// Where a file begins on the run's clock, ns. Several events that are seen in it give the middle, and
/// none of them may be further from it than the uncertainty: a file that runs at another pace, or an
/// event that was taken for another one.
///
/// # Errors
/// Why it cannot be said.
pub fn begins_ns(
    facts: &Facts,
    unix_ns_at_zero: Option<u64>,
    alignment: &Alignment,
    uncertainty_ns: u64,
) -> Result<i64, String> {
    let seen = match alignment {
        Alignment::Begins(utc) => {
            let zero = unix_ns_at_zero.and_then(|ns| i64::try_from(ns).ok());
            let zero = zero.ok_or("the record does not say when its clock began")?;
            let begins = utc_ns(utc).ok_or_else(|| {
                format!("`{utc}` is no instant; write it as 2026-11-22T10:00:03.25Z")
            })?;
            return Ok(begins.saturating_sub(zero));
        }
        Alignment::Seen(seen) => seen,
    };
    let begins: Vec<i64> = seen
        .iter()
        .map(|s| begins_by(facts, s))
        .collect::<Result<_, _>>()?;
    let (Some(first), Some(last)) = (begins.iter().min(), begins.iter().max()) else {
        return Err("no event is named that is seen in the file".to_string());
    };
    let apart = last.abs_diff(*first);
    if apart > uncertainty_ns.saturating_mul(2) {
        return Err(format!(
            "the events that are seen in it put its beginning {:.3} s apart, more than the uncertainty of {:.3} s allows: another pace, or an event taken for another",
            apart as f64 * 1e-9,
            uncertainty_ns as f64 * 1e-9
        ));
    }
    Ok(first + (last - first) / 2)
}

fn begins_by(facts: &Facts, seen: &Seen) -> Result<i64, String> {
    let line = facts.events.iter().find(|line| line.seq == seen.line);
    let line = line.ok_or_else(|| format!("the record has no line {}", seen.line))?;
    let whole = |ns: u64| i64::try_from(ns).map_err(|_| "is longer than any run".to_string());
    Ok(whole(line.event.time_ns)? - whole(seen.at_ns)?)
}
