//! The CAN path on a real kernel, in the virtual machine: frames of cangen at full rate against
//! `candump -l`, and a bus of 24 joints at 1 kHz. The guest measures (`tests/examples/guest`), on its own
//! clocks; here its words become rows.

use std::collections::BTreeMap;

use certbench_tests::vm::Image;

use crate::paired::{Paired, median, three_digits};
use crate::table::Row;

/// What the guest says of a turn: `KEY=NUMBER ...`.
type Said = BTreeMap<String, f64>;

pub(crate) fn measure() -> Result<Vec<Row>, String> {
    let image =
        Image::for_test("can").ok_or("CERTBENCH_VM is not set; `cargo xtask bench can` sets it")?;
    let turns = said(&image, "rate");
    let paces = said(&image, "pace");
    let of = |who: &str| -> Vec<Said> {
        let own = turns.iter().filter(|(said, _)| said == who);
        own.map(|(_, said)| said.clone()).collect()
    };
    let (candump, log, record) = (of("candump"), of("log"), of("record"));
    if candump.is_empty() || candump.len() != log.len() || log.len() != record.len() {
        return Err(format!("the guest measured only {turns:?}"));
    }
    let mut rows = Vec::new();
    for (what, ours) in [
        (
            "CAN frames of cangen at full rate to a candump log, in the guest: processor time a frame",
            &log,
        ),
        ("the same, to a candump log and a record", &record),
    ] {
        let pairs = ours.iter().zip(&candump);
        let pairs = Paired::of(
            pairs
                .map(|(a, b)| (number(a, "cpu_us"), number(b, "cpu_us")))
                .collect(),
        );
        rows.push(Row {
            what: what.into(),
            subject: format!("{} µs", three_digits(pairs.subject())),
            baseline: format!("candump -l: {} µs, in turn", three_digits(pairs.baseline())),
            ratio: Some(pairs.ratio()),
            target: "at most 1".into(),
            met: Some(pairs.ratio().median <= 1.0),
        });
        let lost = |turns: &[Said]| -> Vec<String> {
            let missing = turns
                .iter()
                .map(|said| number(said, "frames") - number(said, "received"));
            missing.map(|lost| format!("{lost:.0}")).collect()
        };
        let silent = ours.iter().any(|said| {
            number(said, "frames") != number(said, "received") + number(said, "told_lost")
        });
        let rates = ours.iter().map(|said| number(said, "sent_per_s"));
        rows.push(Row {
            what: format!(
                "of {:.0} frames a turn at {:.0} a second: lost",
                number(&candump[0], "frames"),
                median(rates)
            ),
            subject: format!(
                "{}{}",
                lost(ours).join(", "),
                if silent { ", not all counted" } else { "" }
            ),
            baseline: format!("candump -l: {}", lost(&candump).join(", ")),
            ratio: None,
            target: "none, and every one counted".into(),
            met: Some(lost(ours).iter().all(|lost| lost == "0") && !silent),
        });
    }
    for (who, said) in paces.iter().filter(|(who, _)| !who.starts_with("joints")) {
        let joints = format!("joints-to-{who}");
        let late = paces.iter().find(|(who, _)| *who == joints);
        let shares = |what: &str| {
            let share = |share: &str| number(said, &format!("{what}-{share}"));
            let [middle, most, nearly_all] = ["p50", "p99", "p99.9"].map(share);
            format!("{middle:.0}, {most:.0}, {nearly_all:.0} µs")
        };
        rows.push(Row {
            what: format!(
                "24 joints at 1 kHz to {who}: period off 1 ms, stamp behind the sending; each at 50 %, 99 %, 99.9 %"
            ),
            subject: format!(
                "{}; {}; {:.0} of {:.0} frames",
                shares("off"),
                shares("behind"),
                number(said, "frames"),
                number(said, "of")
            ),
            baseline: late.map_or("-".into(), |(_, said)| {
                format!(
                    "sent late: {:.0} of {:.0} periods",
                    number(said, "begun_late"),
                    number(said, "periods")
                )
            }),
            ratio: None,
            target: "none lost".into(),
            met: Some(number(said, "frames") == number(said, "of")),
        });
    }
    Ok(rows)
}

/// Every `guest: measured WHO KEY=NUMBER ...` of a scenario.
fn said(image: &Image, scenario: &str) -> Vec<(String, Said)> {
    let mut machine = image.boot(scenario);
    machine.finish();
    let lines = machine.console.iter();
    let measured = lines.filter_map(|line| line.trim().strip_prefix("guest: measured "));
    let turn = measured.filter_map(|line| {
        let mut words = line.split_whitespace();
        let who = words.next()?.to_owned();
        let pair = |word: &str| {
            let (key, number) = word.split_once('=')?;
            Some((key.to_owned(), number.parse().ok()?))
        };
        Some((who, words.filter_map(pair).collect()))
    });
    turn.collect()
}

fn number(said: &Said, key: &str) -> f64 {
    said.get(key).copied().unwrap_or(f64::NAN)
}
