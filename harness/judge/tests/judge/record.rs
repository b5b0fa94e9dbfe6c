//! A record in memory, built by hand: a hand and an arm under test, a force gauge, a tracker and a
//! box of contacts on the bench.

use certbench_model::addendum::{Import, Times};
use certbench_model::event::WindowEnd;
use certbench_model::job::Party;
use certbench_model::measure::{Compare, SetBy};
use certbench_model::plan::{
    Bench, Case, DevicePlan, Limits, OnDeviceEvent, PLAN_FORMAT, Pose, Row, SuiteFacts,
};
use certbench_model::recorded::SampleResult;
use certbench_model::step::{Outcome, OutcomeRule, Over, Repeat, Scope, Trial, Window};
use certbench_model::*;
use std::collections::BTreeMap;

/// Milliseconds in nanoseconds.
pub(crate) const MS: u64 = 1_000_000;

/// A record under construction.
pub(crate) struct Record {
    pub(crate) plan: Plan,
    pub(crate) events: Vec<Line>,
    pub(crate) samples: Vec<Sample>,
    pub(crate) end: Option<RunEnd>,
    pub(crate) damage: Vec<Damage>,
    /// A channel whose samples end in damage wherever they are read.
    pub(crate) damaged_channel: Option<u16>,
    pub(crate) day: Date,
    /// The hash, when it shall not be that of the plan.
    pub(crate) plan_sha256: Option<String>,
    pub(crate) now_ns: u64,
    instances: BTreeMap<String, u32>,
    case: String,
    /// Instruments are stuck at their readings.
    pub(crate) frozen: bool,
    pub(crate) addenda: Vec<Addendum>,
}

/// The finished record.
pub(crate) struct Memory {
    facts: Facts,
    samples: Vec<Sample>,
    damaged_channel: Option<u16>,
    addenda: Vec<Addendum>,
}

impl Recorded for Memory {
    fn facts(&self) -> &Facts {
        &self.facts
    }

    fn addenda(&self) -> &[Addendum] {
        &self.addenda
    }

    fn samples(
        &self,
        channel: u16,
        from_ns: u64,
        to_ns: u64,
    ) -> Box<dyn Iterator<Item = SampleResult> + '_> {
        let inside =
            move |s: &&Sample| s.channel == channel && from_ns <= s.time_ns && s.time_ns < to_ns;
        let damage = || Damage {
            place: "telemetry.mcap byte 4096".into(),
            what: "the checksum of a chunk does not fit".into(),
        };
        let hurt = self.damaged_channel == Some(channel);
        let sound = self.samples.iter().filter(inside).copied().map(Ok);
        Box::new(sound.chain(hurt.then(|| Err(damage()))))
    }
}

pub(crate) fn quantity(text: &str) -> Quantity {
    text.parse().unwrap()
}

pub(crate) fn unit(symbol: &str) -> Unit {
    Unit::parse(symbol).unwrap()
}

pub(crate) fn at_least(compare: Compare, limit: &str) -> Option<Accept> {
    Some(Accept {
        compare,
        at_least: Some(quantity(limit)),
        at_most: None,
        set_by: SetBy::Suite,
        origin: None,
    })
}

pub(crate) fn at_most(limit: &str) -> Option<Accept> {
    Some(Accept {
        compare: Compare::Estimate,
        at_least: None,
        at_most: Some(quantity(limit)),
        set_by: SetBy::Customer,
        origin: None,
    })
}

pub(crate) fn calibration(to: f64, u_abs: f64, noise: Option<f64>) -> Calibration {
    Calibration {
        certificate: "CAL-1".into(),
        body: "an accredited laboratory".into(),
        file: None,
        date: "2026-03-01".parse().unwrap(),
        due: "2027-02-28".parse().unwrap(),
        ranges: vec![CalibrationRange {
            from: -to,
            to,
            u_abs,
            u_rel: 0.0,
            k: 2.0,
        }],
        direction: None,
        bandwidth_hz: None,
        noise,
        angles: None,
        in_use: None,
    }
}

fn channel(id: &str, device: &str, components: &[(&str, &str)], interval_s: f64) -> Channel {
    Channel {
        id: id.into(),
        device: device.into(),
        signal: id.into(),
        components: components
            .iter()
            .map(|(name, symbol)| Component {
                name: (*name).into(),
                unit: unit(symbol),
            })
            .collect(),
        digital: false,
        source: Source::Reference,
        delay_s: [0.0, 0.0],
        interval_s,
        calibration: None,
        registration: None,
    }
}

pub(crate) const FORCE: u16 = 0;
pub(crate) const TCP: u16 = 1;
pub(crate) const ESTOP: u16 = 2;
pub(crate) const POWER: u16 = 3;

fn channels() -> Vec<Channel> {
    let contact = |id| Channel {
        digital: true,
        ..channel(id, "io", &[("value", "1")], 0.001)
    };
    let xyz = [("x", "mm"), ("y", "mm"), ("z", "mm")];
    vec![
        Channel {
            calibration: Some(calibration(100.0, 0.2, Some(0.01))),
            ..channel("force", "gauge", &[("value", "N")], 0.01)
        },
        Channel {
            calibration: Some(calibration(3_000.0, 0.02, Some(0.002))),
            ..channel("tcp", "tracker", &xyz, 0.01)
        },
        contact("estop"),
        contact("power"),
        Channel {
            source: Source::Device,
            ..channel("temperature", "hand", &[("value", "Cel")], 0.1)
        },
    ]
}

fn device(id: &str, under_test: bool) -> DevicePlan {
    DevicePlan {
        id: id.into(),
        kind: id.into(),
        driver: id.into(),
        port: "simulated".into(),
        options: BTreeMap::new(),
        provenance: Provenance::Simulated,
        under_test,
        safety: None,
        limits: Limits::default(),
    }
}

fn digest() -> FileDigest {
    FileDigest {
        path: "a.yaml".into(),
        bytes: 1,
        sha256: "0".repeat(64),
    }
}

fn plan() -> Plan {
    Plan {
        format: PLAN_FORMAT,
        suite: SuiteFacts {
            id: "suite".into(),
            version: "0.1.0".into(),
            status: "draft".into(),
            title: Text::same("suite"),
            area: "evaluation".into(),
            basis: vec![],
            files: vec![],
        },
        job: None,
        bench: Bench {
            id: "bench".into(),
            laboratory: Party::default(),
            location: None,
            file: digest(),
            devices: vec![
                device("hand", true),
                device("arm", true),
                device("gauge", false),
                device("tracker", false),
                device("io", false),
            ],
            poses: BTreeMap::new(),
            cube: None,
            presets: BTreeMap::new(),
            outputs: BTreeMap::new(),
            programs: BTreeMap::new(),
            environment: BTreeMap::new(),
            simulation: None,
        },
        parameters: vec![],
        channels: channels(),
        watches: vec![],
        tables: BTreeMap::new(),
        table_versions: [].into(),
        cases: vec![],
        finally: vec![],
        derived: vec![],
        restrictions: vec![],
    }
}

pub(crate) fn case(id: &str, steps: Vec<Step>, measures: Vec<Measure>) -> Case {
    Case {
        id: id.into(),
        title: Text::same(id),
        steps,
        setup: vec![],
        finally: vec![],
        measures,
        on_device_event: OnDeviceEvent::Fail,
        shortened: None,
        seconds_max: 100.0,
        steps_max: 1_000,
    }
}

pub(crate) fn measure(
    metric: &str,
    over: &str,
    channels: &[(&str, &str)],
    n_planned: u32,
) -> Measure {
    Measure {
        id: metric.into(),
        title: Text::same(metric),
        metric: metric.into(),
        over: [("over".to_string(), over.to_string())].into(),
        channels: channels
            .iter()
            .map(|(a, b)| (a.to_string(), b.to_string()))
            .collect(),
        params: BTreeMap::new(),
        per: None,
        n_planned,
        accept: None,
        rule: DecisionRule::Guarded { r: 1.0 },
        n_most: None,
    }
}

/// A measure over several windows by name.
pub(crate) fn measure_over(
    metric: &str,
    over: &[(&str, &str)],
    channels: &[(&str, &str)],
    n_planned: u32,
) -> Measure {
    let names = |pairs: &[(&str, &str)]| {
        let owned = pairs.iter().map(|(a, b)| (a.to_string(), b.to_string()));
        owned.collect()
    };
    Measure {
        over: names(over),
        ..measure(metric, "", channels, n_planned)
    }
}

/// A parameter that is a quantity, or else a text.
pub(crate) fn set(measure: &mut Measure, name: &str, value: &str) {
    let value = match value.parse::<Quantity>() {
        Ok(quantity) => ParamValue::Quantity(quantity),
        Err(_) => ParamValue::Text(value.into()),
    };
    measure.params.insert(name.into(), value);
}

/// A value beside the result.
#[track_caller]
pub(crate) fn beside(finding: &Finding, symbol: &str) -> f64 {
    let value = finding.more.iter().find(|v| v.symbol == symbol);
    value.unwrap_or_else(|| panic!("no {symbol}")).value.value
}

#[track_caller]
pub(crate) fn near(got: f64, want: f64, within: f64) {
    assert!((got - want).abs() <= within, "got {got}, want {want}");
}

pub(crate) fn window(id: &str, record: &[&str]) -> Step {
    Step::Window(Window {
        id: id.into(),
        record: record.iter().map(|c| c.to_string()).collect(),
        steps: vec![],
        until: None,
        take: vec![],
    })
}

pub(crate) fn over_rows(variable: &str, table: &str, order: &[&str], steps: Vec<Step>) -> Step {
    let over = Over::Rows {
        table: table.into(),
        order: order.iter().map(|r| r.to_string()).collect(),
        seed: None,
    };
    Step::Repeat(Repeat::new(variable, over, steps))
}

pub(crate) fn rows(ids: &[&str]) -> Vec<Row> {
    let row = |id: &&str| Row {
        id: id.to_string(),
        title: Text::same(*id),
        columns: BTreeMap::new(),
    };
    ids.iter().map(row).collect()
}

/// A trial that succeeds when the force in the window `held` stays below 0.15 N.
pub(crate) fn hold_trial(invalid_most: u32) -> Step {
    Step::Trial(Trial {
        id: "hold".into(),
        steps: vec![window("held", &["force"])],
        outcome: Some(OutcomeRule {
            window: "held".into(),
            channel: "force".into(),
            component: String::new(),
            stays_below: Some(0.15),
            stays_above: None,
        }),
        invalid_if: vec!["object-misplaced".into(), "own-stop".into()],
        invalid_most,
        attempts: 0,
        sampling: None,
    })
}

impl Record {
    pub(crate) fn new() -> Self {
        Self {
            plan: plan(),
            events: vec![],
            samples: vec![],
            end: Some(RunEnd::Completed),
            damage: vec![],
            damaged_channel: None,
            day: "2026-11-22".parse().unwrap(),
            plan_sha256: None,
            now_ns: 1_000 * MS,
            instances: BTreeMap::new(),
            case: String::new(),
            frozen: false,
            addenda: vec![],
        }
    }

    pub(crate) fn with_case(case: Case) -> Self {
        let mut record = Self::new();
        record.plan.cases.push(case);
        record
    }

    /// One more calibrated scalar channel of an instrument; gives its index.
    pub(crate) fn scalar_channel(&mut self, id: &str, symbol: &str, u_abs: f64) -> u16 {
        let index = u16::try_from(self.plan.channels.len()).unwrap();
        self.plan.channels.push(Channel {
            calibration: Some(calibration(1e6, u_abs, None)),
            ..channel(id, "gauge", &[("value", symbol)], 1.0)
        });
        index
    }

    pub(crate) fn pose(&mut self, id: &str, tcp: [f64; 6]) {
        let pose = Pose {
            device: "arm".into(),
            joints_deg: vec![0.0; 6],
            tcp: Some(tcp),
            frame: Some("base".into()),
        };
        self.plan.bench.poses.insert(id.into(), pose);
    }

    /// What the device gave was imported after the run, its times resting on this.
    pub(crate) fn imported(&mut self, device: &str, channel: &str, times: Option<Times>) {
        let devices = self.plan.bench.devices.iter_mut();
        for of in devices.filter(|d| d.id == device) {
            of.port = plan::IMPORT.into();
        }
        let import = Import {
            channel: channel.into(),
            rows: 1,
            matched: 1,
            missing: vec![],
            extra: vec![],
            supersedes: None,
            times,
        };
        self.addenda.push(Addendum {
            number: self.addenda.len() as u64 + 1,
            record: "0".repeat(64),
            utc: "2026-11-22T09:00:00Z".into(),
            by: "Li Na".into(),
            why: "exported".into(),
            files: vec![],
            content: addendum::Content::Import(import),
        });
    }

    /// The tracker's own frame is the base, uncertain by 0.01 mm.
    pub(crate) fn register_tracker(&mut self) {
        self.plan.channels[usize::from(TCP)].registration = Some(Registration {
            frame: "base".into(),
            method: "best fit over 12 points".into(),
            translation_mm: [0.0; 3],
            rotation_deg: [0.0; 3],
            u_position: quantity("0.01 mm"),
            u_angle: None,
        });
    }

    pub(crate) fn event(&mut self, body: EventBody) {
        let seq = self.events.len() as u64 + 1;
        let event = Event {
            time_ns: self.now_ns,
            body,
        };
        self.events.push(Line { seq, event });
        self.now_ns += MS;
    }

    pub(crate) fn start(&mut self, case: &str) {
        self.case = case.into();
        self.instances.clear();
        self.event(EventBody::CaseStarted { case: case.into() });
    }

    pub(crate) fn finish(&mut self, end: CaseEnd) {
        let case = self.case.clone();
        self.event(EventBody::CaseEnded { case, end });
    }

    pub(crate) fn context(&self, variables: &[(&str, &str)], trial: u32) -> Context {
        Context {
            case: self.case.clone(),
            scope: Scope {
                variables: variables
                    .iter()
                    .map(|(a, b)| (a.to_string(), b.to_string()))
                    .collect(),
                columns: BTreeMap::new(),
            },
            trial,
        }
    }

    /// A window of `samples`, each milliseconds after its begin on a channel.
    pub(crate) fn window(&mut self, id: &str, context: &Context, samples: &[(u16, f64, Reading)]) {
        self.window_ending(id, context, samples, WindowEnd::Reached);
    }

    /// An instrument with noise never repeats itself to the last bit.
    fn alive(&self, channel: u16, index: usize, reading: Reading) -> Reading {
        let channel = &self.plan.channels[usize::from(channel)];
        let noisy = channel
            .calibration
            .as_ref()
            .is_some_and(|c| c.noise.is_some());
        match reading {
            Reading::Values { len, mut values } if noisy && !self.frozen && index % 2 == 1 => {
                values[0] = values[0].next_up();
                Reading::Values { len, values }
            }
            other => other,
        }
    }

    pub(crate) fn window_ending(
        &mut self,
        id: &str,
        context: &Context,
        samples: &[(u16, f64, Reading)],
        end: WindowEnd,
    ) {
        let count = self.instances.entry(id.into()).or_default();
        *count += 1;
        let instance = *count;
        let from = self.now_ns;
        self.event(EventBody::WindowOpened {
            window: id.into(),
            instance,
            context: context.clone(),
        });
        for (index, (channel, at_ms, reading)) in samples.iter().enumerate() {
            let time_ns = from + (at_ms * MS as f64) as u64;
            self.samples.push(Sample {
                channel: *channel,
                time_ns,
                reading: self.alive(*channel, index, *reading),
            });
            self.now_ns = self.now_ns.max(time_ns + 1);
        }
        self.event(EventBody::WindowClosed {
            window: id.into(),
            instance,
            end,
        });
    }

    /// A trial of `hold_trial`: the force in its window, and what was said of it.
    pub(crate) fn hold(
        &mut self,
        number: u32,
        variables: &[(&str, &str)],
        force: f64,
        said: Option<Outcome>,
    ) {
        self.hold_of(number, variables, &steady(FORCE, force), said);
    }

    pub(crate) fn hold_of(
        &mut self,
        number: u32,
        variables: &[(&str, &str)],
        samples: &[(u16, f64, Reading)],
        said: Option<Outcome>,
    ) {
        let context = self.context(variables, number);
        self.event(EventBody::TrialStarted {
            trial: "hold".into(),
            context: context.clone(),
        });
        self.window("held", &context, samples);
        self.event(EventBody::TrialEnded {
            trial: "hold".into(),
            number,
            outcome: said,
        });
    }

    pub(crate) fn build(self) -> Memory {
        let mut samples = self.samples;
        samples.sort_by_key(|s| s.time_ns);
        Memory {
            facts: Facts {
                run: "run-1".into(),
                plan_sha256: self.plan_sha256.unwrap_or_else(|| self.plan.digest()),
                plan: self.plan,
                utc: "2026-11-22T03:00:00Z".into(),
                day: self.day,
                events: self.events,
                end: self.end,
                damage: self.damage,
            },
            samples,
            damaged_channel: self.damaged_channel,
            addenda: self.addenda,
        }
    }

    /// Judges it twice and insists on the same bytes.
    #[track_caller]
    pub(crate) fn judge(self) -> Findings {
        let memory = self.build();
        let findings = certbench_judge::judge(&memory);
        let again = certbench_judge::judge(&memory);
        let bytes = |f: &Findings| serde_json::to_string(f).unwrap();
        assert_eq!(bytes(&findings), bytes(&again));
        findings
    }
}

/// A scalar channel at one value every 10 ms for 200 ms.
pub(crate) fn steady(channel: u16, value: f64) -> Vec<(u16, f64, Reading)> {
    (0..20)
        .map(|i| (channel, 10.0 * f64::from(i), Reading::scalar(value)))
        .collect()
}

/// All codes of a finding's reasons.
pub(crate) fn codes(reasons: &[finding::Reason]) -> Vec<&str> {
    reasons.iter().map(|r| r.code.as_str()).collect()
}

/// The only finding of the only case.
#[track_caller]
pub(crate) fn only(findings: &Findings) -> &Finding {
    let [case] = findings.cases.as_slice() else {
        panic!("one case")
    };
    let [finding] = case.findings.as_slice() else {
        panic!("one finding of {}", case.findings.len())
    };
    finding
}

/// Value, U and unit of a quantity.
#[track_caller]
pub(crate) fn measured(finding: &Finding) -> &finding::Measured {
    match &finding.result {
        Some(finding::Value::Quantity(m)) => m,
        other => panic!("no quantity: {other:?}, {:?}", finding.reasons),
    }
}
