//! A register map: what is written in the TOML file of a family, and what it means.

use std::sync::LazyLock;

use certbench_wire::modbus::{Request, Table};
use serde::Deserialize;
use std::collections::BTreeMap;

/// The files, included at build.
const FILES: [(&str, &str); 7] = [
    ("robotiq-2f", include_str!("maps/robotiq-2f.toml")),
    ("dh", include_str!("maps/dh.toml")),
    ("rohand", include_str!("maps/rohand.toml")),
    ("linker", include_str!("maps/linker.toml")),
    ("inspire-dftp", include_str!("maps/inspire-dftp.toml")),
    ("ufactory", include_str!("maps/ufactory.toml")),
    ("brainco", include_str!("maps/brainco.toml")),
];

/// Every map that can be read. That all can is a test.
pub(super) fn all() -> &'static [Map] {
    static MAPS: LazyLock<Vec<Map>> =
        LazyLock::new(|| read_all().into_iter().filter_map(Result::ok).collect());
    &MAPS
}

fn read_all() -> Vec<Result<Map, String>> {
    FILES
        .iter()
        .map(|(name, text)| {
            let map: Result<Map, _> = toml::from_str(text);
            map.map_err(|error| format!("{name}: {error}"))
                .and_then(|map| {
                    let checked = map.check();
                    checked
                        .map(|()| map)
                        .map_err(|what| format!("{name}: {what}"))
                })
        })
        .collect()
}

/// A family: models with one map.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Map {
    pub(super) fingers: Vec<String>,
    pub(super) baud: u64,
    pub(super) unit: u8,
    /// Silence that the device needs between frames beyond that of Modbus.
    #[serde(default)]
    pub(super) gap_ms: u64,
    /// It has a network port as well, on which the same registers are spoken.
    #[serde(default)]
    pub(super) tcp: bool,
    pub(super) model: Vec<Model>,
    pub(super) about: About,
    pub(super) position: Position,
    /// Left out: it takes no force, and only its full one can be asked for.
    pub(super) force: Option<Range>,
    pub(super) speed: Range,
    pub(super) blocks: BTreeMap<String, Block>,
    #[serde(default)]
    pub(super) patch: Vec<Patch>,
    /// What a grasp writes, in this order; the positions last.
    pub(super) command: Vec<Write>,
    pub(super) halt: Write,
    pub(super) activation: Option<Activation>,
    pub(super) feedback: Feedback,
    #[serde(default)]
    pub(super) signal: Vec<Signal>,
    #[serde(default)]
    pub(super) event: Vec<Event>,
    #[serde(default)]
    pub(super) identity: Vec<Who>,
}

/// A model of the family.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Model {
    pub(super) id: String,
    pub(super) en: String,
    pub(super) zh: String,
    /// Nominal force at the ends of the force range; `None` where the maker gives a share only.
    pub(super) force_n: Option<[f64; 2]>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct About {
    pub(super) verified: Vec<String>,
    pub(super) watchdog_en: String,
    pub(super) watchdog_zh: String,
}

/// Counts of a position, commanded and fed back.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Position {
    pub(super) open: u16,
    pub(super) closed: u16,
    /// Counts by which a target may be missed and have been reached.
    pub(super) near: u16,
    /// Written for a finger that shall stay.
    pub(super) leave: Option<u16>,
}

/// Counts of a share from 0 to 1.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Range {
    pub(super) raw: [u16; 2],
}

/// Registers that are read together.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Block {
    table: Where,
    address: u16,
    count: u16,
    /// Every so many rounds.
    #[serde(default = "one")]
    pub(super) every: u64,
    /// For the identity only.
    #[serde(default)]
    pub(super) once: bool,
}

fn one() -> u64 {
    1
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Where {
    Holding,
    Input,
}

impl Block {
    pub(super) fn request(&self) -> Request {
        Request::Read {
            table: match self.table {
                Where::Holding => Table::HoldingRegisters,
                Where::Input => Table::InputRegisters,
            },
            start: self.address,
            count: self.count,
        }
    }
}

/// A patch of tactile cells. Its signal is what they show together: the largest and the mean count.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Patch {
    /// Of the signal.
    pub(super) name: String,
    address: u16,
    rows: u16,
    columns: u16,
    /// A larger count is none.
    most: u16,
}

impl Patch {
    pub(super) fn cells(&self) -> u16 {
        self.rows.saturating_mul(self.columns)
    }

    pub(super) fn request(&self) -> Request {
        Request::Read {
            table: Table::HoldingRegisters,
            start: self.address,
            count: self.cells(),
        }
    }

    fn is_sound(&self, cells: &[u16]) -> bool {
        cells.len() == usize::from(self.cells()) && cells.iter().all(|count| *count <= self.most)
    }

    /// The count of one cell; `None` as for [`Patch::shown`].
    pub(super) fn count(&self, cells: &[u16], place: usize) -> Option<u16> {
        cells.get(place).copied().filter(|_| self.is_sound(cells))
    }

    /// The largest and the mean count of the cells; `None` when there are others, or one has a count that
    /// none can have.
    pub(super) fn shown(&self, cells: &[u16]) -> Option<[f64; 2]> {
        let largest = *cells.iter().max()?;
        let sound = self.is_sound(cells);
        let sum: u64 = cells.iter().map(|count| u64::from(*count)).sum();
        sound.then(|| [f64::from(largest), sum as f64 / cells.len() as f64])
    }
}

/// A cell of a patch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    /// Number of its patch in the map.
    pub(super) patch: usize,
    /// Its place among the registers of the patch.
    pub(super) place: usize,
}

impl Map {
    /// The cell that a bench calls so: `PATCH:ROW:COLUMN`, counted from 1.
    pub(super) fn cell(&self, name: &str) -> Option<Cell> {
        let [patch, row, column] = name.split(':').collect::<Vec<_>>()[..] else {
            return None;
        };
        let number = self.patch.iter().position(|known| known.name == patch)?;
        let known = self.patch.get(number)?;
        let within = |text: &str, most: u16| {
            let n: u16 = text.parse().ok()?;
            (1..=most).contains(&n).then(|| usize::from(n - 1))
        };
        let (row, column) = (within(row, known.rows)?, within(column, known.columns)?);
        Some(Cell {
            patch: number,
            place: row * usize::from(known.columns) + column,
        })
    }
}

/// Words to write from an address on.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Write {
    address: u16,
    words: Vec<Word>,
    /// One word, by function 06.
    #[serde(default)]
    single: bool,
}

/// Raw counts of every finger, for the words of a write.
pub(super) trait Counts {
    fn of(&self, what: Name, finger: usize) -> Option<u16>;
}

/// No finger is asked for.
pub(super) struct NoCounts;

impl Counts for NoCounts {
    fn of(&self, _what: Name, _finger: usize) -> Option<u16> {
        None
    }
}

impl Write {
    /// The request; `None` when a count is not known.
    pub(super) fn request(&self, counts: &dyn Counts) -> Option<Request> {
        let words: Option<Vec<u16>> = self.words.iter().map(|word| word.value(counts)).collect();
        let words = words?;
        match (self.single, words.as_slice()) {
            (true, [value]) => Some(Request::WriteRegister {
                address: self.address,
                value: *value,
            }),
            _ => Some(Request::WriteRegisters {
                start: self.address,
                values: words,
            }),
        }
    }

    /// Whether it moves a finger.
    pub(super) fn commands_positions(&self) -> bool {
        let names = self.words.iter().flat_map(|word| &word.0);
        names
            .into_iter()
            .any(|term| matches!(term, Term::Count(Name::Position, ..)))
    }

    /// Whether it needs to know where the fingers are.
    pub(super) fn needs_here(&self) -> bool {
        let names = self.words.iter().flat_map(|word| &word.0);
        names
            .into_iter()
            .any(|term| matches!(term, Term::Count(Name::Here, ..)))
    }
}

/// A word: terms joined by `|`, each a number or a count, shifted or not: `speed.0 << 8 | force.0`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Word(Vec<Term>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Term {
    Number(u16),
    Count(Name, usize, u32),
}

/// What a word can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Name {
    /// Target of a finger.
    Position,
    Force,
    Speed,
    /// Where a finger is.
    Here,
}

impl Word {
    fn value(&self, counts: &dyn Counts) -> Option<u16> {
        self.0.iter().try_fold(0, |word, term| {
            Some(
                word | match term {
                    Term::Number(number) => *number,
                    Term::Count(name, finger, shift) => {
                        counts.of(*name, *finger)?.checked_shl(*shift)?
                    }
                },
            )
        })
    }
}

impl TryFrom<String> for Word {
    type Error = String;

    fn try_from(text: String) -> Result<Word, String> {
        let terms = text.split('|').map(|term| self::term(term.trim()));
        let terms: Option<Vec<Term>> = terms.collect();
        terms
            .map(Word)
            .ok_or_else(|| format!("`{text}` is no word"))
    }
}

fn term(text: &str) -> Option<Term> {
    if let Some(number) = number(text) {
        return Some(Term::Number(number));
    }
    let (name, shift) = text.split_once("<<").unwrap_or((text, "0"));
    let (name, finger) = name.trim().split_once('.')?;
    let name = match name {
        "position" => Name::Position,
        "force" => Name::Force,
        "speed" => Name::Speed,
        "here" => Name::Here,
        _ => return None,
    };
    let shift: u32 = shift.trim().parse().ok()?;
    Some(Term::Count(name, finger.parse().ok()?, shift)).filter(|_| shift < 16)
}

fn number(text: &str) -> Option<u16> {
    match text.strip_prefix("0x") {
        Some(digits) => u16::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

/// A part of a word that was read: `status[0] >> 12 & 3`, `force[2] signed`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Field {
    pub(super) block: String,
    word: usize,
    shift: u32,
    mask: u16,
    signed: bool,
}

impl Field {
    /// Its value in the words of its block.
    pub(super) fn value(&self, words: &[u16]) -> Option<i32> {
        let word = words.get(self.word)?;
        Some(match self.signed {
            true => i32::from(word.cast_signed()),
            false => i32::from(word >> self.shift & self.mask),
        })
    }
}

impl TryFrom<String> for Field {
    type Error = String;

    fn try_from(text: String) -> Result<Field, String> {
        field(&text).ok_or_else(|| format!("`{text}` is no field"))
    }
}

fn field(text: &str) -> Option<Field> {
    let (block, rest) = text.split_once('[')?;
    let (word, rest) = rest.split_once(']')?;
    let rest = rest.trim();
    let signed = rest == "signed";
    let rest = if signed { "" } else { rest };
    let (shift, mask) = rest.split_once('&').unwrap_or((rest, "65535"));
    let shift = match shift.trim() {
        "" => 0,
        shift => shift.strip_prefix(">>")?.trim().parse().ok()?,
    };
    Some(Field {
        block: block.trim().to_owned(),
        word: word.parse().ok()?,
        shift,
        mask: number(mask.trim())?,
        signed,
    })
    .filter(|field| field.shift < 16)
}

/// What makes it ready to be commanded.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Activation {
    /// What moves by it, in words.
    pub(super) moves: String,
    pub(super) ready: Equals,
    pub(super) steps: Vec<Write>,
    pub(super) within_ms: u64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Equals {
    pub(super) field: Field,
    pub(super) equals: i32,
}

/// How it says where it is and what it does, a field a finger.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Feedback {
    pub(super) position: Vec<Field>,
    #[serde(default)]
    pub(super) status: Vec<Field>,
    #[serde(default)]
    pub(super) moving: Vec<i32>,
    #[serde(default)]
    pub(super) settled: Vec<i32>,
}

/// A signal beside `closing`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Signal {
    pub(super) name: String,
    /// Of a count times `scale`.
    pub(super) unit: String,
    pub(super) fields: Vec<Field>,
    pub(super) scale: f64,
}

/// Trouble that the device reports.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Event {
    pub(super) code: String,
    pub(super) text: String,
    pub(super) field: Field,
    #[serde(default)]
    values: Vec<i32>,
    above: Option<i32>,
    any_of: Option<i32>,
}

impl Event {
    /// Whether the field's value says it.
    pub(super) fn is_said_by(&self, value: i32) -> bool {
        self.values.contains(&value)
            || self.above.is_some_and(|limit| value > limit)
            || self.any_of.is_some_and(|bits| value & bits != 0)
    }
}

/// A part of the identity.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Who {
    pub(super) what: String,
    pub(super) field: Field,
    /// It is text, two characters a word from the field's word to the end of its block.
    #[serde(default)]
    text: bool,
}

impl Who {
    /// What the words of its block say; `None` where that is nothing.
    pub(super) fn of(&self, words: &[u16]) -> Option<String> {
        if !self.text {
            return self.field.value(words).map(|value| value.to_string());
        }
        let bytes = words
            .get(self.field.word..)?
            .iter()
            .flat_map(|word| word.to_be_bytes());
        let text: Vec<u8> = bytes.filter(|byte| byte.is_ascii_graphic()).collect();
        String::from_utf8(text).ok().filter(|text| !text.is_empty())
    }
}

impl Map {
    /// Every field that is named.
    fn fields(&self) -> impl Iterator<Item = &Field> {
        let feedback = self.feedback.position.iter().chain(&self.feedback.status);
        let signals = self.signal.iter().flat_map(|signal| &signal.fields);
        let events = self.event.iter().map(|event| &event.field);
        let ready = self
            .activation
            .iter()
            .map(|activation| &activation.ready.field);
        let who = self.identity.iter().map(|who| &who.field);
        feedback
            .chain(signals)
            .chain(events)
            .chain(ready)
            .chain(who)
    }

    /// That the parts fit together.
    fn check(&self) -> Result<(), String> {
        for field in self.fields() {
            let block = self.blocks.get(&field.block);
            let inside = block.is_some_and(|block| field.word < usize::from(block.count));
            if !inside {
                return Err(format!("{field:?} is in no block"));
            }
        }
        let fingers = self.fingers.len();
        if self.feedback.position.len() != fingers {
            return Err(format!("{fingers} fingers have one position each"));
        }
        if !self.feedback.status.is_empty() && self.feedback.status.len() != fingers {
            return Err(format!("{fingers} fingers have one status each, or none"));
        }
        if let Some(patch) = self.patch.iter().find(|p| !(1..=125).contains(&p.cells())) {
            return Err(format!("`{}`: a read has 1 to 125 registers", patch.name));
        }
        let together = |fields: &[Field]| fields.windows(2).all(|two| two[0].block == two[1].block);
        let signals = self.signal.iter().map(|signal| signal.fields.as_slice());
        let groups = signals.chain([
            self.feedback.position.as_slice(),
            self.feedback.status.as_slice(),
        ]);
        if !groups.into_iter().all(together) {
            return Err("what belongs together is read together".into());
        }
        if self.position.open == self.position.closed || fingers == 0 || fingers > 6 {
            return Err("a closing has a length, and there are 1 to 6 fingers".into());
        }
        let last = self.command.last().is_some_and(Write::commands_positions);
        let earlier = self
            .command
            .iter()
            .rev()
            .skip(1)
            .any(Write::commands_positions);
        if !last || earlier {
            return Err("the last write, and no other, commands positions".into());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_map_is_read_and_fits_together() {
        for map in read_all() {
            map.unwrap();
        }
    }

    #[test]
    fn fields_and_words_are_read_as_they_are_written() {
        let value = |text: &str, words: &[u16]| field(text).unwrap().value(words);
        assert_eq!(value("status[0] >> 12 & 3", &[0x3900]), Some(3));
        assert_eq!(value("x[1] signed", &[0, 0xFFFD]), Some(-3));
        assert_eq!(value("x[1] & 255", &[0, 0x12FF]), Some(255));
        assert_eq!(value("x[2]", &[0, 1]), None);
        for bad in [
            "x",
            "x[",
            "x[0",
            "x[a]",
            "x[0] << 3",
            "x[0] >> 16",
            "x[0] & q",
        ] {
            assert_eq!(field(bad), None, "{bad}");
        }
        for bad in [
            "",
            "grip.0",
            "position",
            "position.x",
            "speed.0 << 16",
            "70000",
        ] {
            assert!(Word::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }

    struct All(u16);
    impl Counts for All {
        fn of(&self, _: Name, _: usize) -> Option<u16> {
            Some(self.0)
        }
    }

    fn map_of(model: &str) -> &'static Map {
        let found = all()
            .iter()
            .find(|map| map.model.iter().any(|m| m.id == model));
        found.unwrap_or_else(|| panic!("{model} has no map"))
    }

    fn hex(request: Option<Request>, unit: u8) -> String {
        certbench_wire::hex(&request.unwrap().encode(unit).unwrap()).to_lowercase()
    }

    /// golden_vectors.json; checksums by pymodbus 3.16.1.
    #[test]
    fn the_maps_write_the_golden_frames() {
        let robotiq = map_of("robotiq-2f85");
        assert_eq!(
            hex(robotiq.command[0].request(&All(255)), 9),
            "09 10 03 e8 00 03 06 09 00 00 ff ff ff 42 29"
        );
        let activate = &robotiq.activation.as_ref().unwrap().steps[1];
        assert_eq!(
            hex(activate.request(&NoCounts), 9),
            "09 10 03 e8 00 03 06 01 00 00 00 00 00 72 e1"
        );
        assert_eq!(
            hex(Some(robotiq.blocks["status"].request()), 9),
            "09 04 07 d0 00 03 b1 ce"
        );
        let rohand = map_of("oymotion-rohand");
        assert_eq!(
            hex(Some(rohand.blocks["position"].request()), 2),
            "02 03 04 79 00 06 15 12"
        );
        struct Thumb;
        impl Counts for Thumb {
            fn of(&self, _: Name, finger: usize) -> Option<u16> {
                Some(if finger < 3 { 0 } else { 65535 })
            }
        }
        assert_eq!(
            hex(rohand.command[2].request(&Thumb), 2),
            "02 10 04 6f 00 06 0c 00 00 00 00 00 00 ff ff ff ff ff ff 60 01"
        );
        let dftp = map_of("inspire-rh56dftp");
        assert_eq!(
            hex(Some(dftp.blocks["angle"].request()), 1),
            "01 03 06 0a 00 06 e5 42"
        );
    }

    /// xArm Gripper user manual, 3.5.4 (mode, enable, speed), checksums as printed; the position of the
    /// developer manual's example, checksum by pymodbus 3.16.1.
    #[test]
    fn the_ufactory_map_writes_the_frames_of_its_manual() {
        let map = map_of("ufactory-gripper");
        let frame = |n: usize, count| hex(map.command[n].request(&All(count)), 8);
        assert_eq!(frame(0, 0), "08 10 01 01 00 01 02 00 00 dd 11");
        assert_eq!(frame(1, 0), "08 10 01 00 00 01 02 00 01 1d 00");
        assert_eq!(frame(2, 1500), "08 10 03 03 00 01 02 05 dc fd fa");
        assert_eq!(frame(3, 400), "08 10 07 00 00 02 04 00 00 01 90 fa ff");
        let place = Some(map.blocks["place"].request());
        assert_eq!(hex(place, 8), "08 03 07 02 00 02 64 26");
    }

    /// The manual's 17 regions of 3000 to 5123 without a gap; frame with pymodbus's checksum.
    #[test]
    fn the_skin_of_a_dftp_hand_has_17_patches_end_to_end() {
        let map = map_of("inspire-rh56dftp");
        let mut next = 3000;
        for patch in &map.patch {
            assert_eq!(patch.address, next, "{}", patch.name);
            next += 2 * patch.cells();
        }
        assert_eq!((map.patch.len(), next), (17, 5124));
        let tip = Some(map.patch[0].request());
        assert_eq!(hex(tip, 1), "01 03 0b b8 00 09 07 cd");
    }

    #[test]
    fn a_patch_with_a_count_that_no_cell_can_have_shows_nothing() {
        let tip = &map_of("inspire-rh56dftp").patch[0];
        let mut cells = [0, 0, 0, 0, 900, 0, 0, 0, 0];
        assert_eq!(tip.shown(&cells), Some([900.0, 100.0]));
        cells[3] = 4096;
        assert_eq!(tip.shown(&cells), None);
        assert_eq!(tip.shown(&cells[..8]), None);
    }

    /// Rows and columns as a person counts them, row by row in the registers.
    #[test]
    fn a_cell_is_named_by_its_row_and_column() {
        let map = map_of("inspire-rh56dftp");
        let palm = Cell {
            patch: 16,
            place: 2 * 14 + 13,
        };
        assert_eq!(map.cell("tactile-palm:3:14"), Some(palm));
        for none in [
            "tactile-palm:0:1",
            "tactile-palm:9:1",
            "tactile-palm:1:15",
            "tactile-palm:1",
            "palm:1:1",
        ] {
            assert_eq!(map.cell(none), None, "{none}");
        }
    }

    /// Twelve registers, a position and a time of each motor in turn; checksums by pymodbus 3.16.1.
    #[test]
    fn the_brainco_map_writes_positions_and_times_in_turn() {
        let map = map_of("brainco-revo2");
        let frame = |n: usize, count| hex(map.command[n].request(&All(count)), 126);
        assert_eq!(
            frame(0, 300),
            "7e 10 03 a2 00 06 0c 01 2c 01 2c 01 2c 01 2c 01 2c 01 2c 86 d6"
        );
        assert_eq!(
            frame(1, 1000),
            "7e 10 03 f2 00 0c 18 03 e8 03 e8 03 e8 03 e8 03 e8 03 e8 03 e8 03 e8 03 e8 03 e8 03 e8 03 e8 55 7e"
        );
        assert_eq!(
            hex(Some(map.blocks["state"].request()), 127),
            "7f 04 07 d0 00 18 fa 93"
        );
    }

    #[test]
    fn a_write_that_does_not_know_its_counts_is_not_sent() {
        assert_eq!(map_of("dh-pgc").halt.request(&NoCounts), None);
    }
}
