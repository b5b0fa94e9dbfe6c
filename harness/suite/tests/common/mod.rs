//! A small vocabulary and small files: enough of every kind to be wrong in every way.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]

use certbench_model::vocabulary::{
    ChannelInput, DriverDescription, MetricDescription, OverKind, ParamDescription, ParamKind,
    Shape, SignalDescription,
};
use certbench_model::{ParamValue, Quantity, Text, Unit, Vocabulary};
use certbench_suite::{Diagnostic, Severity, Sources};

pub fn unit(symbol: &str) -> Unit {
    Unit::parse(symbol).unwrap()
}

fn metric(
    id: &str,
    over: &[(&str, OverKind)],
    channels: Vec<ChannelInput>,
    result: Option<&str>,
) -> MetricDescription {
    MetricDescription {
        id: id.into(),
        title: Text::same(id),
        formula: Text::same(id),
        over: over.iter().map(|(n, k)| ((*n).to_string(), *k)).collect(),
        channels,
        params: Vec::new(),
        unit: result.map(unit),
        has_bound: false,
        needs_pose: false,
        n_min: 1,
    }
}

fn input(name: &str, shape: Shape, symbol: Option<&str>) -> ChannelInput {
    ChannelInput {
        name: name.into(),
        shape,
        unit: symbol.map(unit),
        optional: false,
    }
}

fn param(name: &str, kind: ParamKind, default: Option<ParamValue>) -> ParamDescription {
    ParamDescription {
        name: name.into(),
        title: Text::same(name),
        kind,
        default,
        optional: false,
    }
}

fn words(words: &[&str]) -> ParamKind {
    ParamKind::OneOf(words.iter().map(|w| (*w).to_string()).collect())
}

fn quantity(text: &str) -> ParamValue {
    ParamValue::Quantity(text.parse::<Quantity>().unwrap())
}

fn metrics() -> Vec<MetricDescription> {
    let window = &[("over", OverKind::Window)];
    let position = || vec![input("position", Shape::Pose, Some("mm"))];
    let moving = || input("position", Shape::Any, None);
    let trigger = || input("trigger", Shape::Digital, None);
    let confidence = || {
        param(
            "confidence",
            ParamKind::Quantity(unit("1")),
            Some(quantity("95 %")),
        )
    };
    let mut accuracy = metric("iso9283-pose-accuracy", window, position(), Some("mm"));
    accuracy.needs_pose = true;
    accuracy.n_min = 2;
    let mut repeatability = metric("iso9283-pose-repeatability", window, position(), Some("mm"));
    repeatability.n_min = 3;
    let mut success = metric(
        "success-rate",
        &[("over", OverKind::Trial)],
        vec![],
        Some("1"),
    );
    success.has_bound = true;
    success.params = vec![confidence()];
    let mut peak = metric(
        "peak-force",
        window,
        vec![input("channel", Shape::Any, None)],
        None,
    );
    peak.has_bound = true;
    let cutoff = ParamDescription {
        optional: true,
        ..param("cutoff", ParamKind::Quantity(unit("Hz")), None)
    };
    peak.params = vec![
        param("filter", words(&["none", "butterworth"]), None),
        param("order", ParamKind::Count, Some(ParamValue::Count(2))),
        cutoff,
        confidence(),
    ];
    let over_both = &[("unloaded", OverKind::Window), ("loaded", OverKind::Window)];
    let droop = metric("payload-droop", over_both, position(), Some("mm"));
    let drift = metric("hold-drift", window, position(), Some("mm"));
    let time = metric("stop-time", window, vec![moving(), trigger()], Some("ms"));
    let distance = metric("stop-distance", window, vec![moving(), trigger()], None);
    let power = input("power", Shape::Digital, None);
    let mut category = metric(
        "stop-category",
        window,
        vec![moving(), trigger(), power],
        Some("1"),
    );
    category.params = vec![
        param("expected", words(&["0", "1", "2"]), None),
        param("powered_is", ParamKind::Flag, Some(ParamValue::Flag(true))),
    ];
    vec![
        accuracy,
        repeatability,
        success,
        peak,
        droop,
        drift,
        time,
        distance,
        category,
    ]
}

fn signal(
    name: &str,
    components: &[(&str, &str)],
    digital: bool,
    interval_s: f64,
) -> SignalDescription {
    SignalDescription {
        name: name.into(),
        components: components
            .iter()
            .map(|(n, u)| ((*n).to_string(), unit(u)))
            .collect(),
        digital,
        interval_s,
        delay_s: [0.0, 0.05],
    }
}

fn driver(id: &str, kind: &str, links: &[&str], roles: &[&str]) -> DriverDescription {
    let texts = |list: &[&str]| list.iter().map(|t| (*t).to_string()).collect::<Vec<_>>();
    DriverDescription {
        id: id.into(),
        title: Text::same(id),
        kind: kind.into(),
        links: texts(links),
        roles: texts(roles),
        joints: Vec::new(),
        signals: Vec::new(),
        options: Vec::new(),
        safe_states: Vec::new(),
        watchdog: Text::same("none"),
        verified_against: Vec::new(),
        moves: false,
    }
}

fn drivers() -> Vec<DriverDescription> {
    let baud = || param("baud", ParamKind::Count, Some(ParamValue::Count(115_200)));
    let id = || param("id", ParamKind::Count, Some(ParamValue::Count(1)));
    let interval = || {
        param(
            "interval",
            ParamKind::Quantity(unit("ms")),
            Some(quantity("10 ms")),
        )
    };
    let fingers = [
        "little",
        "ring",
        "middle",
        "index",
        "thumb-bend",
        "thumb-rotate",
    ];
    let of_fingers = |symbol: &'static str| fingers.map(|f| (f, symbol));

    let mut hand = driver(
        "inspire-rh56",
        "hand",
        &["serial"],
        &["identify", "grasp", "sensor", "halt"],
    );
    hand.joints = fingers.map(String::from).to_vec();
    hand.signals = vec![
        signal("force", &of_fingers("N"), false, 0.02),
        signal("temperature", &of_fingers("Cel"), false, 0.1),
    ];
    hand.options = vec![baud(), id(), interval()];
    hand.safe_states = vec!["hold".into()];
    hand.moves = true;

    let mut gauge = driver(
        "mark10-gauge",
        "force-gauge",
        &["serial"],
        &["identify", "sensor", "zero"],
    );
    gauge.signals = vec![signal("force", &[("value", "N")], false, 0.01)];
    gauge.options = vec![
        baud(),
        interval(),
        param(
            "unit",
            words(&["N", "kN"]),
            Some(ParamValue::Text("N".into())),
        ),
    ];

    let mut io = driver(
        "modbus-io",
        "io",
        &["serial"],
        &["identify", "sensor", "output"],
    );
    io.signals = (0..8)
        .map(|i| signal(&format!("in{i}"), &[("value", "1")], true, 0.01))
        .collect();
    io.options = vec![baud(), id()];
    io.safe_states = vec!["hold".into()];

    let roles = ["identify", "joints", "sensor", "halt"];
    let mut arm = driver("canopen-arm", "arm", &["can"], &roles);
    arm.signals = vec![signal("position", &[], false, 0.01)];
    let nodes = ParamValue::Text("1 2 3 4 5 6".into());
    arm.options = vec![
        param("nodes", ParamKind::Text, Some(nodes)),
        param("counts_per_deg", ParamKind::Text, None),
    ];
    arm.safe_states = vec!["decelerate-and-hold".into(), "torque-off".into()];
    arm.moves = true;

    let mut tracker = driver(
        "ascii-tracker",
        "tracker",
        &["serial"],
        &["identify", "sensor"],
    );
    let pose = [
        ("x", "mm"),
        ("y", "mm"),
        ("z", "mm"),
        ("a", "deg"),
        ("b", "deg"),
        ("c", "deg"),
    ];
    tracker.signals = vec![signal("pose", &pose, false, 0.01)];
    let columns = ParamValue::Text("x y z a b c".into());
    let one_of = |name: &str, list: &[&str]| {
        param(name, words(list), Some(ParamValue::Text(list[0].into())))
    };
    tracker.options = vec![
        baud(),
        param("columns", ParamKind::Text, Some(columns)),
        one_of("separator", &["comma", "blank"]),
        one_of("length_unit", &["mm", "m", "um"]),
        one_of("angle_unit", &["deg", "rad"]),
    ];
    vec![hand, gauge, io, arm, tracker]
}

/// Metrics and drivers enough for the shipped suites.
pub fn vocabulary() -> Vocabulary {
    Vocabulary {
        metrics: metrics(),
        drivers: drivers(),
    }
}

/// Codes of the errors.
pub fn errors(diagnostics: &[Diagnostic]) -> Vec<&str> {
    diagnostics
        .iter()
        .filter(|d| d.severity == Severity::Error)
        .map(|d| d.code.as_str())
        .collect()
}

/// A reader of files in memory.
pub fn sources(files: &[(&str, &str)]) -> Sources {
    Sources::memory(files.iter().copied())
}

/// The small suite, its tables, bench and job: name and text.
pub fn files() -> Vec<(String, String)> {
    let folder = format!("{}/tests/files", env!("CARGO_MANIFEST_DIR"));
    let names = [
        "small.suite.yaml",
        "small.bench.yaml",
        "small.job.yaml",
        "long.suite.yaml",
        "templates/squeeze.template.yaml",
        "tables/objects.yaml",
        "tables/poses.yaml",
    ];
    names
        .iter()
        .map(|n| {
            let text = std::fs::read_to_string(format!("{folder}/{n}")).unwrap();
            ((*n).to_string(), text)
        })
        .collect()
}

/// Replaces a text that must be there in one of the files.
pub fn replaced(files: &mut [(String, String)], name: &str, from: &str, to: &str) {
    let (_, text) = files.iter_mut().find(|(n, _)| n == name).unwrap();
    assert!(text.contains(from), "{name} has no `{from}`");
    *text = text.replacen(from, to, 1);
}

/// Holds a text against `tests/golden/NAME.txt`, piece by piece (each begins with `== `); with `BLESS=1` in
/// the environment it is written there instead.
pub fn golden(name: &str, text: &str) {
    let path = format!("{}/tests/golden/{name}.txt", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, text).unwrap();
        return;
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    let mut then = expected.split("== ");
    for now in text.split("== ") {
        let blessed = then.next().unwrap_or_default();
        assert!(
            now == blessed,
            "{name}: now\n{now}\nblessed was\n{blessed}\nBLESS=1 writes it anew"
        );
    }
    assert_eq!(then.next(), None, "{name}: BLESS=1 writes it anew");
}
