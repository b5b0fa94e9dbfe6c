"""pynetft's client of ATI Net F/T sensors against a sensor on a UDP port.

    rdt_host.py HOST PORT COUNTS_PER_N

Streams, reads, takes the load for zero, and reads again. Prints one JSON line a step; exit code 0 only when all
that it saw fits together.
"""

import itertools
import json
import sys

from pynetft import Calibration, Client, Config, ForceUnit, TorqueUnit


def show(step, ok, **seen):
    print(json.dumps({"step": step, "ok": bool(ok), **seen}), flush=True)
    return bool(ok)


def main():
    host, port, counts = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    calibration = Calibration(
        counts_per_force_unit=counts,
        counts_per_torque_unit=counts,
        force_unit=ForceUnit.NEWTON,
        torque_unit=TorqueUnit.NEWTON_METER,
    )
    config = Config(sensor_host=host, rdt_port=port, calibration_override=calibration, receive_timeout=5.0)
    client = Client(config, queue_size=512)
    client.start()
    samples = list(itertools.islice(client.samples(), 300))
    z = [sample.force[2] for sample in samples]
    steps = [b.rdt_sequence - a.rdt_sequence for a, b in zip(samples, samples[1:])]
    results = [
        show("status", all(sample.status == 0 for sample in samples)),
        show("force", max(z) - min(z) < 1.0, mean=sum(z) / len(z)),
        show("axes", all(abs(sample.force[1]) < 1e-9 for sample in samples)),
        show("sequence", all(step >= 1 for step in steps), lost=sum(step - 1 for step in steps)),
    ]
    client.bias()
    later = [sample.force[2] for sample in itertools.islice(client.samples(), 300)][-100:]
    mean = sum(later) / len(later)
    results.append(show("bias", abs(mean) < 0.5, mean=mean))
    health = client.health
    health = health() if callable(health) else health
    results.append(show("health", health.malformed_count == 0, received=health.received_count))
    client.stop()
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
