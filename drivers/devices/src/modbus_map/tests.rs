//! What the catalogue says, and what is refused before anything leaves.

use std::sync::Arc;

use certbench_link::pair;
use certbench_model::plan::SafeState;
use certbench_roles::Trouble;

use super::*;
use crate::Port;
use crate::testing::{Bench, limited, plan, safe};

#[test]
fn every_model_is_in_the_catalogue() {
    let ids: Vec<String> = families()
        .into_iter()
        .map(|(description, _)| description.id)
        .collect();
    for id in [
        "robotiq-2f85",
        "robotiq-2f140",
        "robotiq-hand-e",
        "dh-pgc",
        "dh-rgi",
        "oymotion-rohand",
        "linker-o6",
        "linker-l6",
        "inspire-rh56dftp",
        "ufactory-gripper",
        "brainco-revo2",
    ] {
        assert!(ids.iter().any(|known| known == id), "{id}: {ids:?}");
    }
}

#[test]
fn what_cannot_be_kept_is_refused_before_the_port_is_used() {
    let bench = Bench::new();
    let refused = |plan| {
        let (near, _far) = pair::bytes(&bench.clock, "x", pair::Wire::default());
        match crate::open(&plan, Port::Bytes(Arc::new(near)), &bench.clock) {
            Err(Trouble::Refused(text)) => text,
            _ => panic!("it was opened"),
        }
    };
    let gripper = |id: &str| plan("gripper", id, &[]);
    assert!(refused(safe(gripper("robotiq-2f85"), SafeState::Open)).contains("hold"));
    assert!(refused(limited(gripper("robotiq-2f85"), 1, 90.0, 10.0)).contains("degrees"));
    let skin = |cells: &str| plan("hand", "inspire-rh56dftp", &[("cells", cells)]);
    assert!(refused(skin("tactile-palm:9:1")).contains("no cell `tactile-palm:9:1`"));
    assert!(refused(skin(&"tactile-palm:1:1 ".repeat(17))).contains("more than 16"));
    let mut pgc = gripper("dh-pgc");
    pgc.limits.force_n_max = Some(40.0);
    assert!(refused(pgc).contains("cannot be kept"));
}
