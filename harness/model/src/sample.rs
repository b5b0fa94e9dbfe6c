//! One reading of one channel.

use crate::Text;
use serde::{Deserialize, Serialize};

/// Most components that a sample can have.
pub const COMPONENTS_MAX: usize = 6;

/// Why a reading is no number. An invalid reading never becomes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Invalid {
    /// The instrument says that it is overloaded or out of its range.
    OverRange,
    /// The instrument says that it sees nothing (no target, no peak).
    NoSignal,
    /// The line arrived and could not be read as the number that was due.
    Unreadable,
    /// Not a finite number.
    NotFinite,
    /// The unit is not the declared one.
    WrongUnit,
    /// Too old to be taken for the present.
    Stale,
}

impl Invalid {
    /// All of them.
    pub const ALL: [Invalid; 6] = [
        Invalid::OverRange,
        Invalid::NoSignal,
        Invalid::Unreadable,
        Invalid::NotFinite,
        Invalid::WrongUnit,
        Invalid::Stale,
    ];

    /// What it is and what to try, as the end of a sentence about who should have given a number.
    pub fn words(self) -> Text {
        let (en, zh) = match self {
            Invalid::OverRange => (
                "it is over its range; take the load off, and use an instrument with a wider range if the value is real",
                "超出量程；请卸除载荷，若该值属实则换用量程更大的仪器",
            ),
            Invalid::NoSignal => (
                "it sees nothing; check that the sensor is connected and the target is mounted and in view",
                "无信号；请检查传感器是否接好、靶标是否装好且在视野内",
            ),
            Invalid::Unreadable => (
                "what came could not be read; check baud rate, format and columns in the bench file, and the cable",
                "收到的数据无法解读；请检查测试台文件中的波特率、格式和列，以及电缆",
            ),
            Invalid::NotFinite => (
                "what came is not a finite number; check the instrument's own display and its settings",
                "收到的不是有限数值；请检查仪器自身的显示与设置",
            ),
            Invalid::WrongUnit => (
                "it measures in another unit than the bench declares; switch its unit, or correct the bench file",
                "其单位与测试台声明不同；请切换仪器单位或更正测试台文件",
            ),
            Invalid::Stale => (
                "what there is is too old to be taken for the present. Either it is off or hung, or the link to it failed or is too slow; check its power, then its cable, adapter and port",
                "数据过旧，不能代表当前：设备可能断电或挂起，也可能是链路故障或过慢；请依次检查其电源、电缆、适配器和端口",
            ),
        };
        Text::new(en, zh)
    }
}

/// A vector of 1 to 6 finite numbers, or the reason why there is none. `Copy`: no allocation on the
/// reading thread.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reading {
    /// `values[..len]` in the order and units of the channel's components.
    Values {
        /// How many components are meant.
        len: u8,
        /// The numbers; those from `len` on are zero.
        values: [f64; COMPONENTS_MAX],
    },
    /// No number.
    Invalid(Invalid),
}

/// A reading with its channel and time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// Index of the channel in the plan.
    pub channel: u16,
    /// The earliest time that the software can vouch for, nanoseconds on the run's monotonic clock.
    pub time_ns: u64,
    /// What was read.
    pub reading: Reading,
}

impl Reading {
    /// One number; a number that is not finite becomes [`Invalid::NotFinite`].
    pub fn scalar(value: f64) -> Reading {
        Reading::vector(&[value])
    }

    /// Up to six numbers (a longer slice is `Unreadable`); any that is not finite makes the whole
    /// reading invalid.
    pub fn vector(numbers: &[f64]) -> Reading {
        if numbers.is_empty() || numbers.len() > COMPONENTS_MAX {
            return Reading::Invalid(Invalid::Unreadable);
        }
        if numbers.iter().any(|v| !v.is_finite()) {
            return Reading::Invalid(Invalid::NotFinite);
        }
        let mut values = [0.0; COMPONENTS_MAX];
        values[..numbers.len()].copy_from_slice(numbers);
        Reading::Values {
            len: numbers.len() as u8,
            values,
        }
    }

    /// The numbers, or `None` when invalid.
    pub fn values(&self) -> Option<&[f64]> {
        match self {
            Reading::Values { len, values } => values.get(..usize::from(*len)),
            Reading::Invalid(_) => None,
        }
    }

    /// One component, or `None` when invalid or absent.
    pub fn component(&self, index: usize) -> Option<f64> {
        self.values()?.get(index).copied()
    }
}
