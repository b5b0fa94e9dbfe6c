//! Vectors: frames of canopen 2.4.1 (Python), client and `LocalNode`, and the tables of CiA 301 and 402.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::cia402::{Controlword, Goal, Mode, Next, State, Statusword, next_command};
use super::sdo::{Abort, Client, Dictionary, Failure, Server, Step};
use super::*;

fn node() -> NodeId {
    NodeId::new(5).unwrap()
}

fn frame(id: u16, data: &[u8]) -> CobFrame {
    CobFrame::new(id, data).unwrap()
}

/// Objects of any content; 1000h is read-only, what is not there does not exist.
#[derive(Default)]
struct Objects(BTreeMap<(u16, u8), Vec<u8>>);

impl Dictionary for Objects {
    fn read(&mut self, index: u16, sub: u8) -> Result<Vec<u8>, Abort> {
        self.0.get(&(index, sub)).cloned().ok_or(Abort::NO_OBJECT)
    }

    fn write(&mut self, index: u16, sub: u8, data: &[u8]) -> Result<(), Abort> {
        if index == 0x1000 {
            return Err(Abort::READ_ONLY);
        }
        self.0.insert((index, sub), data.to_vec());
        Ok(())
    }
}

/// Runs a transfer to its end; gives what the wire carried and how it ended.
fn run(mut client: Client, first: CobFrame, objects: &mut Objects) -> (Vec<CobFrame>, Step) {
    let (mut server, mut wire, mut ask) = (Server::new(node()), Vec::new(), first);
    loop {
        let answer = server.on(&ask, objects).remove(0);
        wire.extend([ask, answer]);
        match client.on(&answer) {
            Step::Send(next) => ask = next,
            end => return (wire, end),
        }
    }
}

#[test]
fn an_expedited_write_is_one_frame_each_way() {
    let mut objects = Objects::default();
    let (client, ask) = Client::download(node(), 0x607A, 0, &(-100_000i32).to_le_bytes());
    let (wire, end) = run(client, ask, &mut objects);
    assert_eq!(end, Step::Done(vec![], None));
    assert_eq!(
        wire,
        [
            // four bytes down, 607Ah, sub 0, -100000
            frame(0x605, &[0x23, 0x7A, 0x60, 0x00, 0x60, 0x79, 0xFE, 0xFF]),
            // taken
            frame(0x585, &[0x60, 0x7A, 0x60, 0x00, 0x00, 0x00, 0x00, 0x00]),
        ]
    );
    let two = Client::download(node(), 0x1017, 0, &100u16.to_le_bytes()).1;
    assert_eq!(two.data(), [0x2B, 0x17, 0x10, 0x00, 0x64, 0x00, 0x00, 0x00]);
    let one = Client::download(node(), 0x6060, 0, &[1]).1;
    assert_eq!(one.data(), [0x2F, 0x60, 0x60, 0x00, 0x01, 0x00, 0x00, 0x00]);
}

#[test]
fn fifteen_letters_go_down_in_three_segments() {
    let mut objects = Objects::default();
    let (client, ask) = Client::download(node(), 0x1008, 0, b"certbench joint");
    let (wire, end) = run(client, ask, &mut objects);
    assert_eq!(end, Step::Done(vec![], None));
    assert_eq!(
        wire,
        [
            // segmented, size announced: 15
            frame(0x605, &[0x21, 0x08, 0x10, 0x00, 0x0F, 0x00, 0x00, 0x00]),
            frame(0x585, &[0x60, 0x08, 0x10, 0x00, 0x00, 0x00, 0x00, 0x00]),
            // toggle 0, seven letters
            frame(0x605, &[0x00, 0x63, 0x65, 0x72, 0x74, 0x62, 0x65, 0x6E]),
            frame(0x585, &[0x20, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00]),
            // toggle 1, seven letters
            frame(0x605, &[0x10, 0x63, 0x68, 0x20, 0x6A, 0x6F, 0x69, 0x6E]),
            frame(0x585, &[0x30, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00]),
            // toggle 0, six bytes empty, last
            frame(0x605, &[0x0D, 0x74, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00]),
            frame(0x585, &[0x20, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00]),
        ]
    );
    assert_eq!(objects.0[&(0x1008, 0)], b"certbench joint");
}

#[test]
fn fifteen_letters_come_up_in_three_segments() {
    let mut objects = Objects::default();
    objects.0.insert((0x1008, 0), b"certbench joint".to_vec());
    let (client, ask) = Client::upload(node(), 0x1008, 0);
    let (wire, end) = run(client, ask, &mut objects);
    assert_eq!(end, Step::Done(b"certbench joint".to_vec(), None));
    assert_eq!(
        wire,
        [
            frame(0x605, &[0x40, 0x08, 0x10, 0x00, 0x00, 0x00, 0x00, 0x00]),
            frame(0x585, &[0x41, 0x08, 0x10, 0x00, 0x0F, 0x00, 0x00, 0x00]),
            frame(0x605, &[0x60, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00]),
            frame(0x585, &[0x00, 0x63, 0x65, 0x72, 0x74, 0x62, 0x65, 0x6E]),
            frame(0x605, &[0x70, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00]),
            frame(0x585, &[0x10, 0x63, 0x68, 0x20, 0x6A, 0x6F, 0x69, 0x6E]),
            frame(0x605, &[0x60, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00]),
            frame(0x585, &[0x0D, 0x74, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00]),
        ]
    );
}

#[test]
fn a_refusal_keeps_its_name() {
    let (client, ask) = Client::upload(node(), 0x2000, 0);
    let (wire, end) = run(client, ask, &mut Objects::default());
    assert_eq!(
        wire[1],
        frame(0x585, &[0x80, 0x00, 0x20, 0x00, 0x00, 0x00, 0x02, 0x06])
    );
    assert_eq!(end, Step::Failed(Failure::ByNode(Abort::NO_OBJECT), None));
    assert_eq!(
        Abort::NO_OBJECT.to_string(),
        "SDO abort 06020000, object does not exist"
    );

    let (client, ask) = Client::download(node(), 0x1000, 0, &[1]);
    let (_, end) = run(client, ask, &mut Objects::default());
    assert_eq!(end, Step::Failed(Failure::ByNode(Abort::READ_ONLY), None));
}

#[test]
fn a_toggle_bit_that_stands_still_ends_the_transfer() {
    let (mut client, _) = Client::upload(node(), 0x1008, 0);
    client.on(&frame(
        0x585,
        &[0x41, 0x08, 0x10, 0x00, 0x0F, 0x00, 0x00, 0x00],
    ));
    let segment = frame(0x585, &[0x00, 0x63, 0x65, 0x72, 0x74, 0x62, 0x65, 0x6E]);
    assert!(matches!(client.on(&segment), Step::Send(_)));
    let Step::Failed(Failure::ByClient(Abort::TOGGLE_BIT), Some(tell)) = client.on(&segment) else {
        panic!("the same segment twice");
    };
    assert_eq!(
        tell,
        frame(0x605, &[0x80, 0x08, 0x10, 0x00, 0x00, 0x00, 0x03, 0x05])
    );

    let mut server = Server::new(node());
    let mut objects = Objects::default();
    server.on(
        &frame(0x605, &[0x21, 0x08, 0x10, 0x00, 0x0F, 0x00, 0x00, 0x00]),
        &mut objects,
    );
    let answer = server
        .on(&frame(0x605, &[0x10, 0, 0, 0, 0, 0, 0, 0]), &mut objects)
        .remove(0);
    assert_eq!(
        answer.data(),
        [0x80, 0x08, 0x10, 0x00, 0x00, 0x00, 0x03, 0x05]
    );
}

#[test]
fn less_than_announced_is_not_accepted() {
    let (mut client, _) = Client::upload(node(), 0x1008, 0);
    client.on(&frame(
        0x585,
        &[0x41, 0x08, 0x10, 0x00, 0x0F, 0x00, 0x00, 0x00],
    ));
    let last_too_early = frame(0x585, &[0x01, 1, 2, 3, 4, 5, 6, 7]);
    assert!(matches!(
        client.on(&last_too_early),
        Step::Failed(Failure::ByClient(Abort::LENGTH), Some(_))
    ));
}

#[test]
fn an_answer_about_another_object_or_node_is_not_taken() {
    let (mut client, _) = Client::upload(node(), 0x6064, 0);
    let late = frame(0x585, &[0x43, 0x41, 0x60, 0x00, 0x37, 0x02, 0x00, 0x00]);
    assert_eq!(client.on(&late), Step::NotMine);
    let other_node = frame(0x586, &[0x43, 0x64, 0x60, 0x00, 1, 0, 0, 0]);
    assert_eq!(client.on(&other_node), Step::NotMine);
    let cut = frame(0x585, &[0x43, 0x64, 0x60, 0x00]);
    assert_eq!(client.on(&cut), Step::NotMine, "an incomplete frame");
    let mine = frame(0x585, &[0x43, 0x64, 0x60, 0x00, 1, 0, 0, 0]);
    assert_eq!(client.on(&mine), Step::Done(vec![1, 0, 0, 0], None));
}

#[test]
fn a_client_that_waited_in_vain_says_so() {
    let (mut client, _) = Client::upload(node(), 0x1008, 0);
    let tell = client.timed_out();
    assert_eq!(
        tell.data(),
        [0x80, 0x08, 0x10, 0x00, 0x00, 0x00, 0x04, 0x05]
    );
    let late = frame(0x585, &[0x43, 0x08, 0x10, 0x00, 1, 0, 0, 0]);
    assert_eq!(client.on(&late), Step::NotMine);
}

#[test]
fn network_management_heartbeat_sync_and_emergency_are_the_standards_bytes() {
    assert_eq!(
        NmtCommand::Start.encode(Some(node())),
        frame(0x000, &[0x01, 0x05])
    );
    assert_eq!(
        NmtCommand::EnterPreOperational.encode(Some(node())),
        frame(0x000, &[0x80, 0x05])
    );
    assert_eq!(
        NmtCommand::ResetNode.encode(None),
        frame(0x000, &[0x81, 0x00])
    );
    assert_eq!(SYNC, frame(0x080, &[]));
    let alive = Heartbeat {
        node: node(),
        state: NmtState::Operational,
    };
    assert_eq!(alive.encode(), frame(0x705, &[0x05]));
    assert_eq!(
        Heartbeat::decode(&frame(0x705, &[0x00])).unwrap().state,
        NmtState::BootUp
    );
    assert_eq!(Heartbeat::decode(&frame(0x705, &[0x33])), None);

    let overcurrent = Emergency {
        node: node(),
        code: 0x2310,
        register: 0x02,
        vendor: [1, 2, 3, 4, 5],
    };
    assert_eq!(
        overcurrent.encode(),
        frame(0x085, &[0x10, 0x23, 0x02, 0x01, 0x02, 0x03, 0x04, 0x05])
    );
    assert_eq!(overcurrent.meaning(), "over-current, output side");
    assert!(
        Emergency::decode(&frame(0x085, &[0; 8]))
            .unwrap()
            .is_reset()
    );
    assert_eq!(
        Emergency::decode(&frame(0x085, &[0x10, 0x23])),
        None,
        "an incomplete frame"
    );
}

#[test]
fn a_position_pdo_is_switched_off_while_it_is_mapped() {
    let writes = pdo::configure_tpdo(
        1,
        node(),
        255,
        5,
        &[object::STATUSWORD, object::POSITION_ACTUAL],
    );
    let words: Vec<_> = writes
        .iter()
        .map(|w| (w.index, w.sub, w.data.as_slice()))
        .collect();
    assert_eq!(
        words,
        [
            (0x1800, 1, &[0x85, 0x01, 0x00, 0x80][..]), // 185h, bit 31: off
            (0x1A00, 0, &[0]),                          // no objects
            (0x1A00, 1, &[0x10, 0x00, 0x41, 0x60]),     // 6041h sub 0, 16 bits
            (0x1A00, 2, &[0x20, 0x00, 0x64, 0x60]),     // 6064h sub 0, 32 bits
            (0x1A00, 0, &[2]),                          // two objects
            (0x1800, 2, &[255]),                        // at events
            (0x1800, 5, &[5, 0]),                       // every 5 ms
            (0x1800, 1, &[0x85, 0x01, 0x00, 0x00]),     // on
        ]
    );
    let objects = [object::STATUSWORD, object::POSITION_ACTUAL];
    let parts = pdo::split(&[0x37, 0x02, 1, 0, 0, 0], &objects).unwrap();
    assert_eq!(parts, [&[0x37, 0x02][..], &[1, 0, 0, 0]]);
    assert_eq!(pdo::split(&[0x37, 0x02, 1, 0], &objects), None);
}

/// CiA 402, statusword: state coding.
#[test]
fn every_state_has_its_coding() {
    for (word, state) in [
        (0x0000, State::NotReadyToSwitchOn),
        (0x0240, State::SwitchOnDisabled),
        (0x0231, State::ReadyToSwitchOn),
        (0x0233, State::SwitchedOn),
        (0x0637, State::OperationEnabled),
        (0x0217, State::QuickStopActive),
        (0x021F, State::FaultReactionActive),
        (0x0218, State::Fault),
    ] {
        assert_eq!(Statusword(word).state(), Some(state), "{word:04X}");
    }
    assert_eq!(Statusword(0x0001).state(), None);
    assert!(Statusword(0x1637).set_point_acknowledged() && Statusword(0x0637).target_reached());
}

/// CiA 402, figure of the state machine: transitions 2, 3, 4, 11, 12 and 15.
#[test]
fn a_drive_is_led_up_one_state_at_a_time_and_quick_stop_is_active_low() {
    let next = |state, goal| match next_command(state, goal) {
        Next::Write([.., last]) => last.0,
        other => panic!("{other:?}"),
    };
    assert_eq!(next(State::SwitchOnDisabled, Goal::Enabled), 0x06);
    assert_eq!(next(State::ReadyToSwitchOn, Goal::Enabled), 0x07);
    assert_eq!(next(State::SwitchedOn, Goal::Enabled), 0x0F);
    assert_eq!(next(State::OperationEnabled, Goal::Stopped), 0x02);
    assert_eq!(next(State::QuickStopActive, Goal::Enabled), 0x00);
    assert_eq!(next(State::Fault, Goal::FaultCleared), 0x80);
    assert_eq!(Controlword::QUICK_STOP.0 & 1 << 2, 0);
}

#[test]
fn a_fault_is_never_cleared_on_the_way_to_something_else() {
    assert_eq!(next_command(State::Fault, Goal::Enabled), Next::Faulted);
    assert_eq!(
        next_command(State::FaultReactionActive, Goal::Enabled),
        Next::Wait
    );
    let Next::Write(words) = next_command(State::Fault, Goal::FaultCleared) else {
        panic!()
    };
    assert_eq!(
        words,
        [Controlword(0x00), Controlword(0x80)],
        "a rising edge"
    );
}

#[test]
fn supported_modes_count_from_bit_zero() {
    assert!(Mode::ProfilePosition.is_in(0x01));
    assert!(Mode::CyclicPosition.is_in(0x80) && !Mode::CyclicPosition.is_in(0x7F));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn what_is_written_is_read_back(index in 0x2000u16..0x6000, sub: u8, data in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut objects = Objects::default();
        let (client, ask) = Client::download(node(), index, sub, &data);
        prop_assert_eq!(run(client, ask, &mut objects).1, Step::Done(vec![], None));
        let (client, ask) = Client::upload(node(), index, sub);
        prop_assert_eq!(run(client, ask, &mut objects).1, Step::Done(data, None));
    }

    #[test]
    fn arbitrary_frames_never_panic_and_the_next_transfer_succeeds(
        noise in prop::collection::vec((prop::sample::select(vec![0x585u16, 0x605, 0x705, 0x085, 0x000]), prop::collection::vec(any::<u8>(), 0..9)), 0..40)
    ) {
        let mut server = Server::new(node());
        let mut objects = Objects::default();
        objects.0.insert((0x1008, 0), b"joint".to_vec());
        let (mut client, _) = Client::download(node(), 0x1008, 0, b"another name");
        for (id, data) in &noise {
            let frame = frame(*id, data);
            client.on(&frame);
            server.on(&frame, &mut objects);
            let _ = (NmtCommand::decode(&frame), Heartbeat::decode(&frame), Emergency::decode(&frame));
        }
        server.forget();
        let ask = Client::upload(node(), 0x1018, 1).1;
        objects.0.insert((0x1018, 1), vec![1, 2, 3, 4]);
        let answer = server.on(&ask, &mut objects).remove(0);
        prop_assert_eq!(answer.data(), [0x43, 0x18, 0x10, 0x01, 1, 2, 3, 4]);
    }

    #[test]
    fn identifiers_round_trip(id in 0u16..0x800) {
        if let Some(service) = Service::of(id) {
            prop_assert_eq!(service.id(), id);
        }
    }

    #[test]
    fn every_goal_is_reached_from_every_word(word: u16) {
        // the drive of the standard: each command moves it one transition
        let Some(mut state) = Statusword(word).state() else { return Ok(()) };
        for _ in 0..6 {
            match next_command(state, Goal::FaultCleared) {
                Next::Arrived => break,
                Next::Wait => state = match state {
                    State::NotReadyToSwitchOn => State::SwitchOnDisabled,
                    _ => State::Fault,
                },
                Next::Write(_) => state = State::SwitchOnDisabled,
                Next::Faulted => prop_assert!(false, "clearing is what was asked"),
            }
        }
        prop_assert_eq!(state, State::SwitchOnDisabled);
    }

    #[test]
    fn mapping_words_round_trip(word: u32) {
        prop_assert_eq!(u32::from(pdo::Mapping::from(word)), word);
    }
}
