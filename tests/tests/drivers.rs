//! What every driver has: identity, safe states, a word on its watchdog, a simulator, the battery of
//! `certbench conform`, a page with the sections that a person at a bench needs, and a row in the tables.

use std::fs;
use std::path::{Path, PathBuf};

use certbench_clock::Clock;
use certbench_model::vocabulary::DriverDescription;
use certbench_sim::config::WorldConfig;
use certbench_sim::{Simulation, Transport};
use serde_json::json;

/// Drivers that stand for no device of one kind: there is nothing to simulate.
const ANYTHING: &[&str] = &["dbc", "external-program"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// The pages, by name.
fn pages() -> Vec<(String, String)> {
    let folder = fs::read_dir(root().join("docs/devices")).expect("the pages");
    let names = folder.map(|entry| entry.expect("a page").file_name());
    let names = names.map(|name| name.to_string_lossy().into_owned());
    let pages = names.filter(|name| name != "README.md");
    pages
        .map(|name| (name.clone(), read(&format!("docs/devices/{name}"))))
        .collect()
}

/// What a page says under the title that has this name in it, up to the next title.
fn part(page: &str, name: &str) -> Option<String> {
    let lines: Vec<&str> = page.lines().collect();
    let titled = |line: &&str| line.starts_with("# ");
    let title = lines
        .iter()
        .position(|line| titled(line) && line.contains(name))?;
    let below = lines.get(title + 1..)?;
    let below: Vec<&str> = below
        .iter()
        .take_while(|line| !titled(line))
        .copied()
        .collect();
    Some(below.join("\n"))
}

fn lacks(driver: &DriverDescription, pages: &[(String, String)]) -> Vec<String> {
    let mut lacking = Vec::new();
    let mut needs = |is_there: bool, what: &str| {
        if !is_there {
            lacking.push(format!("{}: {what}", driver.id));
        }
    };
    let quoted = format!("`{}`", driver.id);
    let role = |wanted: &str| driver.roles.iter().any(|role| role == wanted);
    needs(role("identify"), "says who it is");
    // What has no link is stopped by outputs of the bench.
    let halts = role("halt") || driver.links.is_empty();
    needs(!driver.moves || halts, "can be halted");
    needs(
        !driver.moves || !driver.safe_states.is_empty(),
        "has a safe state",
    );
    needs(
        !driver.watchdog.en.is_empty() && !driver.watchdog.zh.is_empty(),
        "says what its watchdog really does",
    );
    needs(
        !driver.verified_against.is_empty(),
        "says what it was verified against",
    );

    let part = pages.iter().find_map(|(_, page)| part(page, &quoted));
    let page = part.unwrap_or_default();
    needs(!page.is_empty(), "has a page with its name in the title");
    let sections: &[&str] = match driver.links.is_empty() {
        true => &["**Verified against.**"],
        false => &[
            "**Wiring.",
            "**On the device.",
            "**Odd.",
            "**Verified against.**",
        ],
    };
    for section in sections {
        needs(
            page.contains(section),
            &format!("its page has no {section}"),
        );
    }
    if driver.moves && !driver.links.is_empty() {
        for word in ["afe state", "atchdog"] {
            needs(page.contains(word), &format!("its page has a s{word}"));
        }
    }
    let listed = read("docs/devices/README.md").contains(&quoted);
    needs(listed, "is in the list of pages");
    let conform = include_str!("conform.rs").contains(&format!("(\"{}\"", driver.id))
        || include_str!("conform.rs").contains(&format!("\"{}\",\n", driver.id));
    let anything = ANYTHING.contains(&&*driver.id);
    needs(
        anything || conform,
        "passes the battery in tests/tests/conform.rs",
    );
    needs(anything || is_simulated(&driver.id), "has a simulator");
    lacking
}

/// Whether there is a far end for it.
fn is_simulated(driver: &str) -> bool {
    let clock = Clock::simulated();
    let config = WorldConfig::from_json(&json!({ "arm": {} })).expect("a world");
    let devices = [("far".to_owned(), driver.to_owned())];
    let built = Simulation::build(&config, &devices, &clock, Transport::InProcess);
    built.is_ok_and(|(simulation, ports)| {
        simulation.shutdown();
        ports.contains_key("far")
    })
}

#[test]
fn every_driver_has_what_every_driver_has() {
    let pages = pages();
    let catalogue = certbench_devices::catalogue();
    let lacking: Vec<String> = catalogue.iter().flat_map(|d| lacks(d, &pages)).collect();
    assert!(lacking.is_empty(), "{}", lacking.join("\n"));
}

/// A page of a driver that is not there any more is as untrue as a driver without a page.
#[test]
fn every_page_is_of_a_driver_and_in_the_list() {
    let list = read("docs/devices/README.md");
    let catalogue = certbench_devices::catalogue();
    for (name, page) in pages() {
        let title = page.lines().next().unwrap_or_default();
        let known = catalogue
            .iter()
            .any(|d| title.contains(&format!("`{}`", d.id)));
        assert!(known, "{name} names no driver: {title}");
        assert!(list.contains(&format!("({name})")), "{name} is not listed");
    }
}
