//! The devices that hang on a line of bytes, by driver.

use std::time::Duration;

use certbench_link::ByteLink;

use crate::config::WorldConfig;
use crate::world::Part;

use super::ability::AbilityHand;
use super::rdt::Rdt;
use super::registers::{Bank, Dftp, Dh, Linker, Registers, Revo2, RoHand, Robotiq, Ufactory};
use super::rh56_dialects::Dialect;
use super::servos::{Dynamixel, Feetech};
use super::streams::{self, Aed, Bota, Ft300, Ild1420};
use super::texts::{self, Texts};
use super::{Manners, Stage, ascii_tracker, mark10, modbus_io, play, rh56};

/// A device and how it is played.
pub(crate) struct OnLine {
    /// Driver id.
    pub(crate) driver: &'static str,
    /// What of the world it is.
    pub(crate) part: Part,
    /// Bits per second of its cable.
    pub(crate) rate: u32,
    /// Plays it.
    pub(crate) play: fn(&Stage, &dyn ByteLink, &WorldConfig),
    /// A table of registers, which may stand behind a network port, too.
    pub(crate) is_modbus: bool,
}

const fn row(
    driver: &'static str,
    part: Part,
    rate: u32,
    play: fn(&Stage, &dyn ByteLink, &WorldConfig),
) -> OnLine {
    OnLine {
        driver,
        part,
        rate,
        play,
        is_modbus: false,
    }
}

/// A table of registers.
const fn registers(
    driver: &'static str,
    part: Part,
    rate: u32,
    play: fn(&Stage, &dyn ByteLink, &WorldConfig),
) -> OnLine {
    let line = row(driver, part, rate, play);
    OnLine {
        is_modbus: true,
        ..line
    }
}

/// Every one.
pub(crate) const ON_LINE: &[OnLine] = &[
    row(
        "inspire-rh56",
        Part::Hand,
        115_200,
        |stage, link, config| {
            let id = config.hand.as_ref().map_or(1, |hand| hand.id);
            let device = rh56::Hand::new(id, &mut stage.world());
            play(stage, link, &manners(800, 20), device);
        },
    ),
    row("inspire-rh56f1", Part::Hand, 115_200, |stage, link, _| {
        play(stage, link, &manners(800, 20), Dialect::f1());
    }),
    row("inspire-eg5cd1", Part::Hand, 115_200, |stage, link, _| {
        play(stage, link, &manners(800, 20), Dialect::eg5cd1());
    }),
    row("psyonic-ability", Part::Hand, 460_800, |stage, link, _| {
        // 300 ms of silence: it leaves API mode
        play(stage, link, &manners(500, 300), AbilityHand::default());
    }),
    row(
        "mark10-gauge",
        Part::Gauge,
        115_200,
        |stage, link, config| {
            play(
                stage,
                link,
                &manners(1000, 50),
                mark10::Gauge::new(config.gauge.unit),
            );
        },
    ),
    registers("modbus-io", Part::Io, 115_200, |stage, link, config| {
        play(
            stage,
            link,
            &manners(2000, 4),
            modbus_io::Box8::new(config.io.unit),
        );
    }),
    row(
        "ascii-tracker",
        Part::Tracker,
        921_600,
        |stage, link, config| {
            ascii_tracker::play(stage, link, &config.tracker);
        },
    ),
    row(
        "ascii-instrument",
        Part::Gauge,
        115_200,
        |stage, link, _| {
            play(
                stage,
                link,
                &manners(1000, 50),
                Texts::new(texts::indicator),
            );
        },
    ),
    row("mt-sics-scale", Part::Gauge, 115_200, |stage, link, _| {
        play(stage, link, &manners(2000, 50), Texts::new(texts::mtsics));
    }),
    row(
        "imada-gauge",
        Part::Gauge,
        115_200,
        |stage, link, config| {
            play(
                stage,
                link,
                &manners(1000, 50),
                Texts::new(texts::imada(config.gauge.unit)),
            );
        },
    ),
    row(
        "mitutoyo-gauge",
        Part::Tracker,
        115_200,
        |stage, link, _| {
            play(stage, link, &manners(5000, 50), Texts::new(texts::mitutoyo));
        },
    ),
    row("keyence-lkg", Part::Tracker, 115_200, |stage, link, _| {
        play(stage, link, &manners(1000, 50), Texts::new(texts::keyence));
    }),
    row("ild1420", Part::Tracker, 921_600, |stage, link, _| {
        streams::play(stage, link, &manners(0, 50), Ild1420);
    }),
    row("robotiq-ft300", Part::Gauge, 115_200, |stage, link, _| {
        streams::play(stage, link, &manners(1000, 4), Ft300::default());
    }),
    row("hbm-aed", Part::Gauge, 115_200, |stage, link, _| {
        streams::play(stage, link, &manners(1000, 50), Aed::default());
    }),
    row("bota-serial", Part::Gauge, 460_800, |stage, link, _| {
        streams::play(stage, link, &manners(0, 50), Bota::default());
    }),
    row("ati-rdt", Part::Gauge, 100_000_000, |stage, link, _| {
        streams::play(stage, link, &manners(0, 50), Rdt::new(1e6));
    }),
    row("onrobot-hex", Part::Gauge, 100_000_000, |stage, link, _| {
        streams::play(stage, link, &manners(0, 50), Rdt::new(1e4));
    }),
    row("magtrol-dsp7000", Part::Load, 19_200, |stage, link, _| {
        play(
            stage,
            link,
            &manners(3000, 50),
            Texts::new(texts::dynamometer),
        );
    }),
    row("scpi-meter", Part::Meter, 115_200, |stage, link, _| {
        play(stage, link, &manners(1000, 50), Texts::new(texts::scpi()));
    }),
    registers("robotiq-2f85", Part::Hand, 115_200, |stage, link, _| {
        play_registers(stage, link, Robotiq::default());
    }),
    registers("robotiq-2f140", Part::Hand, 115_200, |stage, link, _| {
        play_registers(stage, link, Robotiq::default());
    }),
    registers("robotiq-hand-e", Part::Hand, 115_200, |stage, link, _| {
        play_registers(stage, link, Robotiq::default());
    }),
    registers("dh-pgc", Part::Hand, 115_200, |stage, link, _| {
        play_registers(stage, link, Dh::default());
    }),
    registers("dh-rgi", Part::Hand, 115_200, |stage, link, _| {
        play_registers(stage, link, Dh::default());
    }),
    registers("oymotion-rohand", Part::Hand, 115_200, |stage, link, _| {
        play_registers(stage, link, RoHand);
    }),
    registers("linker-o6", Part::Hand, 115_200, |stage, link, _| {
        play_registers(stage, link, Linker);
    }),
    registers("linker-l6", Part::Hand, 115_200, |stage, link, _| {
        play_registers(stage, link, Linker);
    }),
    registers("inspire-rh56dftp", Part::Hand, 115_200, |stage, link, _| {
        play_registers(stage, link, Dftp);
    }),
    registers(
        "ufactory-gripper",
        Part::Hand,
        2_000_000,
        |stage, link, _| {
            play_registers(stage, link, Ufactory::default());
        },
    ),
    registers("brainco-revo2", Part::Hand, 460_800, |stage, link, _| {
        play_registers(stage, link, Revo2::default());
    }),
    // servos stand apart from the world, as a meter does
    row("dynamixel", Part::Meter, 1_000_000, |stage, link, _| {
        play(stage, link, &manners(250, 20), Dynamixel::new(1..=6));
    }),
    row("leap-hand", Part::Meter, 4_000_000, |stage, link, _| {
        play(stage, link, &manners(250, 20), Dynamixel::new(0..=15));
    }),
    row("feetech-sts", Part::Meter, 1_000_000, |stage, link, _| {
        play(stage, link, &manners(250, 20), Feetech::new(1..=6));
    }),
];

/// Plays an instrument that the configuration places: the one of this number.
pub(crate) fn play_probe(stage: &Stage, link: &dyn ByteLink, config: &WorldConfig, number: usize) {
    if let Some(probe) = config.instruments.values().nth(number) {
        let shown = texts::probe(probe.clone(), number as u8);
        play(stage, link, &manners(1000, 50), Texts::new(shown));
    }
}

/// Plays a table of registers.
fn play_registers(stage: &Stage, link: &dyn ByteLink, bank: impl Bank) {
    play(stage, link, &manners(2000, 4), Registers::new(bank));
}

/// How long it thinks (µs), and what silence is for it (ms).
const fn manners(thinks_us: u64, silence_ms: u64) -> Manners {
    Manners {
        thinks: Duration::from_micros(thinks_us),
        silence: Duration::from_millis(silence_ms),
    }
}
