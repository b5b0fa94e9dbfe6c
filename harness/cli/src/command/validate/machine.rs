//! The computer that a validation holds for, and the program on it.

use anyhow::Context;
use certbench_model::sha256_hex;
use serde::{Deserialize, Serialize};

/// A computer with the program installed on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Machine {
    /// Name and kernel, as every record says it.
    pub(crate) host: String,
    /// Operating system.
    pub(crate) system: String,
    /// Processor and how many of it.
    pub(crate) processor: String,
    /// SHA-256 of the running program.
    pub(crate) program_sha256: String,
}

impl Machine {
    /// This one.
    pub(crate) fn here() -> anyhow::Result<Machine> {
        let program = std::env::current_exe().context("where this program is")?;
        let bytes = std::fs::read(&program).with_context(|| program.display().to_string())?;
        let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
        let after = |text: &str, key: &str, sign: char| {
            let line = text.lines().find(|l| l.starts_with(key))?;
            Some(
                line.split_once(sign)?
                    .1
                    .trim()
                    .trim_matches('"')
                    .to_string(),
            )
        };
        let processors = read("/proc/cpuinfo");
        let count = std::thread::available_parallelism().map_or(1, usize::from);
        let model = after(&processors, "model name", ':').unwrap_or_else(|| "unnamed".to_string());
        Ok(Machine {
            host: crate::session::host(),
            system: after(&read("/etc/os-release"), "PRETTY_NAME", '=').unwrap_or_default(),
            processor: format!("{count} x {model}"),
            program_sha256: sha256_hex(&bytes),
        })
    }

    /// What differs from another: name, there, here.
    pub(crate) fn differences(&self, here: &Machine) -> Vec<[String; 3]> {
        let pairs = [
            ("host", &self.host, &here.host),
            ("system", &self.system, &here.system),
            ("processor", &self.processor, &here.processor),
            ("program", &self.program_sha256, &here.program_sha256),
        ];
        let differ = pairs.into_iter().filter(|(_, there, here)| there != here);
        differ
            .map(|(what, there, here)| [what.to_string(), there.clone(), here.clone()])
            .collect()
    }
}
