//! The file of a population: which devices a suite is tried on, and what it must say of each.

use super::draw::{Dice, lay};
use crate::operator::Answers;
use certbench_model::{Text, Verdict};
use certbench_sim::config::WorldConfig;
use serde::Deserialize;
use serde_json::{Value, json};
use serde_saphyr::Spanned;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Version of the file's format.
const FORMAT: u32 = 1;

/// `*.population.yaml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Population {
    /// Version of the format, 1.
    certbench: u32,
    /// Its name.
    pub(super) population: String,
    /// What it is.
    pub(super) title: Text,
    /// The suite that it tries, from this file's folder.
    suite: PathBuf,
    /// The bench whose simulated world is varied.
    bench: PathBuf,
    /// The job, if the suite needs one.
    #[serde(default)]
    job: Option<PathBuf>,
    /// Parameters, as `--set`.
    #[serde(default)]
    pub(super) set: Vec<String>,
    /// Parameters below what a verdict needs, as `--set`: the suite is tried in small, because the whole
    /// takes too long, and judged as if that were the whole.
    #[serde(default)]
    pub(super) small: Vec<String>,
    /// Of all draws.
    pub(super) seed: u64,
    /// What people answer to the prompts that ask something, by the prompt's id: one after the other, the
    /// last one again and again. The name of a file beside the population stands for that file.
    #[serde(default)]
    answers: BTreeMap<String, Vec<String>>,
    /// How every device differs from the bench's: laid over its `simulation:`.
    #[serde(default)]
    world: Value,
    /// How the instruments differ within their certificates: laid over it, too.
    #[serde(default)]
    instruments: Value,
    /// How the truth about a device is found.
    #[serde(default)]
    pub(super) truth: Option<Truth>,
    /// The groups.
    pub(super) groups: Vec<Spanned<Group>>,
}

/// The twin: the same device before instruments without error, from which its true values are taken.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Truth {
    /// Laid over the world in the place of `instruments`.
    #[serde(default)]
    exact: Value,
    /// Parameters of the twin's run: more cycles than a test would take.
    #[serde(default)]
    pub(super) set: Vec<String>,
    /// The largest share of devices outside a limit that may pass, as the suite's rule promises it.
    pub(super) accepted_at_most: f64,
    /// The largest share of devices inside a limit that may fail; without, the rule promises nothing.
    #[serde(default)]
    pub(super) rejected_at_most: Option<f64>,
    /// Where the promise comes from.
    pub(super) promise: Text,
}

/// Devices of one kind.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Group {
    /// Unique in the population.
    pub(super) id: String,
    /// What is the matter with them.
    pub(super) title: Text,
    /// How many.
    pub(super) n: usize,
    /// How many of them in a reduced population.
    #[serde(default)]
    pub(super) reduced: usize,
    /// Laid over the world of the population.
    #[serde(default)]
    world: Value,
    /// What goes wrong during the run: entries of `simulation.faults`, with draws.
    #[serde(default)]
    faults: Vec<Value>,
    /// What people answer otherwise, prompt by prompt.
    #[serde(default)]
    answers: BTreeMap<String, Vec<String>>,
    /// What the suite must say.
    pub(super) expect: Expect,
    /// For which reason: measures that miss their limit, or codes of reasons. One of them at least, and
    /// of measures no other.
    #[serde(default)]
    pub(super) because: Vec<String>,
    /// Measures that may miss their limit besides.
    #[serde(default)]
    pub(super) also: Vec<String>,
    /// Why the suite is known not to catch it.
    #[serde(default)]
    pub(super) known: Option<Text>,
}

/// What a suite must say of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Expect {
    /// It is good.
    Pass,
    /// It is bad.
    Fail,
    /// Nothing can be said of it.
    NotTested,
    /// Whatever is true of it: its twin says it.
    Truth,
}

impl Expect {
    /// Whether a verdict is the expected one; conditional ones are on the side that they lean to.
    pub(super) fn met_by(self, verdict: Verdict) -> bool {
        match self {
            Expect::Pass => matches!(verdict, Verdict::Pass | Verdict::ConditionalPass),
            Expect::Fail => matches!(verdict, Verdict::Fail | Verdict::ConditionalFail),
            Expect::NotTested => verdict == Verdict::NotTested,
            Expect::Truth => true,
        }
    }

    /// As the table says it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Expect::Pass => "pass",
            Expect::Fail => "fail",
            Expect::NotTested => "not tested",
            Expect::Truth => "the truth",
        }
    }
}

/// A device of a population: the worlds in which it and its twin are tried.
pub(super) struct Item<'a> {
    pub(super) group: &'a Group,
    /// From 1.
    pub(super) number: usize,
    /// The `simulation:` block.
    pub(super) world: Value,
    /// That of the twin.
    pub(super) twin: Option<Value>,
}

impl Population {
    /// Reads a file.
    ///
    /// # Errors
    /// In words, with line and column.
    pub(super) fn read(path: &Path) -> Result<Population, String> {
        let at = path.display();
        let text = std::fs::read_to_string(path).map_err(|e| format!("{at}: {e}"))?;
        let population: Population =
            serde_saphyr::from_str(&text).map_err(|e| format!("{at}: {e}"))?;
        population.check().map_err(|why| format!("{at}{why}"))?;
        Ok(population)
    }

    fn check(&self) -> Result<(), String> {
        if self.certbench != FORMAT {
            return Err(format!(
                ": `certbench: {}` is not known; it is {FORMAT}",
                self.certbench
            ));
        }
        for (i, group) in self.groups.iter().enumerate() {
            let Group {
                id,
                n,
                reduced,
                expect,
                because,
                ..
            } = &group.value;
            let before = self.groups.iter().take(i);
            let wrong = if before.clone().any(|other| other.value.id == *id) {
                Some("stands twice".to_owned())
            } else if *n == 0 || reduced > n {
                Some(format!(
                    "has n: {n} and reduced: {reduced}; one device at least, and no more in the reduced population than in the full one"
                ))
            } else if because.is_empty() && matches!(expect, Expect::Fail | Expect::NotTested) {
                Some(format!(
                    "expects `{}` and does not say because of what",
                    expect.word()
                ))
            } else if *expect == Expect::Truth && self.truth.is_none() {
                Some("expects the truth, and the population has no `truth`".to_owned())
            } else {
                None
            };
            if let Some(wrong) = wrong {
                return Err(place(group, &wrong));
            }
        }
        Ok(())
    }

    /// The suite, the bench and the job that it names.
    pub(super) fn files(&self, own: &Path) -> (PathBuf, PathBuf, Option<PathBuf>) {
        let folder = own.parent().unwrap_or(Path::new("."));
        let from = |path: &Path| folder.join(path);
        (
            from(&self.suite),
            from(&self.bench),
            self.job.as_deref().map(from),
        )
    }

    /// What people answer at the devices of a group; `beside` is the population's folder.
    pub(super) fn answers(&self, group: &Group, beside: &Path) -> Answers {
        let here = |text: &String| match beside.join(text) {
            file if file.is_file() => file.display().to_string(),
            _ => text.clone(),
        };
        let all = self.answers.iter().chain(&group.answers);
        all.map(|(id, list)| (id.clone(), list.iter().map(here).collect()))
            .collect()
    }

    /// All its devices, on the simulated world of a bench.
    ///
    /// # Errors
    /// In words, with the line of the group: a draw or a world that cannot be.
    pub(super) fn items(
        &self,
        bench: Option<&Value>,
        reduced: bool,
        seed: u64,
    ) -> Result<Vec<Item<'_>>, String> {
        let mut items = Vec::new();
        for group in &self.groups {
            let n = if reduced {
                group.value.reduced
            } else {
                group.value.n
            };
            for number in 1..=n {
                let item = self.item(&group.value, number, bench, seed);
                items.push(item.map_err(|why| place(group, &why))?);
            }
        }
        Ok(items)
    }

    fn item<'a>(
        &self,
        group: &'a Group,
        number: usize,
        bench: Option<&Value>,
        seed: u64,
    ) -> Result<Item<'a>, String> {
        let id = format!("{}/{number}", group.id);
        let dice = |what: &str| Dice::of(seed, &format!("{id}/{what}"));
        let base = whole(bench, [&self.world, &group.world, &self.instruments])?;
        let mut device = dice("device");
        let world = lay(&base, &self.world, &mut device, "world")?;
        let world = lay(&world, &group.world, &mut device, "world")?;
        let mut faults = world
            .get("faults")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        for fault in &group.faults {
            faults.push(lay(&Value::Null, fault, &mut device, "faults")?);
        }
        let own = json!({ "seed": dice("noise").seed(), "faults": faults });
        let world = lay(&world, &own, &mut device, "world")?;
        let twin = match (group.expect, &self.truth) {
            (Expect::Truth, Some(truth)) => Some(lay(
                &world,
                &truth.exact,
                &mut dice("exact"),
                "truth.exact",
            )?),
            _ => None,
        };
        let world = lay(
            &world,
            &self.instruments,
            &mut dice("instruments"),
            "instruments",
        )?;
        for world in std::iter::once(&world).chain(&twin) {
            WorldConfig::from_json(world).map_err(|e| e.to_string())?;
        }
        Ok(Item {
            group,
            number,
            world,
            twin,
        })
    }
}

/// A complaint about a group, to stand behind the file's name.
fn place(group: &Spanned<Group>, why: &str) -> String {
    let (line, column) = (group.referenced.line(), group.referenced.column());
    format!(":{line}:{column}: group `{}`: {why}", group.value.id)
}

/// A bench's world with everything that its defaults leave unsaid, so that there is something to scale.
/// A scene that a change names is there.
fn whole(bench: Option<&Value>, changes: [&Value; 3]) -> Result<Value, String> {
    let mut block = bench.cloned().unwrap_or_else(|| json!({}));
    for scene in ["hand", "arm", "rig"] {
        let named = changes.iter().any(|change| change.get(scene).is_some());
        if let (true, Some(block)) = (named, block.as_object_mut()) {
            block.entry(scene).or_insert_with(|| json!({}));
        }
    }
    let config = WorldConfig::from_json(&block).map_err(|e| e.to_string())?;
    serde_json::to_value(config).map_err(|e| e.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "certbench: 1
population: p
title: { en: P, zh: P }
suite: s.suite.yaml
bench: b.bench.yaml
seed: 7
";

    fn read(groups: &str) -> Result<Population, String> {
        let text = format!("{HEAD}groups:\n{groups}");
        let population: Population = serde_saphyr::from_str(&text).map_err(|e| e.to_string())?;
        population.check()?;
        Ok(population)
    }

    const SOFT: &str = "  - { id: soft, title: { en: S, zh: S }, n: 3, reduced: 1, expect: fail, because: [droop], world: { arm: { load_kg: { uniform: [1, 2] } } } }\n";

    #[test]
    fn devices_of_a_group_differ_and_are_the_same_each_time() {
        let population = read(SOFT).unwrap();
        let worlds = |seed| -> Vec<Value> {
            let items = population.items(None, false, seed).unwrap();
            items.into_iter().map(|item| item.world).collect()
        };
        let (once, again, other) = (worlds(7), worlds(7), worlds(8));
        assert_eq!(once, again);
        assert_ne!(once, other);
        assert_ne!(once[0]["arm"]["load_kg"], once[1]["arm"]["load_kg"]);
        assert_ne!(once[0]["seed"], once[1]["seed"]);
        assert_eq!(population.items(None, true, 7).unwrap().len(), 1);
    }

    #[test]
    fn a_twin_is_the_same_device_before_exact_instruments() {
        let text = format!(
            "{HEAD}instruments: {{ tracker: {{ noise_mm: {{ uniform: [0.5, 1] }} }} }}\ntruth: {{ exact: {{ tracker: {{ noise_mm: 0 }} }}, accepted_at_most: 0.025, promise: {{ en: G, zh: G }} }}\ngroups:\n{}",
            SOFT.replace("fail", "truth")
        );
        let population: Population = serde_saphyr::from_str(&text).unwrap();
        let items = population.items(None, false, 7).unwrap();
        let (world, twin) = (&items[0].world, items[0].twin.as_ref().unwrap());
        assert_eq!(
            (&world["arm"], &world["seed"]),
            (&twin["arm"], &twin["seed"])
        );
        assert_eq!(twin["tracker"]["noise_mm"].as_f64(), Some(0.0));
        assert!(world["tracker"]["noise_mm"].as_f64().unwrap() >= 0.5);
    }

    #[test]
    fn complaints_name_line_and_column() {
        let refused = |groups: &str| read(groups).err().unwrap();
        let twice = format!("{SOFT}{SOFT}");
        assert!(
            refused(&twice).starts_with(":9:5: group `soft`: stands twice"),
            "{}",
            refused(&twice)
        );
        assert!(refused(&SOFT.replace("n: 3", "n: 0")).contains("one device at least"));
        assert!(refused(&SOFT.replace(", because: [droop]", "")).contains("because of what"));
        assert!(refused(&SOFT.replace("expect: fail", "expect: truth")).contains("no `truth`"));
        let unknown = refused(&SOFT.replace("expect", "expects"));
        assert!(
            unknown.contains("expects") && unknown.contains("line 8"),
            "{unknown}"
        );
        let world = read(&SOFT.replace("load_kg", "load_lb")).unwrap();
        let world = world.items(None, false, 7).err().unwrap();
        assert!(
            world.starts_with(":8:5: group `soft`") && world.contains("load_lb"),
            "{world}"
        );
    }
}
