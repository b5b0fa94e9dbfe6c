//! `certbench schema KIND`: JSON Schema for editors.

use crate::exit::Exit;
use crate::say;
use certbench_suite::Kind;

/// Print the JSON Schema of a kind of file.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Which kind
    #[arg(value_enum)]
    kind: Word,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Word {
    Suite,
    Bench,
    Job,
    Table,
}

/// Prints it.
pub(crate) fn schema(args: &Args) -> anyhow::Result<Exit> {
    let kind = match args.kind {
        Word::Suite => Kind::Suite,
        Word::Bench => Kind::Bench,
        Word::Job => Kind::Job,
        Word::Table => Kind::Table,
    };
    say!(
        "{}",
        serde_json::to_string_pretty(&certbench_suite::schema(kind))?
    );
    Ok(Exit::Passed)
}
