//! What a person reads on a device.

use serde::{Deserialize, Serialize};

/// The plate of a device. A field that is not there cannot be read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Label {
    /// Maker.
    pub maker: Option<String>,
    /// Model.
    pub model: Option<String>,
    /// Serial number.
    pub serial: Option<String>,
    /// Firmware.
    pub firmware: Option<String>,
}

impl Label {
    /// That of a simulated hand.
    pub(crate) fn of_a_hand() -> Label {
        Label::new(
            "Inspire Robots",
            "RH56DFX (simulated)",
            "SIM-0001",
            "simulated",
        )
    }

    /// That of a simulated arm; its drives say the same of model and serial number.
    pub(crate) fn of_an_arm() -> Label {
        Label::new("Example Arms", "SIM-6", "1001", "1.0.0")
    }

    fn new(maker: &str, model: &str, serial: &str, firmware: &str) -> Label {
        let [maker, model, serial, firmware] =
            [maker, model, serial, firmware].map(|text| Some(text.to_owned()));
        Label {
            maker,
            model,
            serial,
            firmware,
        }
    }

    /// What stands there, by the field's name.
    pub fn field(&self, name: &str) -> Option<&str> {
        let field = match name {
            "maker" => &self.maker,
            "model" => &self.model,
            "serial" => &self.serial,
            "firmware" => &self.firmware,
            _ => return None,
        };
        field.as_deref()
    }
}
