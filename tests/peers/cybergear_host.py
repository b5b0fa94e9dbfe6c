"""cybergear's own host against a CyberGear behind an SLCAN adapter on a serial port.

    cybergear_host.py PORT [--id 1]

Moves in position mode, then as spring and damper. One JSON line a step; exits with 1 when one was not as
it should be.
"""

import argparse
import json
import sys
import time

from cybergear import CyberGearMotor


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("port")
    arguments.add_argument("--id", type=int, default=1)
    options = arguments.parse_args()
    bus = {"interface": "slcan", "channel": options.port, "bitrate": 1_000_000, "sleep_after_open": 0.1}
    failed = False

    def step(name, good, **what):
        nonlocal failed
        failed |= not good
        print(json.dumps({"step": name, "ok": bool(good), **what}), flush=True)

    with CyberGearMotor(bus_config=bus, can_id=options.id, poll_interval=None, send_timeout=5.0) as motor:

        def until(condition, act):
            end = time.monotonic() + 20.0
            while time.monotonic() < end:
                act()
                time.sleep(0.02)
                if condition(motor.feedback):
                    return True
            return False

        step("identified", motor.device_id is not None, device=str(motor.device_id))
        motor.disable()
        motor.run_mode = "position"
        step("running", until(lambda f: f.mode == 2, motor.enable))
        motor.limit_spd = 2.0

        def go():
            motor.loc_ref = 0.7

        step("position", until(lambda f: abs(f.position - 0.7) < 0.002, go), position=motor.feedback.position)
        step("no fault", not motor.feedback.faults.has_fault, celsius=motor.feedback.temperature)
        motor.disable()
        motor.run_mode = "operation"
        motor.enable()
        spring = lambda: motor.motor_control(torque=0.0, position=0.2, velocity=0.0, kp=50.0, kd=1.0)
        there = until(lambda f: abs(f.position - 0.2) < 0.02 and abs(f.velocity) < 0.05, spring)
        step("stiffness and damping", there, position=motor.feedback.position)
        step("stopped", until(lambda f: f.mode == 0, motor.disable))
    sys.exit(failed)


if __name__ == "__main__":
    main()
