"""pyrh56's own driver against a hand on a serial port.

    rh56_host.py PORT [--id 1] [--still]

Reads everything, then (unless --still) bends, measures and opens again, through pyrh56's public API
alone. Prints one JSON line a step; exit code 0 only when all that it saw fits together.
"""

import argparse
import json
import sys
import time

from rh56_sdk import RH56Driver

CLOSE_ENOUGH = 30  # angle counts of 1000: servo error and sensor noise


def show(step, ok, **seen):
    print(json.dumps({"step": step, "ok": bool(ok), **seen}), flush=True)
    return bool(ok)


def settle(hand, seconds=15.0):
    """Angles once they rest: five equal readings in a row, or what they are at the time-out."""
    deadline = time.monotonic() + seconds
    still, last = 0, hand.read_angle()
    while time.monotonic() < deadline and still < 5:
        time.sleep(0.05)
        angles = hand.read_angle()
        still = still + 1 if max(abs(a - b) for a, b in zip(angles, last)) <= 3 else 0
        last = angles
    return last


def near(angles, goal):
    return all(abs(a - g) <= CLOSE_ENOUGH for a, g in zip(angles, goal))


def read_all(hand):
    seen = hand.read_feedback()
    ok = (
        all(0 <= angle <= 1000 for angle in seen["angle"])
        and all(-1000 <= grams <= 4000 for grams in seen["force"])
        and all(status in (0, 1, 2, 3, 5, 6, 7) for status in seen["status"])
        and all(bits < 32 for bits in seen["error"])
        and all(10 <= degrees <= 90 for degrees in seen["temperature"])
    )
    return show("read", ok, voltage=hand.read_voltage(), **seen)


def move(hand, step, goal):
    hand.move_to(goal)
    angles = settle(hand)
    return show(step, near(angles, goal), goal=goal, angle=angles, status=hand.read_status())


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("port")
    arguments.add_argument("--id", type=int, default=1)
    arguments.add_argument("--still", action="store_true")
    options = arguments.parse_args()
    hand = RH56Driver(options.port, node_id=options.id, timeout=1.0)
    hand.connect()
    results = [show("connect", True, angle=hand.commanded_angle), read_all(hand)]
    if not options.still:
        hand.set_speed([1000] * 6)
        hand.set_force_threshold([300] * 6)
        results.append(move(hand, "bend", [700, 650, 600, 550, 700, 900]))
        results.append(move(hand, "half", [500] * 4 + [600, 800]))
        before = hand.read_angle()
        hand.move_finger(3, 900, base="hold")
        after = settle(hand)
        others = [i for i in range(6) if i != 3]
        alone = near([after[i] for i in others], [before[i] for i in others])
        results.append(show("one-finger", alone and abs(after[3] - 900) <= CLOSE_ENOUGH, angle=after))
        hand.clear_error()
        hand.open()
        results.append(show("open", near(settle(hand), hand.commanded_angle), angle=hand.read_angle()))
        results.append(read_all(hand))
    results.append(show("misses", hand.miss_count == 0, count=hand.miss_count))
    hand.disconnect()
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
