//! One table for all.

use std::fmt::Write as _;

use crate::paired::Ratio;

/// One line of the table.
pub(crate) struct Row {
    pub(crate) what: String,
    pub(crate) subject: String,
    pub(crate) baseline: String,
    pub(crate) ratio: Option<Ratio>,
    pub(crate) target: String,
    /// `None`: there is no target.
    pub(crate) met: Option<bool>,
}

/// All lines, and what was not measured.
#[derive(Default)]
pub(crate) struct Table {
    rows: Vec<Row>,
    missing: Vec<String>,
}

impl Table {
    pub(crate) fn add(&mut self, name: &str, measured: Result<Vec<Row>, String>) {
        match measured {
            Ok(rows) => self.rows.extend(rows),
            Err(why) => self.missing.push(format!("NOT MEASURED: {name}: {why}")),
        }
    }

    /// Whether something could not be measured.
    pub(crate) fn failed(&self) -> bool {
        !self.missing.is_empty()
    }

    /// Machine and load, the table in Markdown, what is missing.
    pub(crate) fn text(&self) -> String {
        let mut text = format!("{}\n\n", machine());
        text.push_str("| what | certbench | baseline | ratio (least to most) | target | met |\n");
        text.push_str("|---|---|---|---|---|---|\n");
        for row in &self.rows {
            let ratio = row.ratio.map_or("-".to_owned(), |ratio| ratio.to_string());
            let met = match row.met {
                Some(true) => "yes",
                Some(false) => "NO",
                None => "-",
            };
            let _ = writeln!(
                text,
                "| {} | {} | {} | {ratio} | {} | {met} |",
                row.what, row.subject, row.baseline, row.target
            );
        }
        for line in &self.missing {
            let _ = writeln!(text, "{line}");
        }
        text
    }
}

/// Processor, cores, kernel and load, as the system says them.
fn machine() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let cpu = read("/proc/cpuinfo");
    let model = cpu
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(':'))
        .map_or("unknown", |(_, model)| model.trim())
        .to_owned();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let kernel = read("/proc/sys/kernel/osrelease");
    let load = read("/proc/loadavg");
    let load: Vec<&str> = load.split_whitespace().take(3).collect();
    format!(
        "{model}, {cores} cores, Linux {}, load {}",
        kernel.trim(),
        load.join(" ")
    )
}
