use certbench_clock::Time;
use certbench_wire::canopen::{CobFrame, NodeId};
use proptest::prelude::*;

use super::node::Node;
use crate::World;
use crate::config::{ArmConfig, WorldConfig};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Requests of every kind to the node's server, network management, process data, noise.
    #[test]
    fn arbitrary_frames_never_panic_and_the_node_still_answers(
        frames in prop::collection::vec((prop::sample::select(vec![0x000u16, 0x080, 0x201, 0x301, 0x601, 0x601, 0x601, 0x77F]), any::<[u8; 8]>(), 0usize..=8), 0..60)
    ) {
        let arm = ArmConfig::default();
        let mut world = World::new(&WorldConfig { arm: Some(arm.clone()), ..WorldConfig::default() }).unwrap();
        let mut node = Node::new(&arm, 0, NodeId::new(1).unwrap());
        node.boot(Time::ZERO);
        for (tick, (id, data, length)) in (1u64..).zip(frames) {
            let now = Time(tick * 1_000_000);
            world.advance_to(now.as_nanos());
            node.hear(&CobFrame::new(id, &data[..length]).unwrap(), now, &mut world);
            node.live(now, &mut world);
            node.take_out();
        }
        let now = Time(1_000_000_000);
        node.hear(&CobFrame::new(0x000, &[0x80, 0]).unwrap(), now, &mut world); // pre-operational
        node.take_out();
        node.hear(&CobFrame::new(0x601, &[0x40, 0x00, 0x10, 0, 0, 0, 0, 0]).unwrap(), now, &mut world);
        let answer = CobFrame::new(0x581, &[0x43, 0x00, 0x10, 0x00, 0x92, 0x01, 0x02, 0x00]).unwrap();
        prop_assert!(node.take_out().contains(&answer));
    }
}
