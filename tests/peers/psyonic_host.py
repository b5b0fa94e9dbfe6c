"""The maker's own client of the PSYONIC Ability Hand against a hand on a serial port.

    psyonic_host.py PORT

Connects, closes, opens one finger, leaves the hand alone for its watchdog, and reads on, through ability_hand's
AHSerialClient alone. Prints one JSON line a step; exit code 0 only when all that it saw fits together.
"""

import json
import os
import sys
import tempfile
import time

PORT = os.path.abspath(sys.argv[1])
os.chdir(tempfile.mkdtemp())  # the package writes its configuration and log where it is imported

from ah_wrapper.ah_serial_client import AHSerialClient

CLOSE_ENOUGH_DEG = 2.0
# index, middle, ring, pinky, thumb flexor, thumb rotator (reversed)
HALF = [50.0, 50.0, 50.0, 50.0, 50.0, -50.0]
ONE_OPEN = [5.0, 50.0, 50.0, 50.0, 50.0, -50.0]


def show(step, ok, **seen):
    print(json.dumps({"step": step, "ok": bool(ok), **seen}), flush=True)
    return bool(ok)


def main():
    client = AHSerialClient(port=PORT, baud_rate=460800, reply_mode=2, rate_hz=100)
    hand = client.hand

    def goes(step, goal, seconds=10.0):
        client.set_position(goal)
        deadline, seen = time.monotonic() + seconds, None
        while time.monotonic() < deadline:
            time.sleep(0.05)
            seen = hand.get_position()
            if seen and all(abs(a - b) <= CLOSE_ENOUGH_DEG for a, b in zip(seen, goal)):
                return show(step, True, position=list(seen))
        return show(step, False, goal=goal, position=list(seen or []))

    results = [goes("half", HALF), goes("one-open", ONE_OPEN)]
    current, velocity = hand.get_current(), hand.get_velocity()
    results.append(show("feedback", len(current) == 6 and len(velocity) == 6, current=list(current)))
    for variant, name in ((0, "touch"), (1, "touch-velocity")):
        client.set_position(ONE_OPEN, reply_mode=variant)
        reads, deadline = client.n_reads, time.monotonic() + 10
        while client.n_reads < reads + 10 and time.monotonic() < deadline:
            time.sleep(0.05)
        touch = hand.get_fsr()
        # nothing is touched; the package's formula makes 0.9 N of the first count
        light = touch is not None and len(touch) == 30 and all(newton < 2.0 for newton in touch)
        results.append(show(name, light, touch=list(touch or [])))
    results.append(show("reads", client.n_reads > 20, reads=client.n_reads))
    client.close()
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
