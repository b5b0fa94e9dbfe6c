//! The table of drivers.

use certbench_model::vocabulary::DriverDescription;

use crate::family::{Family, Opener};
use crate::{
    ascii_tracker, canopen_arm, canopen_io, dbc, external, hands, instruments, magtrol, mark10,
    modbus_io, modbus_map, rh56, servos,
};

/// Every driver.
pub(crate) fn families() -> Vec<Family> {
    let mut all = rh56::families();
    all.extend([
        (canopen_arm::description(), Opener::Can(canopen_arm::open)),
        (canopen_io::description(), Opener::Can(canopen_io::open)),
        (mark10::description(), Opener::Bytes(mark10::open)),
        (modbus_io::description(), Opener::Bytes(modbus_io::open)),
        (
            ascii_tracker::description(),
            Opener::Bytes(ascii_tracker::open),
        ),
        (magtrol::description(), Opener::Bytes(magtrol::open)),
        (external::description(), Opener::Alone(external::open)),
        (dbc::description(), Opener::Can(dbc::open)),
    ]);
    all.extend(hands::families());
    all.extend(instruments::families());
    all.extend(modbus_map::families());
    all.extend(servos::families());
    all
}

/// What drivers exist: links, roles, signals, options, safe states, watchdogs, and what each was
/// verified against.
pub fn catalogue() -> Vec<DriverDescription> {
    families()
        .into_iter()
        .map(|(description, _)| description)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_driver_that_moves_names_its_safe_states_and_its_watchdog() {
        for driver in catalogue() {
            assert!(
                !driver.moves || !driver.safe_states.is_empty(),
                "{}",
                driver.id
            );
            assert!(
                !driver.moves || !driver.watchdog.zh.is_empty(),
                "{}",
                driver.id
            );
            assert!(!driver.verified_against.is_empty(), "{}", driver.id);
        }
    }

    #[test]
    fn names_are_unique_and_options_are_optional_or_have_their_kind_of_default() {
        let mut ids: Vec<String> = catalogue().into_iter().map(|driver| driver.id).collect();
        ids.dedup();
        assert_eq!(ids.len(), catalogue().len());
        for driver in catalogue() {
            let mut names: Vec<&str> = driver
                .options
                .iter()
                .map(|option| option.name.as_str())
                .collect();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), driver.options.len(), "{}", driver.id);
        }
    }
}
