//! The table of drivers.

use certbench_model::vocabulary::DriverDescription;

use crate::{ascii_tracker, canopen_arm, mark10, modbus_io, rh56};

/// What drivers exist: links, roles, signals, options, safe states, watchdogs, and what each was
/// verified against.
pub fn catalogue() -> Vec<DriverDescription> {
    vec![
        rh56::description(),
        canopen_arm::description(),
        mark10::description(),
        modbus_io::description(),
        ascii_tracker::description(),
    ]
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
