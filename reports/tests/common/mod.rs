//! A run that a laboratory might have had: two cases that were tested, one that was not, one of
//! inspections; every kind of result and every verdict.
#![allow(dead_code)]

use certbench_model::event::{CaseEnd, Context, WindowEnd};
use certbench_model::figure::{Axis, Figure, FigureKind, Level, Series};
use certbench_model::finding::*;
use certbench_model::identity::{FileDigest, Identity, LinkFacts};
use certbench_model::job::{Item, Job, Party};
use certbench_model::measure::{Accept, Compare, DecisionRule, Measure, ParamValue, SetBy};
use certbench_model::plan::*;
use certbench_model::step::{Over, Repeat, Trial, Window};
use certbench_model::*;
use certbench_reports::{Extra, Issue, Label, Laboratory, LaboratoryMark};
use std::collections::BTreeMap;

pub(crate) fn unit(symbol: &str) -> Unit {
    Unit::parse(symbol).unwrap()
}

pub(crate) fn q(text: &str) -> Quantity {
    text.parse().unwrap()
}

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

fn file(path: &str) -> FileDigest {
    FileDigest {
        path: path.to_string(),
        bytes: 1234,
        sha256: identity::sha256_hex(path.as_bytes()),
    }
}

pub(crate) fn reason(code: &str, en: &str, zh: &str) -> Reason {
    Reason {
        code: code.to_string(),
        text: Text::new(en, zh),
    }
}

fn device(id: &str, kind: &str, driver: &str, under_test: bool) -> DevicePlan {
    DevicePlan {
        id: id.to_string(),
        kind: kind.to_string(),
        driver: driver.to_string(),
        port: format!("/dev/serial/by-id/{id}"),
        options: [("baud".to_string(), serde_json::json!(115200))].into(),
        provenance: Provenance::Simulated,
        under_test,
        safety: under_test.then_some(Safety {
            safe_state: SafeState::Hold,
            watchdog: Watchdog::None,
            held_by: None,
            next: None,
        }),
        limits: Limits::default(),
    }
}

fn channel(id: &str, device: &str, components: &[(&str, &str)], source: Source) -> Channel {
    let calibration = |due: &str| Calibration {
        certificate: "CNAS L1234-2026-0815".to_string(),
        body: "Institute of Metrology, Force Laboratory".to_string(),
        file: Some(file("certificates/gauge.pdf")),
        date: date("2026-03-02"),
        due: date(due),
        ranges: vec![CalibrationRange {
            from: 0.0,
            to: 500.0,
            u_abs: 0.2,
            u_rel: 0.001,
            k: 2.0,
        }],
        direction: Some("tension".to_string()),
        bandwidth_hz: Some(100.0),
        noise: Some(0.03),
        angles: None,
        in_use: Some(InUse {
            resolution: Some(Part {
                half_abs: 0.005,
                half_rel: 0.0,
                steady: false,
                from: "display".into(),
            }),
            alignment: Some(Part {
                half_abs: 0.0,
                half_rel: 0.0006,
                steady: true,
                from: "fixture".into(),
            }),
            temperature: None,
            in_certificate: vec!["temperature".into()],
        }),
    };
    Channel {
        id: id.to_string(),
        device: device.to_string(),
        signal: "force".to_string(),
        components: components
            .iter()
            .map(|(name, u)| Component {
                name: name.to_string(),
                unit: unit(u),
            })
            .collect(),
        digital: false,
        source,
        delay_s: [0.0005, 0.0021],
        interval_s: 0.01,
        calibration: match (source, id) {
            (Source::Device, _) => None,
            (_, "tcp") => Some(calibration("2026-10-31")),
            _ => Some(calibration("2027-03-01")),
        },
        registration: (id == "tcp").then(|| Registration {
            frame: "cell".to_string(),
            method: "best fit over 12 points off the judged poses".to_string(),
            translation_mm: [100.0, 0.0, 0.0],
            rotation_deg: [0.0, 0.0, 30.0],
            u_position: q("0.02 mm"),
            u_angle: Some(q("0.01 deg")),
        }),
    }
}

fn measure(id: &str, per: Option<&str>, n_planned: u32) -> Measure {
    Measure {
        id: id.to_string(),
        title: Text::same(id),
        metric: "peak-force".to_string(),
        over: BTreeMap::new(),
        channels: BTreeMap::new(),
        params: BTreeMap::new(),
        per: per.map(str::to_string),
        n_planned,
        accept: None,
        rule: DecisionRule::Simple,
        n_most: None,
    }
}

fn case(id: &str, title: Text, measures: Vec<Measure>) -> Case {
    let trial = Step::Trial(Trial {
        id: "pull".to_string(),
        steps: vec![Step::Window(Window {
            id: "pull".to_string(),
            record: vec!["pull_force".to_string()],
            steps: vec![],
            until: None,
            take: Vec::new(),
        })],
        outcome: None,
        invalid_if: vec!["fixture-slipped".to_string()],
        invalid_most: 2,
        attempts: 0,
        sampling: None,
    });
    Case {
        id: id.to_string(),
        title,
        steps: vec![Step::Repeat(Repeat {
            variable: "object".to_string(),
            over: Over::Rows {
                table: "objects".to_string(),
                order: vec!["cylinder-50".to_string(), "box-30".to_string()],
                seed: Some(20261122),
            },
            steps: vec![trial],
            every: Vec::new(),
            thinned_s: None,
            until: None,
            registers: None,
        })],
        finally: vec![],
        measures,
        on_device_event: OnDeviceEvent::Fail,
        shortened: (id == "drop").then(|| Shortened {
            parameter: "drops".to_string(),
            n: 3,
            of: 30,
        }),
        seconds_max: 600.0,
        steps_max: 1000,
        setup: Vec::new(),
    }
}

pub(crate) fn plan() -> Plan {
    Plan {
        format: PLAN_FORMAT,
        suite: SuiteFacts {
            id: "grasp-success".to_string(),
            version: "0.1.0".to_string(),
            status: "draft".to_string(),
            title: Text::new(
                "Grasp success and slip resistance of a dexterous hand",
                "灵巧手抓取成功率与抗滑移性能",
            ),
            area: "evaluation".to_string(),
            basis: vec![
                Basis {
                    standard: "GB/T 38834.3".to_string(),
                    edition: "2023".to_string(),
                    part: Some("5.4".to_string()),
                    relation: "modelled-on".to_string(),
                    note: Some(Text::new(
                        "trial counts are this suite's own",
                        "试验次数为本套件自定",
                    )),
                },
                Basis {
                    standard: "NIST SP 1227".to_string(),
                    edition: "draft, 2018-10".to_string(),
                    part: None,
                    relation: "terms-only".to_string(),
                    note: None,
                },
            ],
            files: vec![file("grasp-success.suite.yaml"), file("objects.yaml")],
        },
        job: Some(Job {
            order: "A-2026-117".to_string(),
            customer: Party {
                name: "Handmakers Ltd.".to_string(),
                address: Some("8 Robot Road, Shenzhen".to_string()),
                contact: Some("lab@example.org".to_string()),
            },
            items: vec![Item {
                device: "hand".to_string(),
                identity: Identity {
                    maker: Some("Inspire".to_string()),
                    model: Some("RH56DFX".to_string()),
                    serial: Some("RH-0042".to_string()),
                    firmware: None,
                    ..Identity::default()
                },
                received: date("2026-11-20"),
                condition: Text::new("new, undamaged", "全新，无损伤"),
            }],
            declared: [("rated-load".to_string(), q("5 kg"))].into(),
            rule: None,
            scope: Some(Text::new("grasping, one item", "抓取，单个样品")),
        }),
        bench: Bench {
            id: "hand-bench-1".to_string(),
            laboratory: Party {
                name: "Robot Test Laboratory".to_string(),
                address: Some("1 Measurement Street, Beijing".to_string()),
                contact: None,
            },
            location: Some("Hall 2, bench 1".to_string()),
            file: file("bench.yaml"),
            devices: vec![
                device("hand", "hand", "inspire-rh56", true),
                device("gauge", "force-gauge", "mark10", false),
                device("tracker", "tracker", "ascii-line", false),
            ],
            poses: [(
                "p2".to_string(),
                Pose {
                    device: "arm".into(),
                    joints_deg: vec![],
                    tcp: Some([580.0, 100.0, 430.25, 160.0, 0.0, 90.0]),
                    frame: Some("base".into()),
                },
            )]
            .into(),
            cube: Some(TestCube {
                device: "arm".into(),
                frame: "base".into(),
                cube: cube::Cube {
                    centre: [480.0, 0.0, 330.5],
                    edge: 250.0,
                },
                plane: cube::UpperEdge::PlusX,
            }),
            presets: BTreeMap::new(),
            outputs: BTreeMap::new(),
            programs: BTreeMap::new(),
            environment: [
                ("humidity".to_string(), q("45 %")),
                ("temperature".to_string(), q("22.5 Cel")),
            ]
            .into(),
            simulation: None,
        },
        parameters: vec![
            Parameter {
                id: "speed".to_string(),
                title: Text::new("Pulling speed", "拉拔速度"),
                value: ParamValue::Quantity(q("10 mm/s")),
                set_by: SetBy::Suite,
                default: ParamValue::Quantity(q("10 mm/s")),
                origin: Some(Text::new("this suite's own", "本套件自定")),
            },
            Parameter {
                id: "rated-load".to_string(),
                title: Text::new("Rated load", "额定负载"),
                value: ParamValue::Quantity(q("5 kg")),
                set_by: SetBy::Customer,
                default: ParamValue::Quantity(q("3 kg")),
                origin: None,
            },
        ],
        channels: vec![
            channel("pull_force", "gauge", &[("value", "N")], Source::Reference),
            channel(
                "tcp",
                "tracker",
                &[("x", "mm"), ("y", "mm"), ("z", "mm")],
                Source::Reference,
            ),
            channel("temperature", "hand", &[("value", "Cel")], Source::Device),
        ],
        watches: vec![Watch {
            channel: "temperature".to_string(),
            component: String::new(),
            at_least: None,
            at_most: Some(70.0),
            max_age_s: 0.5,
        }],
        tables: BTreeMap::new(),
        table_versions: [].into(),
        cases: vec![
            case(
                "slip",
                Text::new("Axial pull", "轴向拉拔"),
                vec![measure("peak", Some("object"), 10)],
            ),
            case(
                "grasp",
                Text::new(
                    "Grasp success over the object set",
                    "物体集合上的抓取成功率",
                ),
                vec![measure("success", None, 40)],
            ),
            case(
                "drop",
                Text::new("Drop", "跌落"),
                vec![measure("drift", None, 3)],
            ),
            case(
                "looks",
                Text::new("Inspection", "检查"),
                vec![measure("marking", None, 1)],
            ),
        ],
        finally: vec![],
        derived: vec![],
        restrictions: vec![
            Restriction {
                case: "slip".to_string(),
                measure: "offset".to_string(),
                code: "calibration-due".to_string(),
                text: Text::new(
                    "the tracker's certificate ran out on 2026-10-31: no verdict",
                    "跟踪仪证书于 2026-10-31 到期：不作判定",
                ),
            },
            Restriction {
                case: "drop".to_string(),
                measure: String::new(),
                code: "shortened".to_string(),
                text: Text::new("3 of 30 drops", "30 次跌落中的 3 次"),
            },
        ],
    }
}

fn subject(id: &str, en: &str, zh: &str) -> Option<Subject> {
    Some(Subject {
        variable: "object".to_string(),
        id: id.to_string(),
        title: Text::new(en, zh),
    })
}

pub(crate) fn accept(compare: Compare, at_least: Option<&str>, at_most: Option<&str>) -> Accept {
    Accept {
        compare,
        at_least: at_least.map(q),
        at_most: at_most.map(q),
        set_by: SetBy::Suite,
        origin: Some(Text::new("data sheet, rev. C", "数据表 C 版")),
    }
}

pub(crate) fn finding(
    measure: &str,
    title: Text,
    result: Option<Value>,
    verdict: Verdict,
) -> Finding {
    Finding {
        measure: measure.to_string(),
        subject: None,
        title,
        metric: "peak-force".to_string(),
        estimand: Text::new("this object on this bench", "本台架上的该物体"),
        result,
        more: vec![],
        sub_values: vec![],
        accept: None,
        rule: DecisionRule::Guarded { r: 1.0 },
        decision: None,
        verdict,
        reasons: vec![],
        source: Source::Reference,
        channels: vec!["pull_force".to_string()],
        formula: Text::new(
            "F_peak = max F(t) after a Butterworth low pass of order 2 at 100 Hz",
            "F_peak = max F(t)，经 100 Hz 二阶巴特沃斯低通滤波",
        ),
        evidence: vec![Evidence {
            what: "pull 1".to_string(),
            line: 17,
            from_ns: 12_000_000_000,
            to_ns: 15_250_000_000,
        }],
        figures: vec![],
    }
}

pub(crate) fn measured(value: f64, u: f64, symbol: &str) -> Measured {
    Measured {
        value,
        unit: unit(symbol),
        n: 10,
        u_expanded: Some(u),
        k: Some(2.26),
        nu_eff: Some(9.0),
        budget: vec![
            BudgetLine {
                name: Text::new("scatter of the trials", "各次试验的分散"),
                type_ab: "A".to_string(),
                distribution: "t".to_string(),
                u: u / 3.0,
                nu: Some(9.0),
                from: None,
                common: false,
            },
            BudgetLine {
                name: Text::new("force gauge", "测力计"),
                type_ab: "B".to_string(),
                distribution: "normal".to_string(),
                u: u / 5.0,
                nu: None,
                from: Some("CNAS L1234-2026-0815".to_string()),
                common: false,
            },
        ],
        bound: None,
    }
}

/// A quantity at least 25 N with guard band U.
fn pull(object: (&str, &str, &str), value: f64, verdict: Verdict) -> Finding {
    let u = 0.624;
    let title = Text::new("Peak pull force", "最大拉拔力");
    let result = Some(Value::Quantity(measured(value, u, "N")));
    Finding {
        subject: subject(object.0, object.1, object.2),
        accept: Some(accept(Compare::Estimate, Some("25 N"), None)),
        rule: DecisionRule::FourValued { r: 1.0 },
        decision: Some(Decision {
            compared: value,
            guard: u,
            accept_low: Some(25.0 + u),
            accept_high: None,
            unit: unit("N"),
            risk: Some(0.012_3),
        }),
        more: vec![NamedValue {
            symbol: "s".to_string(),
            name: Text::new("standard deviation of the trials", "各次试验的标准差"),
            value: q("0.4567 N"),
            u_expanded: Some(0.11),
        }],
        figures: vec![force_over_time()],
        ..finding("peak", title, result, verdict)
    }
}

fn axis(en: &str, zh: &str, symbol: &str) -> Axis {
    Axis {
        label: Text::new(en, zh),
        unit: unit(symbol),
    }
}

fn series(en: &str, zh: &str, points: Vec<[f64; 2]>) -> Series {
    Series {
        name: Text::new(en, zh),
        points,
        low: vec![],
        high: vec![],
        labels: vec![],
    }
}

fn level(en: &str, zh: &str, at: f64) -> Level {
    Level {
        name: Text::new(en, zh),
        at,
    }
}

fn force_over_time() -> Figure {
    let force = |i: i32| {
        let t = f64::from(i) * 0.004;
        let pull = 27.0 * (1.0 - (-t / 0.6).exp());
        let slip = if t > 2.2 { 12.0 } else { 0.0 };
        [t, pull - slip + 0.25 * (t * 61.0).sin()]
    };
    Figure {
        title: Text::new("Force over time", "力随时间的变化"),
        kind: FigureKind::Curve,
        x: axis("Time", "时间", "s"),
        y: axis("Force", "力", "N"),
        series: vec![
            series(
                "force, filtered",
                "力（滤波后）",
                (0..800).map(force).collect(),
            ),
            series(
                "commanded",
                "指令值",
                vec![[0.0, 0.0], [2.2, 27.0], [3.2, 27.0]],
            ),
        ],
        limits: vec![level("lower limit", "下限", 25.0)],
        events: vec![level("start", "开始", 0.05), level("slip", "滑移", 2.2)],
    }
}

fn stop_curve() -> Figure {
    let travel = |i: i32| {
        let t = f64::from(i) - 50.0;
        let s = match t {
            t if t < 0.0 => 0.25 * t,
            t if t < 180.0 => 0.25 * t - 0.25 / 360.0 * t * t,
            _ => 22.5,
        };
        [t, s]
    };
    Figure {
        title: Text::new(
            "Travel since the trigger, worst repeat",
            "触发后的行程（最差一次）",
        ),
        kind: FigureKind::Curve,
        x: axis("Time since the trigger", "触发后的时间", "ms"),
        y: axis("Travel", "行程", "deg"),
        series: vec![series("travel", "行程", (0..400).map(travel).collect())],
        limits: vec![level("upper limit", "上限", 25.0)],
        events: vec![
            level("earliest trigger", "最早触发", 0.0),
            level("latest rest", "最晚静止", 182.0),
            level("power off", "断电", 195.0),
        ],
    }
}

fn pose_scatter() -> Figure {
    let visit = |i: i32| {
        let a = f64::from(i) * 2.4;
        let r = 0.006 * f64::from(i % 7) / 7.0 + 0.002;
        [0.004 + r * a.cos(), 0.1 - 0.099 + 0.7 * r * a.sin()]
    };
    let circle = |i: i32| {
        let a = f64::from(i % 72) * std::f64::consts::TAU / 72.0;
        [0.004 + 0.011 * a.cos(), 0.001 + 0.011 * a.sin()]
    };
    Figure {
        title: Text::new("Deviations, x-y", "偏差，x-y 平面"),
        kind: FigureKind::Scatter,
        x: axis("x", "x", "mm"),
        y: axis("y", "y", "mm"),
        series: vec![
            series("visits", "各次到位", (0..30).map(visit).collect()),
            series("barycentre", "重心", vec![[0.004, 0.001]]),
            series("command", "指令", vec![[0.0, 0.0]]),
            series("radius RP", "半径 RP", (0..=72).map(circle).collect()),
        ],
        limits: vec![],
        events: vec![],
    }
}

fn by_object() -> Figure {
    let labels = vec![
        Text::new("Cylinder, 50 mm, steel", "圆柱，直径 50 mm，钢"),
        Text::new("Box, 30 mm", "方块，30 mm"),
        Text::new(
            "Soft ball with a name that is far too long for the margin of a figure",
            "名称长到图边距放不下的软球软球软球软球软球",
        ),
        Text::new("Key", "钥匙"),
    ];
    Figure {
        title: Text::new("Success by object", "各物体的成功率"),
        kind: FigureKind::Intervals,
        x: axis("Object", "物体", "1"),
        y: axis("Success rate", "成功率", "1"),
        series: vec![Series {
            name: Text::new("success rate with its exact interval", "成功率及其精确区间"),
            points: vec![[0.0, 1.0], [1.0, 0.9], [2.0, 0.7], [3.0, 0.5]],
            low: vec![0.691_503, 0.554_984, 0.347_547, 0.187_086],
            high: vec![1.0, 0.997_471, 0.933_260, 0.812_914],
            labels,
        }],
        limits: vec![level("lower limit", "下限", 0.8)],
        events: vec![],
    }
}

pub(crate) fn findings() -> Findings {
    let objects = [
        ("cylinder-50", "Cylinder, 50 mm", "圆柱，50 mm"),
        ("box-30", "Box, 30 mm", "方块，30 mm"),
        ("ball", "Ball", "球"),
        ("key", "Key", "钥匙"),
    ];
    let pulls = [
        (26.437_1, Verdict::Pass),
        (25.000_1, Verdict::ConditionalPass),
        (24.999_6, Verdict::ConditionalFail),
        (21.02, Verdict::Fail),
    ];
    let mut slip: Vec<Finding> = objects
        .iter()
        .zip(pulls)
        .map(|(o, (value, verdict))| pull(*o, value, verdict))
        .collect();
    slip.push(Finding {
        reasons: vec![reason(
            "calibration-due",
            "The tracker's certificate was not in force on the day of the run",
            "跟踪仪证书在运行当日无效",
        )],
        metric: "iso9283-pose-repeatability".to_string(),
        accept: Some(accept(Compare::Estimate, None, Some("0.05 mm"))),
        figures: vec![pose_scatter(), pose_scatter(), stop_curve()],
        ..finding(
            "offset",
            Text::new("Position repeatability RP", "位置重复性 RP"),
            Some(Value::Quantity(Measured {
                u_expanded: None,
                k: None,
                nu_eff: None,
                budget: vec![],
                ..measured(0.010_987_6, 0.001, "mm")
            })),
            Verdict::NotTested,
        )
    });
    let rate = Value::Proportion(Proportion {
        k: 31,
        n: 40,
        confidence: 0.95,
        interval: [0.615_4, 0.891_6],
        lower: 0.639_96,
        upper: 0.876_4,
        wilson: [0.625_0, 0.877_0],
    });
    let grasp = Finding {
        accept: Some(accept(Compare::Bound, Some("64 %"), None)),
        decision: Some(Decision {
            compared: 0.639_96,
            guard: 0.0,
            accept_low: Some(0.64),
            accept_high: None,
            unit: Unit::one(),
            risk: None,
        }),
        estimand: Text::new("mean over this object set", "本物体集合上的均值"),
        figures: vec![by_object()],
        ..finding(
            "success",
            Text::new("Grasp success rate", "抓取成功率"),
            Some(rate),
            Verdict::Fail,
        )
    };
    let attribute = Finding {
        source: Source::Device,
        rule: DecisionRule::Simple,
        ..finding(
            "no-restart",
            Text::new("No motion after reset", "复位后无运动"),
            Some(Value::Attribute {
                yes: true,
                evidence: Text::new(
                    "no channel moved by more than its noise within 5 s after the reset",
                    "复位后 5 s 内各通道变化均未超过其噪声",
                ),
            }),
            Verdict::Pass,
        )
    };
    let inspection = Finding {
        rule: DecisionRule::Simple,
        ..finding(
            "marking",
            Text::new("Marking", "标识"),
            Some(Value::Inspection {
                statement: Text::new("legible and complete", "清晰完整"),
                by: "A. Tester".to_string(),
            }),
            Verdict::Pass,
        )
    };
    let lost = Finding {
        reasons: vec![reason(
            "fault-link",
            "The link failed: no answer from hand 1 in 20 ms",
            "链路故障：手 1 在 20 ms 内无应答",
        )],
        ..finding(
            "drift",
            Text::new("Drift under load", "负载下的漂移"),
            None,
            Verdict::NotTested,
        )
    };
    let case = |id: &str, en: &str, zh: &str, findings: Vec<Finding>| CaseFindings {
        case: id.to_string(),
        title: Text::new(en, zh),
        verdict: findings.iter().map(|f| f.verdict).max().unwrap(),
        reasons: vec![],
        findings,
        invalid_trials: vec![],
    };
    let mut cases = vec![
        case("slip", "Axial pull", "轴向拉拔", slip),
        case(
            "grasp",
            "Grasp success over the object set",
            "物体集合上的抓取成功率",
            vec![grasp],
        ),
        case("drop", "Drop", "跌落", vec![lost]),
        case("looks", "Inspection", "检查", vec![attribute, inspection]),
    ];
    cases[1].invalid_trials = vec![reason(
        "fixture-slipped",
        "Trial 7: fixture-slipped",
        "第 7 次试验：fixture-slipped",
    )];
    cases[2].reasons = vec![reason(
        "shortened",
        "3 of 30: a shortened case carries no verdict",
        "30 次中的 3 次：缩短的用例不作判定",
    )];
    Findings {
        format: FINDINGS_FORMAT,
        run: "grasp-success-20261122T022654Z".to_string(),
        plan_sha256: plan().digest(),
        judge: "certbench-judge 0.1.0".to_string(),
        verdict: Verdict::Fail,
        end: "completed".to_string(),
        reasons: vec![reason(
            "incomplete",
            "Not everything in the plan was tested",
            "计划中的项目未全部测试",
        )],
        cases,
        registrations: Vec::new(),
    }
}

pub(crate) fn facts() -> Facts {
    let plan = plan();
    let context = || Context {
        case: "slip".to_string(),
        ..Context::default()
    };
    let link = |kind: &str| LinkFacts {
        kind: kind.to_string(),
        port: "/dev/pts/3".to_string(),
        settings: "115200 8N1".to_string(),
        may_be_physical: false,
    };
    let identity = |maker: &str, label: &[&str]| Identity {
        maker: Some(maker.to_string()),
        model: Some("RH56DFX".to_string()),
        serial: None,
        firmware: Some("1.7.2".to_string()),
        read_from_device: true,
        label_needed: label.iter().map(|s| s.to_string()).collect(),
        notes: vec!["register 1000: 0x0001".to_string()],
    };
    let bodies = vec![
        EventBody::Opened {
            run: "grasp-success-20261122T022654Z".to_string(),
            utc: "2026-11-22T02:26:54Z".to_string(),
            certbench: "0.1.0".to_string(),
            host: "bench-pc, Debian 12".to_string(),
            operator: "A. Tester".to_string(),
            plan_sha256: plan.digest(),
            plan: Box::new(plan.clone()),
        },
        EventBody::Ledger {
            earlier: vec![
                "grasp-success-20261120T101500Z, grasp-success 0.1.0, started 2026-11-20T10:15:00Z, aborted 2026-11-20T10:21:00Z"
                    .to_string(),
            ],
        },
        EventBody::Identified {
            device: "hand".to_string(),
            identity: identity("Inspire", &["serial"]),
            link: link("pty"),
        },
        EventBody::Identified {
            device: "gauge".to_string(),
            identity: identity("Mark-10", &[]),
            link: link("pty"),
        },
        EventBody::LabelConfirmed {
            device: "hand".to_string(),
            field: "serial".to_string(),
            value: "RH-0042".to_string(),
        },
        EventBody::Armed {
            shown: vec![Text::new(
                "hand: six fingers at up to 100 %, force up to 10 N",
                "手：六个手指，速度最高 100 %，力最大 10 N",
            )],
            by: "operator".to_string(),
        },
        EventBody::CaseStarted {
            case: "slip".to_string(),
        },
        EventBody::WindowOpened {
            window: "pull".to_string(),
            instance: 1,
            context: context(),
        },
        EventBody::WindowClosed {
            window: "pull".to_string(),
            instance: 1,
            end: WindowEnd::Reached,
        },
        EventBody::CaseEnded {
            case: "slip".to_string(),
            end: CaseEnd::Completed,
        },
        EventBody::DeviceEvent {
            device: "hand".to_string(),
            code: "over-temperature".to_string(),
            text: "finger 3 reports 71 °C".to_string(),
        },
        EventBody::Fault {
            kind: FaultKind::Link,
            subject: "hand".to_string(),
            text: "no answer from hand 1 on /dev/pts/3 in 20 ms (sent EB 90 01 04 11); is it powered?"
                .to_string(),
        },
        EventBody::Tripped {
            channel: "temperature".to_string(),
            text: "71.0 °C above 70 °C".to_string(),
            missing: false,
        },
        EventBody::Halted {
            device: "hand".to_string(),
            planned: false,
            result: "confirmed".to_string(),
            text: "a watch tripped; all fingers hold".to_string(),
        },
        EventBody::Lost {
            listener: "telemetry.mcap".to_string(),
            count: 12,
        },
        EventBody::Lateness {
            subject: "hand".to_string(),
            worst_s: 0.001_234,
            ticks: 12_000,
        },
        EventBody::SimulationTruth {
            device: "world".to_string(),
            truth: serde_json::json!({"friction": 0.5, "seed": 7}),
        },
        EventBody::Ended {
            end: RunEnd::Completed,
            text: "all cases ended".to_string(),
        },
    ];
    Facts {
        run: "grasp-success-20261122T022654Z".to_string(),
        plan_sha256: plan.digest(),
        utc: "2026-11-22T02:26:54Z".to_string(),
        day: date("2026-11-22"),
        events: bodies
            .into_iter()
            .enumerate()
            .map(|(i, body)| Line {
                seq: i as u64 + 1,
                event: Event {
                    time_ns: 1_500_000_000 * i as u64,
                    body,
                },
            })
            .collect(),
        plan,
        end: Some(RunEnd::Completed),
        damage: vec![],
    }
}

pub(crate) fn extra() -> Extra {
    Extra {
        files: vec![file("run.jsonl"), file("telemetry.mcap")],
        ..Extra::default()
    }
}

/// What turns the example into an issued report.
pub(crate) fn issue() -> Issue {
    Issue {
        number: "RTL-2026-0117".to_string(),
        utc: "2026-11-22T08:00:00Z".to_string(),
        prepared: "A. Tester".to_string(),
        reviewed: "B. Reviewer".to_string(),
        approved: "C. Head".to_string(),
        amends: None,
    }
}

/// A laboratory that has written everything down.
pub(crate) fn laboratory() -> Laboratory {
    let label = || Label {
        maker: Some("Maker".to_string()),
        model: Some("Model".to_string()),
        serial: Some("7".to_string()),
        firmware: Some("1.04".to_string()),
    };
    Laboratory {
        marks: vec![LaboratoryMark {
            mark: "CNAS".to_string(),
            number: "L1234".to_string(),
            scope: None,
        }],
        may_give_opinions: vec!["C. Head".to_string()],
        instruments: [
            ("gauge".to_string(), label()),
            ("tracker".to_string(), label()),
        ]
        .into(),
        ..Laboratory::default()
    }
}
