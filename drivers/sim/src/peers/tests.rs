use proptest::prelude::*;

use certbench_wire::mark10::ILLEGAL_COMMAND;

use super::{Answering, mark10, modbus_io, rh56};
use crate::World;
use crate::config::{GaugeUnit, HandConfig, WorldConfig};

/// What it answers to a question that comes after noise and a silence.
fn after_noise(
    device: &mut impl Answering,
    world: &mut World,
    noise: [&[u8]; 2],
    question: &[u8],
) -> Vec<Vec<u8>> {
    for bytes in noise {
        device.hear(bytes);
        answers(device, world);
    }
    device.silence();
    answers(device, world);
    device.hear(question);
    answers(device, world)
}

fn answers(device: &mut impl Answering, world: &mut World) -> Vec<Vec<u8>> {
    std::iter::from_fn(|| device.answer(world))
        .filter(|answer| !answer.is_empty())
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn arbitrary_bytes_never_panic_and_the_next_question_is_answered(noise: Vec<u8>, cut in 0usize..40) {
        let mut world = World::new(&WorldConfig { hand: Some(HandConfig::default()), ..WorldConfig::default() }).unwrap();
        let cut = cut.min(noise.len());
        let mut hand = rh56::Hand::new(1, &mut world);
        let mut gauge = mark10::Gauge::new(GaugeUnit::N);
        let mut relays = modbus_io::Box8::new(1);
        let answers = after_noise(&mut hand, &mut world, [&noise[..cut], &noise[cut..]], &[0xEB, 0x90, 0x01, 0x04, 0x11, 0x0A, 0x06, 0x0C, 0x32]);
        prop_assert!(answers.iter().any(|a| a.starts_with(&[0x90, 0xEB, 0x01, 0x0F, 0x11, 0x0A, 0x06])));
        let answers = after_noise(&mut gauge, &mut world, [&noise[..cut], &noise[cut..]], b"\r?\r");
        // Noise may be a command (`G`: grams), so in whatever unit.
        prop_assert!(answers.last().is_some_and(|a| a != ILLEGAL_COMMAND && a.ends_with(b"\r\n")));
        let answers = after_noise(&mut relays, &mut world, [&noise[..cut], &noise[cut..]], &[0x01, 0x02, 0x00, 0x00, 0x00, 0x08, 0x79, 0xCC]);
        prop_assert!(answers.iter().any(|a| a.starts_with(&[0x01, 0x02, 0x01])));
    }
}
