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
    Scheme,
    /// `report.json`
    Report,
}

/// Prints it.
pub(crate) fn schema(args: &Args) -> anyhow::Result<Exit> {
    let schema = match args.kind {
        Word::Suite => certbench_suite::schema(Kind::Suite),
        Word::Bench => certbench_suite::schema(Kind::Bench),
        Word::Job => certbench_suite::schema(Kind::Job),
        Word::Table => certbench_suite::schema(Kind::Table),
        Word::Scheme => certbench_suite::schema(Kind::Scheme),
        Word::Report => certbench_reports::schema(),
    };
    say!("{}", serde_json::to_string_pretty(&schema)?);
    Ok(Exit::Passed)
}
