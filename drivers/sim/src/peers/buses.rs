//! The devices that hang on a CAN bus, by driver.

use certbench_link::CanLink;

use crate::config::WorldConfig;
use crate::world::Part;

use super::hand_nodes::{AllegroHand, LinkerHand};
use super::{Stage, canopen, cell, hand_nodes, motors, rh56};

/// A device and how it is played.
pub(crate) struct OnBus {
    /// Driver id.
    pub(crate) driver: &'static str,
    /// What of the world it is.
    pub(crate) part: Part,
    /// Plays it.
    pub(crate) play: fn(&Stage, &dyn CanLink, &WorldConfig),
}

const fn row(
    driver: &'static str,
    part: Part,
    play: fn(&Stage, &dyn CanLink, &WorldConfig),
) -> OnBus {
    OnBus { driver, part, play }
}

/// Every one.
pub(crate) const ON_BUS: &[OnBus] = &[
    row("inspire-rh56-can", Part::Hand, |stage, link, config| {
        let id = config.hand.as_ref().map_or(1, |hand| hand.id);
        let hand = rh56::Hand::new(id, &mut stage.world());
        hand_nodes::play(stage, link, hand);
    }),
    row("allegro-v4", Part::Hand, |stage, link, _| {
        hand_nodes::play(stage, link, AllegroHand::v4());
    }),
    row("allegro-v5", Part::Hand, |stage, link, _| {
        hand_nodes::play(stage, link, AllegroHand::v5());
    }),
    row("linker-l10-can", Part::Hand, |stage, link, _| {
        hand_nodes::play(stage, link, LinkerHand::l10());
    }),
    row("linker-l20-can", Part::Hand, |stage, link, _| {
        hand_nodes::play(stage, link, LinkerHand::l20());
    }),
    row("linker-o6-can", Part::Hand, |stage, link, _| {
        hand_nodes::play(stage, link, LinkerHand::six());
    }),
    row("linker-l6-can", Part::Hand, |stage, link, _| {
        hand_nodes::play(stage, link, LinkerHand::six());
    }),
    row("canopen-arm", Part::Arm, |stage, link, config| {
        canopen::play(stage, link, &config.arm.clone().unwrap_or_default());
    }),
    row("canopen-io", Part::Io, |stage, link, config| {
        canopen::io::play(stage, link, config);
    }),
    row("dbc", Part::Io, |stage, link, _| {
        hand_nodes::play(stage, link, cell::Cell);
    }),
    // joint motors stand apart from the world, as a meter does
    row("damiao-dm", Part::Meter, |stage, link, _| {
        motors::play(stage, link, motors::Damiao::new(1..=6));
    }),
    row("robstride", Part::Meter, |stage, link, _| {
        motors::play(stage, link, motors::RobStride::rs02(1..=6));
    }),
    row("xiaomi-cybergear", Part::Meter, |stage, link, _| {
        motors::play(stage, link, motors::RobStride::cybergear(1..=6));
    }),
    row("cubemars-servo", Part::Meter, |stage, link, _| {
        motors::play(stage, link, motors::InServo::new(1..=6));
    }),
    row("cubemars-mit", Part::Meter, |stage, link, _| {
        motors::play(stage, link, motors::InMit::new(1..=6));
    }),
    row("odrive-can", Part::Meter, |stage, link, _| {
        motors::play(stage, link, motors::ODrive::new(0..=5));
    }),
];
