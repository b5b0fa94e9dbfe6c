//! The devices that hang on a CAN bus, by driver.

use certbench_link::CanLink;

use crate::config::WorldConfig;
use crate::world::Part;

use super::{Stage, canopen, motors};

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
    row("canopen-arm", Part::Arm, |stage, link, config| {
        canopen::play(stage, link, &config.arm.clone().unwrap_or_default());
    }),
    // joint motors stand apart from the world, as a meter does
    row("damiao-dm", Part::Meter, |stage, link, _| {
        motors::play(stage, link, motors::Damiao::new(1..=6));
    }),
];
