"""damiao-motor's own host against Damiao motors behind an SLCAN adapter on a serial port.

    damiao_host.py PORT [--id 1] [--feedback 17]

Reads the ranges, moves in position-and-velocity, velocity and MIT mode, arms the time-out and falls
silent. One JSON line a step; exits with 1 when one was not as it should be.
"""

import argparse
import json
import sys
import time

from damiao_motor import DaMiaoController


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("port")
    arguments.add_argument("--id", type=int, default=1)
    arguments.add_argument("--feedback", type=int, default=17)
    options = arguments.parse_args()
    controller = DaMiaoController(channel=options.port, bustype="slcan")
    motor = controller.add_motor(motor_id=options.id, feedback_id=options.feedback, motor_type="4310")
    failed = False

    def step(name, good, **what):
        nonlocal failed
        failed |= not good
        print(json.dumps({"step": name, "ok": bool(good), **what}), flush=True)

    def until(condition, act=lambda: None, within=20.0):
        end = time.monotonic() + within
        while time.monotonic() < end:
            act()
            time.sleep(0.02)
            if motor.state and condition(motor.state):
                return True
        return False

    ranges = [motor.get_register(number, timeout=20.0) for number in (21, 22, 23)]
    step("ranges", ranges == [12.5, 30.0, 10.0], ranges=ranges)
    step("number", motor.get_register(8, timeout=20.0) == options.id)
    motor.request_motor_feedback()
    step("disabled", until(lambda s: s["status"] == "DISABLED"))

    motor.write_register(10, 2)
    motor.enable()
    step("enabled", until(lambda s: s["status"] == "ENABLED", motor.request_motor_feedback))
    there = until(lambda s: abs(s["pos"] - 0.8) < 0.002, lambda: motor.send_cmd_pos_vel(0.8, 2.0))
    step("position and velocity", there, state=motor.get_states())

    motor.disable()
    motor.write_register(10, 3)
    motor.enable()
    runs = until(lambda s: abs(s["vel"] + 1.5) < 0.02, lambda: motor.send_cmd_vel(-1.5))
    step("velocity", runs, state=motor.get_states())

    motor.disable()
    motor.write_register(10, 1)
    motor.enable()
    there = until(
        lambda s: abs(s["pos"] - 0.2) < 0.02 and abs(s["vel"]) < 0.05,
        lambda: motor.send_cmd_mit(target_position=0.2, stiffness=50.0, damping=1.0),
    )
    step("stiffness and damping", there, state=motor.get_states())

    motor.set_can_timeout(300)
    motor.send_cmd_mit(target_position=0.2, stiffness=50.0, damping=1.0)
    time.sleep(1.0)
    motor.request_motor_feedback()
    step("time-out", until(lambda s: s["status"] == "LOST_COMM"), state=motor.get_states())
    motor.clear_error()
    step("cleared", until(lambda s: s["status"] == "DISABLED", motor.request_motor_feedback))
    controller.shutdown()
    sys.exit(failed)


if __name__ == "__main__":
    main()
