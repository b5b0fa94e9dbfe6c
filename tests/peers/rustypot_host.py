"""rustypot's own hosts against servos on a serial port.

    rustypot_host.py PORT dynamixel|feetech [--ids 1 2 3]

Pings, reads all at once, powers them, moves all at once, reads back. One JSON line a step; exits with 1
when one was not as it should be.
"""

import argparse
import json
import math
import sys
import time

import rustypot

HOSTS = {"dynamixel": rustypot.Xl330PyController, "feetech": rustypot.Sts3215PyController}
NEAR = math.radians(1.0)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("port")
    arguments.add_argument("family", choices=HOSTS)
    arguments.add_argument("--ids", type=int, nargs="+", default=[1, 2, 3])
    options = arguments.parse_args()
    host = HOSTS[options.family](serial_port=options.port, baudrate=1_000_000, timeout=1.0)
    ids, failed = options.ids, False

    def step(name, good, **what):
        nonlocal failed
        failed |= not good
        print(json.dumps({"step": name, "ok": bool(good), **what}), flush=True)

    def near(angles, goals):
        return all(abs(angle - goal) < NEAR for angle, goal in zip(angles, goals))

    step("ping", all(host.ping(number) for number in ids))
    step("nobody", not host.ping(99))
    before = host.sync_read_present_position(ids)
    step("read", near(before, [0.0] * len(ids)), angles=before)
    host.sync_write_torque_enable(ids, [True] * len(ids))
    step("power", all(host.sync_read_torque_enable(ids)))
    goals = [math.radians(20.0 * (n - 1)) for n in range(len(ids))]
    host.sync_write_goal_position(ids, goals)
    end = time.monotonic() + 20
    while not near(host.sync_read_present_position(ids), goals) and time.monotonic() < end:
        time.sleep(0.05)
    angles = host.sync_read_present_position(ids)
    step("there", near(angles, goals), angles=angles, goals=goals)
    warmth = host.sync_read_present_temperature(ids)
    step("temperature", all(10 <= celsius <= 90 for celsius in warmth), celsius=warmth)
    host.close()
    sys.exit(failed)


if __name__ == "__main__":
    main()
