//! How a file is read: the options of the device that stands for it, as the plan froze them.

use certbench_model::vocabulary::{
    DriverDescription, ParamDescription, ParamKind, SignalDescription,
};
use certbench_model::{ParamValue, Quantity, Text, Unit};
use serde_json::Value;
use std::collections::BTreeMap;

/// The driver of a device whose data are imported after the run.
pub const CSV_IMPORT: &str = "csv-import";

/// How the columns of one file become samples of one channel.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Mapping {
    /// A column for each component, by its header or its number from 1.
    pub(super) columns: Vec<String>,
    pub(super) units: Vec<Unit>,
    pub(super) separator: char,
    pub(super) decimal: char,
    /// Line of the header, from 1; 0 when there is none.
    pub(super) header: u64,
    /// What stands in a cell when the instrument saw nothing.
    pub(super) lost: Option<String>,
    pub(super) align: Align,
    pub(super) refuse_missing: bool,
    pub(super) refuse_extra: bool,
}

/// Which rows belong to which stretch of the run.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Align {
    /// One row a window that records the channel, in order; numbered by a column, from 1.
    Cycles(Option<String>),
    /// Several rows a window: by a column that numbers the windows, or by stretches of rows that carry
    /// the mark; the file's own time, if it has one, says when in the window each was.
    Several {
        by: Grouping,
        time: Option<(String, Unit)>,
    },
    /// By the file's own time between rows that carry a sync mark.
    Time {
        time: String,
        unit: Unit,
        sync: String,
        mark: String,
    },
}

/// What says to which window a row of several belongs.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Grouping {
    /// A column with the number of the window, from 1.
    Number(String),
    /// A column that is set as long as a window lasts.
    Marked(String),
}

impl Mapping {
    /// From the options of a device.
    pub(super) fn of(options: &BTreeMap<String, Value>) -> Result<Mapping, String> {
        let text = |name: &str| options.get(name).map(plain);
        let one_of = |name: &str, default: &str| text(name).unwrap_or_else(|| default.into());
        let unit = |symbol: &str| Unit::parse(symbol).map_err(|e| e.to_string());
        let columns = several(options, "columns");
        if columns.is_empty() {
            return Err("the option `columns` names no column".to_string());
        }
        let units: Vec<Unit> = several(options, "units")
            .iter()
            .map(|u| unit(u))
            .collect::<Result<_, _>>()?;
        let own_time = || -> Result<Option<(String, Unit)>, String> {
            let unit = unit(&one_of("time_unit", "s"))?;
            Ok(text("time").map(|column| (column, unit)))
        };
        let align = match one_of("align", "cycles").as_str() {
            "time" => Align::Time {
                time: text("time").ok_or("`align: time` needs the option `time`, a column")?,
                unit: unit(&one_of("time_unit", "s"))?,
                sync: text("sync").ok_or("`align: time` needs the option `sync`, a column")?,
                mark: one_of("sync_mark", "sync"),
            },
            "marks" => {
                let sync =
                    text("sync").ok_or("`align: marks` needs the option `sync`, a column")?;
                Align::Several {
                    by: Grouping::Marked(sync),
                    time: own_time()?,
                }
            }
            _ if one_of("rows", "one") == "several" => {
                let cycle = text("cycle");
                Align::Several {
                    by: Grouping::Number(
                        cycle.ok_or("`rows: several` needs the option `cycle`, a column")?,
                    ),
                    time: own_time()?,
                }
            }
            _ => Align::Cycles(text("cycle")),
        };
        Ok(Mapping {
            columns,
            units,
            separator: match one_of("separator", "comma").as_str() {
                "semicolon" => ';',
                "tab" => '\t',
                _ => ',',
            },
            decimal: match one_of("decimal", "point").as_str() {
                "comma" => ',',
                _ => '.',
            },
            header: options.get("header").and_then(Value::as_u64).unwrap_or(1),
            lost: text("lost"),
            align,
            refuse_missing: one_of("missing", "not-tested") == "refuse",
            refuse_extra: one_of("extra", "refuse") == "refuse",
        })
    }
}

fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), String::from)
}

fn several(options: &BTreeMap<String, Value>, name: &str) -> Vec<String> {
    match options.get(name) {
        Some(Value::Array(items)) => items.iter().map(plain).collect(),
        Some(one) => vec![plain(one)],
        None => Vec::new(),
    }
}

/// The driver of imported data, for the vocabulary.
#[must_use]
pub fn import_driver() -> DriverDescription {
    let words = |words: &[&str]| ParamKind::OneOf(words.iter().map(|w| (*w).into()).collect());
    let must = |name: &str, en: &str, zh: &str| option(name, en, zh, ParamKind::Text, None);
    let may = |name: &str, en: &str, zh: &str| ParamDescription {
        optional: true,
        ..must(name, en, zh)
    };
    let word = |name: &str, en: &str, zh: &str, of: &[&str]| {
        let first = of.first().map(|w| ParamValue::Text((*w).into()));
        option(name, en, zh, words(of), first)
    };
    let second = Unit::parse("s").unwrap_or(Unit::one());
    let pose = [
        ("x", "mm"),
        ("y", "mm"),
        ("z", "mm"),
        ("a", "deg"),
        ("b", "deg"),
        ("c", "deg"),
    ];
    DriverDescription {
        id: CSV_IMPORT.into(),
        title: Text::new(
            "Data of an instrument that is not read live: a file imported after the run",
            "不在线读取的仪器数据：运行后导入的文件",
        ),
        kind: "file".into(),
        links: vec![certbench_model::plan::IMPORT.into()],
        roles: Vec::new(),
        joints: Vec::new(),
        signals: vec![
            signal("position", pose.get(..3).unwrap_or_default()),
            signal("pose", &pose),
            signal("length", &[("value", "mm")]),
            signal("angle", &[("value", "deg")]),
            signal("force", &[("value", "N")]),
            signal("temperature", &[("value", "Cel")]),
        ],
        options: vec![
            must(
                "columns",
                "Columns of the components in order: headers, or numbers from 1",
                "各分量所在列（按序）：列标题或从 1 起的列号",
            ),
            must("units", "Units of these columns", "各列的单位"),
            word(
                "separator",
                "What separates columns",
                "列分隔符",
                &["comma", "semicolon", "tab"],
            ),
            word("decimal", "Decimal sign", "小数点符号", &["point", "comma"]),
            option(
                "header",
                "Line of the headers; 0: none",
                "列标题所在行；0 表示没有",
                ParamKind::Count,
                Some(ParamValue::Count(1)),
            ),
            may(
                "lost",
                "What stands in a cell when the instrument saw nothing",
                "仪器无信号时单元格的内容",
            ),
            word(
                "align",
                "Rows to windows: in their order or by their numbers, by time between sync marks, or a window \
                 for each stretch of marked rows",
                "行与窗口的对应：按顺序或编号，按同步标记间的时间，或每段连续带标记的行为一个窗口",
                &["cycles", "time", "marks"],
            ),
            word(
                "rows",
                "Rows of one number: one, or all that an instrument streamed in the window",
                "同一编号的行：一行，或仪器在该窗口内连续输出的多行",
                &["one", "several"],
            ),
            may(
                "cycle",
                "Column that numbers the windows from 1",
                "为窗口编号的列（从 1 起）",
            ),
            may(
                "time",
                "Column of the file's own time",
                "文件自身时间所在列",
            ),
            may(
                "time_unit",
                "Unit of that time; s when left out",
                "该时间的单位；缺省为 s",
            ),
            may(
                "sync",
                "Column that is neither empty nor 0 in a row that carries a mark",
                "带标记的行中既非空也非 0 的列",
            ),
            may(
                "sync_mark",
                "Name of the marks of the run that belong to these rows; `sync` when left out",
                "运行中与这些行对应的标记名；缺省为 `sync`",
            ),
            word(
                "missing",
                "A window without a row: not tested, or the file is refused",
                "窗口缺行时：不测试，或拒绝该文件",
                &["not-tested", "refuse"],
            ),
            word(
                "extra",
                "A row without a window: the file is refused, or the row is left out and reported",
                "多余行：拒绝该文件，或忽略该行并报告",
                &["refuse", "ignore"],
            ),
            option(
                "interval",
                "Longest time that one row stands for",
                "一行数据所代表的最长时间",
                ParamKind::Quantity(second),
                Some(ParamValue::Quantity(Quantity::new(NOMINAL_S, second))),
            ),
        ],
        safe_states: Vec::new(),
        watchdog: Text::new("none: nothing is connected", "无：未连接任何设备"),
        verified_against: vec!["RFC 4180 (quotes and separators; no line breaks in cells)".into()],
        moves: false,
    }
}

/// A row may stand for a whole window: its time within it means nothing.
const NOMINAL_S: f64 = 3600.0;

fn signal(name: &str, components: &[(&str, &str)]) -> SignalDescription {
    let one = |(name, symbol): &(&str, &str)| {
        let unit = Unit::parse(symbol).unwrap_or(Unit::one());
        ((*name).to_string(), unit)
    };
    SignalDescription {
        name: name.into(),
        components: components.iter().map(one).collect(),
        digital: false,
        interval_s: NOMINAL_S,
        delay_s: [0.0, 0.0],
    }
}

fn option(
    name: &str,
    en: &str,
    zh: &str,
    kind: ParamKind,
    default: Option<ParamValue>,
) -> ParamDescription {
    ParamDescription {
        name: name.into(),
        title: Text::new(en, zh),
        kind,
        default,
        optional: false,
    }
}
