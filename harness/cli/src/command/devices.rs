//! `certbench devices`: the drivers, as a table or JSON.

use crate::exit::Exit;
use crate::{say, say_on};
use certbench_model::vocabulary::DriverDescription;

/// List the drivers.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// As JSON: the whole vocabulary of drivers, with options and signals
    #[arg(long)]
    json: bool,
}

/// Prints the catalogue.
pub(crate) fn devices(args: &Args) -> anyhow::Result<Exit> {
    let drivers = crate::wiring::drivers();
    if args.json {
        say!("{}", serde_json::to_string_pretty(&drivers)?);
        return Ok(Exit::Passed);
    }
    for driver in &drivers {
        say_on!("{}", describe(driver));
    }
    Ok(Exit::Passed)
}

fn describe(driver: &DriverDescription) -> String {
    let or_none = |words: &[String]| {
        if words.is_empty() {
            "none".to_string()
        } else {
            words.join(", ")
        }
    };
    let signals: Vec<String> = driver.signals.iter().map(|s| s.name.clone()).collect();
    format!(
        "{} - {}\n  links:            {}\n  roles:            {}\n  signals:          {}\n  safe states:      {}\n  watchdog:         {}\n  verified against: {}\n",
        driver.id,
        driver.title.en,
        or_none(&driver.links),
        or_none(&driver.roles),
        or_none(&signals),
        if driver.moves {
            or_none(&driver.safe_states)
        } else {
            "does not move".into()
        },
        driver.watchdog.en,
        or_none(&driver.verified_against),
    )
}
