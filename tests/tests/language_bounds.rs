//! What a plan states of its length holds: generated suites are planned and performed on the simulated
//! clock, and neither the number of steps nor the time is above the bound.

use certbench_model::{EventBody, RunEnd};
use certbench_tests::simulated::{Papers, in_a_line, shipped};

/// A small stream of numbers (SplitMix64), so that a failing suite can be made again.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % n
    }
}

/// Steps in flow style, nested to a depth; `names` numbers what needs a name of its own.
fn steps(dice: &mut Dice, depth: u32, names: &mut u32, beside: bool) -> String {
    let n = 1 + dice.below(3);
    let list: Vec<String> = (0..n).map(|_| step(dice, depth, names, beside)).collect();
    format!("[{}]", list.join(", "))
}

fn step(dice: &mut Dice, depth: u32, names: &mut u32, beside: bool) -> String {
    *names += 1;
    let name = *names;
    let ms = 20 + dice.below(200);
    let kinds = if depth == 0 { 3 } else { 9 };
    let inner = |dice: &mut Dice, names: &mut u32| steps(dice, depth - 1, names, beside);
    match dice.below(kinds) {
        0 => format!("{{ wait: {{ for: {ms} ms }} }}"),
        1 => format!("{{ mark: {{ name: m{name} }} }}"),
        2 => "{ wait: { channel: support_force, above: 40 N, within: 300 ms, otherwise: go-on } }"
            .into(),
        3 => {
            let times = 1 + dice.below(4);
            let every = 1 + dice.below(3);
            let steps = inner(dice, names);
            format!(
                "{{ repeat: {{ variable: v{name}, over: {{ times: {times} }}, every: [{{ passes: {every}, \
                 steps: [{{ mark: {{ name: e{name} }} }}] }}], until: {{ when: \"passes >= 3\" }}, \
                 steps: {steps} }} }}"
            )
        }
        4 => {
            let steps = inner(dice, names);
            format!(
                "{{ matrix: {{ over: {{ a{name}: {{ times: 2 }}, b{name}: {{ table: objects }} }}, \
                 order: shuffled, seed: {name}, steps: {steps} }} }}"
            )
        }
        // Short inside, so that no pass is late.
        5 if depth == 1 => {
            let times = 1 + dice.below(3);
            let steps = inner(dice, names);
            format!(
                "{{ schedule: {{ variable: s{name}, every: 5 s, times: {times}, late: 4 s, \
                 steps: {steps}, between: {{ at_most: 4, steps: [{{ wait: {{ for: {ms} ms }} }}] }} }} }}"
            )
        }
        6 => {
            let (setup, steps) = (inner(dice, names), inner(dice, names));
            format!("{{ block: {{ id: k{name}, setup: {setup}, steps: {steps} }} }}")
        }
        7 if !beside => {
            let leading = steps(dice, depth - 1, names, true);
            format!(
                "{{ during: {{ steps: {leading}, beside: [{{ id: d{name}, at_most: 3, within: 5 s, \
                 steps: [{{ wait: {{ for: {ms} ms }} }}, {{ mark: {{ name: x{name} }} }}] }}] }} }}"
            )
        }
        _ => format!(
            "{{ window: {{ id: w{name}, record: [support_force], until: {{ for: {ms} ms }} }} }}"
        ),
    }
}

fn suite(seed: u64) -> String {
    let mut dice = Dice(seed);
    let mut names = 0;
    let steps = steps(&mut dice, 3, &mut names, false);
    // The head of a shipped suite, and a case of generated steps with one window that is judged.
    let shipped = shipped("grasp-success.suite.yaml");
    let (head, _) = shipped.split_once("\ncases:\n").expect("cases");
    let steps = steps.strip_prefix('[').unwrap_or(&steps);
    format!(
        "{head}\ncases:\n  - id: generated\n    title: {{ en: Generated, zh: 生成 }}\n    \
         steps: [{{ window: {{ id: judged, record: [support_force], until: {{ for: 200 ms }} }} }}, {steps}\n    \
         measure:\n      - id: peak\n        title: {{ en: Peak, zh: 峰值 }}\n        \
         metric: peak-force\n        over: judged\n        channels: support_force\n        \
         params: {{ filter: none }}\n        accept: {{ estimate: at_most 50 N }}\n"
    )
}

#[test]
fn no_generated_suite_takes_more_steps_or_time_than_its_plan_says() {
    let bench = shipped("benches/sim-hand.bench.yaml");
    let mut performed_in_all = 0;
    for seed in 0..12 {
        let text = suite(seed);
        let papers = Papers::new(&text, &bench);
        let plan = papers.plan().unwrap_or_else(|complaints| {
            let lines: Vec<String> = complaints.iter().map(in_a_line).collect();
            panic!("seed {seed}: {}\n{text}", lines.join("\n"))
        });
        let case = &plan.cases[0];
        let played = papers.play();
        assert_eq!(
            played.end,
            RunEnd::Completed,
            "seed {seed}: {:?}",
            played.faults()
        );
        let paths: Vec<&String> = played
            .events()
            .filter_map(|e| match e {
                EventBody::StepEnded { path } if path.starts_with("generated/") => Some(path),
                _ => None,
            })
            .collect();
        let performed = paths.len() as u64;
        assert!(
            performed <= case.steps_max,
            "seed {seed}: {performed} of {}",
            case.steps_max
        );
        let seconds = played.case_seconds();
        assert!(
            seconds <= case.seconds_max,
            "seed {seed}: {seconds} s of {}",
            case.seconds_max
        );
        performed_in_all += performed;
    }
    assert!(
        performed_in_all > 250,
        "{performed_in_all} steps: too few to say anything"
    );
}
