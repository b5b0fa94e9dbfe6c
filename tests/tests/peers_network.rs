//! Instruments on the network, over loopback: pynetft against our simulated six-axis sensor, our driver against
//! the same over UDP, and a power meter over TCP.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use certbench_clock::Clock;
use certbench_link::ByteLink;
use certbench_model::Reading;
use certbench_sim::config::WorldConfig;
use certbench_sim::{Port, Simulation, Transport};
use certbench_tests::bench::{Driven, plan, until};
use certbench_tests::peer::Peers;
use serde_json::json;

/// A simulated sensor on a UDP port of this computer.
struct OnUdp {
    address: SocketAddr,
    over: Arc<AtomicBool>,
    carrier: Option<JoinHandle<()>>,
    simulation: Option<Simulation>,
}

fn on_udp(driver: &str) -> OnUdp {
    let clock = Clock::real();
    let world = json!({ "hand": { "objects": { "block": { "mass_kg": 0.5, "width_mm": 50.0, "friction": 0.5 } }, "mount": "block" }, "gauge": { "noise_n": 0.01 } });
    let world = WorldConfig::from_json(&world).expect("a world");
    let devices = [("sensor".to_owned(), driver.to_owned())];
    let built = Simulation::build(&world, &devices, &clock, Transport::InProcess);
    let (simulation, mut ports) = built.expect("a bench");
    let Some(Port::Bytes(line)) = ports.remove("sensor") else {
        panic!("the sensor has no line")
    };
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let address = socket.local_addr().expect("an address");
    let over = Arc::new(AtomicBool::new(false));
    let carrier = std::thread::spawn({
        let over = over.clone();
        move || carry(&socket, &*line, &clock, &over)
    });
    OnUdp {
        address,
        over,
        carrier: Some(carrier),
        simulation: Some(simulation),
    }
}

/// Datagrams in, chunks out, to whoever spoke last.
fn carry(socket: &UdpSocket, line: &dyn ByteLink, clock: &Clock, over: &AtomicBool) {
    let wait = Some(Duration::from_millis(1));
    socket.set_read_timeout(wait).expect("a time-out");
    let (mut room, mut host) = ([0; 64], None);
    while !over.load(Ordering::Relaxed) {
        if let Ok((n, from)) = socket.recv_from(&mut room) {
            host = Some(from);
            let _ = line.write(&room[..n]); // an end that is gone says nothing more
        }
        let mut bytes = Vec::new();
        while let Ok(Some(_)) = line.read(&mut bytes, clock.now()) {
            if let Some(host) = host {
                let _ = socket.send_to(&bytes, host); // nobody listens any more
            }
            bytes.clear();
        }
    }
}

impl Drop for OnUdp {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        if let Some(carrier) = self.carrier.take() {
            let _ = carrier.join(); // one that panicked has said so
        }
        if let Some(simulation) = self.simulation.take() {
            simulation.shutdown();
        }
    }
}

#[test]
fn pynetft_reads_our_simulated_sensor() {
    let Some(peers) = Peers::for_test("pynetft_reads_our_simulated_sensor") else {
        return;
    };
    let sensor = on_udp("ati-rdt");
    let port = sensor.address.port().to_string();
    let host = peers.run("rdt_host.py", &["127.0.0.1", &port, "1000000"]);
    assert!(
        host.status.success(),
        "{}{}",
        String::from_utf8_lossy(&host.stdout),
        String::from_utf8_lossy(&host.stderr)
    );
}

#[test]
fn a_six_axis_sensor_streams_newtons_over_udp() {
    for driver in ["ati-rdt", "onrobot-hex"] {
        let sensor = on_udp(driver);
        let port = format!("udp:{}", sensor.address);
        let plan = plan(driver, &port, json!({ "stale_after": "1 s" }));
        let driven = Driven::open(&plan, &["wrench"]).expect("the sensor opens");
        let link = driven.device.link();
        assert_eq!(
            (link.kind.as_str(), link.may_be_physical),
            ("network", false)
        );
        assert!(until(|| driven.readings(0).len() > 100));
        // half a kilogram on the support: 4.9 N
        let last = driven.last(0).expect("it sends numbers");
        assert!((last[2].abs() - 4.903).abs() < 0.2, "{driver}: {last:?}");
        let lost = |reading: &&Reading| reading.values().is_none();
        let readings = driven.readings(0);
        assert!(readings.iter().filter(lost).count() < readings.len() / 10);
    }
}

/// What the meter of this test says: a few lines of SCPI on a socket.
fn meter() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept()?;
        let mut lines = BufReader::new(stream.try_clone()?).lines();
        while let Some(Ok(line)) = lines.next() {
            let answer = match line.trim() {
                "*IDN?" => "YOKOGAWA,WT310E,C2PH12345V,F1.04\n",
                ":NUM:NORM:VAL?" => "2.4E+01,1.5E+00,NAN\n",
                _ => continue,
            };
            stream.write_all(answer.as_bytes())?;
        }
        std::io::Result::Ok(())
    });
    address
}

#[test]
fn a_power_meter_is_read_over_tcp() {
    let port = format!("tcp:{}", meter());
    let options = json!({ "interval": "20 ms", "timeout": "2 s", "slowest": "2 s" });
    let plan = plan("scpi-meter", &port, options);
    let driven = Driven::open(&plan, &["voltage", "current", "power"]).expect("the meter opens");
    assert_eq!(driven.identity.serial.as_deref(), Some("C2PH12345V"));
    assert!(until(|| driven.last(1).is_some()));
    assert_eq!(driven.last(0), Some(vec![24.0]));
    assert_eq!(driven.last(1), Some(vec![1.5]));
    assert_eq!(driven.last(2), None, "NAN is no number");
}
