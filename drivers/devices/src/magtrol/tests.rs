//! The driver against a controller of a few lines.

use super::*;
use crate::testing::{Bench, plan};
use certbench_link::pair::{self, Wire};
use certbench_model::plan::{Safety, Watchdog};

/// What the controller was told last: set point, or none.
type Told = Arc<Mutex<Option<f64>>>;

/// A controller whose brake has what it is told at once; the shaft turns left at 30 rpm.
fn scripted(bench: &Bench, far: pair::BytePipe) -> Told {
    let told = Told::default();
    let (clock, told_there) = (bench.clock.clone(), told.clone());
    bench.peer("dynamometer", move |stop| {
        let mut lines = Lines::new(64);
        while !stop.is_set() {
            let mut bytes = Vec::new();
            let until = clock.now() + Duration::from_millis(50);
            if !matches!(far.read(&mut bytes, until), Ok(Some(_))) {
                continue;
            }
            lines.push(&bytes);
            while let Some(Ok(line)) = lines.next() {
                let torque = *told_there.lock().unwrap();
                let answer = match Command::decode(&line) {
                    Some(Command::Identify) => b"Magtrol,DSP7000,0,1.0\r\n".to_vec(),
                    Some(Command::Data(1)) => Data {
                        rpm: 30.0,
                        torque: torque.unwrap_or(0.0),
                        shaft: Shaft::CounterClockwise,
                    }
                    .encode(3),
                    Some(Command::Torque(1, value)) => {
                        *told_there.lock().unwrap() = Some(value);
                        continue;
                    }
                    Some(Command::TorqueOff(1)) => {
                        *told_there.lock().unwrap() = None;
                        continue;
                    }
                    other => panic!("{other:?}"),
                };
                let _ = far.write(&answer);
            }
        }
    });
    told
}

fn brake(bench: &Bench) -> (Arc<dyn Device>, Told) {
    let (near, far) = pair::bytes(&bench.clock, "dyno", Wire::default());
    let told = scripted(bench, far);
    let mut plan = plan("dyno", "magtrol-dsp7000", &[]);
    plan.limits.torque_nm_max = Some(20.0);
    plan.safety = Some(Safety {
        safe_state: SafeState::TorqueOff,
        watchdog: Watchdog::None,
        held_by: Some("nothing hangs on it".into()),
        next: None,
    });
    (open(&plan, Arc::new(near), &bench.clock).unwrap(), told)
}

fn to(nm: f64, ramp_s: u64) -> SetpointMove {
    SetpointMove {
        to: Setting::TorqueNm(nm),
        ramp: Duration::from_secs(ramp_s),
    }
}

#[test]
fn a_ramp_is_walked_and_over_when_it_is_read_back() {
    let bench = Bench::new();
    let (device, told) = brake(&bench);
    assert_eq!(device.identify().unwrap().model.unwrap(), "DSP7000");
    let heard = bench.start(&*device, &["torque", "speed"]);
    bench.lease.renew(u64::MAX);
    let brake = device.setpoint().unwrap();
    brake.begin(&to(5.0, 2)).unwrap();
    bench.pass(1000);
    let half = told.lock().unwrap().unwrap();
    assert!((2.0..3.0).contains(&half), "{half}");
    assert_eq!(brake.progress().unwrap(), Progress::Moving);
    bench.pass(1500);
    assert_eq!(*told.lock().unwrap(), Some(5.0));
    assert_eq!(brake.progress().unwrap(), Progress::Settled);
    let speeds = heard.readings(1);
    assert_eq!(speeds.last(), Some(&Reading::scalar(-180.0))); // left, 30 rpm
    device.close();
}

#[test]
fn a_halt_takes_the_brake_off_and_no_ramp_puts_it_on_again() {
    let bench = Bench::new();
    let (device, told) = brake(&bench);
    bench.start(&*device, &[]);
    bench.lease.renew(u64::MAX);
    device.setpoint().unwrap().begin(&to(8.0, 4)).unwrap();
    bench.pass(2000);
    let halt = device.halt().unwrap();
    halt.halt().unwrap();
    bench.pass(500);
    assert_eq!(*told.lock().unwrap(), None);
    assert_eq!(halt.confirmed().unwrap(), Some(true));
    device.close();
}

#[test]
fn without_a_lease_the_brake_comes_off_by_the_drivers_own_thread() {
    let bench = Bench::new();
    let (device, told) = brake(&bench);
    bench.start(&*device, &[]);
    bench.lease.renew(u64::MAX);
    device.setpoint().unwrap().begin(&to(8.0, 0)).unwrap();
    bench.pass(500);
    assert_eq!(*told.lock().unwrap(), Some(8.0));
    bench.lease.revoke();
    bench.pass(500);
    assert_eq!(*told.lock().unwrap(), None);
    device.close();
}

#[test]
fn what_the_bench_does_not_allow_is_refused_and_not_sent() {
    let bench = Bench::new();
    let (device, told) = brake(&bench);
    let brake = device.setpoint().unwrap();
    for bad in [to(20.5, 1), to(-1.0, 1), to(f64::NAN, 1)] {
        assert!(matches!(brake.accept(&bad), Err(Trouble::Refused(_))));
        assert!(brake.begin(&bad).is_err());
    }
    let speed = SetpointMove {
        to: Setting::DegPerS(10.0),
        ramp: Duration::ZERO,
    };
    assert!(brake.accept(&speed).is_err());
    bench.pass(100);
    assert_eq!(*told.lock().unwrap(), None);
}
