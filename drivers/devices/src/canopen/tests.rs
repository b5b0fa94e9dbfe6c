//! Transfers and files, without a device.

use std::sync::Arc;
use std::time::Duration;

use certbench_link::pair;
use certbench_wire::canopen::object;

use super::*;
use crate::testing::Bench;

/// It answers each question just in time: 700 bytes would take 45 s. (Segments of CiA 301, 7.2.4.3.6.)
#[test]
fn a_node_that_answers_ever_so_slowly_does_not_keep_the_caller() {
    let bench = Bench::new();
    let (near, far) = pair::can(&bench.clock, "can0", pair::Wire::default());
    let timeout = Duration::from_millis(500);
    let bus = Arc::new(Bus::new(Arc::new(near), &bench.clock, timeout));
    let clock = bench.clock.clone();
    bench.peer("a slow node", move |stop| {
        let (mut toggle, mut begun) = (0, false);
        while !stop.is_set() {
            let Ok(Some(_)) = far.recv(clock.now() + Duration::from_millis(10)) else {
                continue;
            };
            clock.sleep(Duration::from_millis(450));
            let data = match begun {
                false => [0x41, 0x08, 0x10, 0, 0xBC, 0x02, 0, 0],
                true => [toggle, b'x', b'x', b'x', b'x', b'x', b'x', b'x'],
            };
            toggle ^= if begun { 0x10 } else { 0 };
            begun = true;
            let answer = CobFrame::new(0x585, &data).unwrap();
            let _ = far.send(&can(&answer));
        }
    });
    let hearing = bus.clone();
    bench.peer("what hears", move |stop| {
        while !stop.is_set() {
            let until = hearing.clock.now() + Duration::from_millis(10);
            if let Ok(Some((frame, _))) = hearing.link.recv(until) {
                cob(&frame)
                    .into_iter()
                    .for_each(|frame| hearing.heard(frame));
            }
        }
    });
    let node = NodeId::new(5).unwrap();
    let began = bench.clock.now();
    let read = bus.upload(node, object::DEVICE_NAME);
    assert!(matches!(read, Err(Failure::Slow { .. })), "{read:?}");
    assert!(bench.clock.now() - began < Duration::from_secs(3));
}
