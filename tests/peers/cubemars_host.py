"""mini-cheetah-motor-driver-socketcan's host against a CubeMars AK motor in MIT mode, behind an SLCAN adapter.

    cubemars_host.py PORT [--id 1] [--type AK80_9_V2]

The package opens a CAN socket of its own; here its frames go to python-can instead. Enables, goes to an
angle as spring and damper, disables. One JSON line a step; exits with 1 when one was not as it should be.
"""

import argparse
import json
import sys
import time

import can
from motor_driver.canmotorlib import CanMotorController


class OverAdapter(CanMotorController):
    bus = None

    def _send_can_frame(self, data):
        self.bus.send(can.Message(arbitration_id=self.motor_id, data=data, is_extended_id=False))

    def _recv_can_frame(self):
        message = self.bus.recv(20.0)
        data = bytes(message.data)[:6]  # it knows the six bytes of the first hardware
        return message.arbitration_id, len(data), data


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("port")
    arguments.add_argument("--id", type=int, default=1)
    arguments.add_argument("--type", default="AK80_9_V2")
    options = arguments.parse_args()
    CanMotorController.can_socket_declared = True  # it shall open none
    OverAdapter.bus = can.Bus(options.port, interface="slcan", bitrate=1_000_000, sleep_after_open=0.1)
    motor = OverAdapter(motor_id=options.id, motor_type=options.type)
    failed = False

    def step(name, good, **what):
        nonlocal failed
        failed |= not good
        print(json.dumps({"step": name, "ok": bool(good), **what}), flush=True)

    shown = motor.enable_motor()
    step("enabled", shown is not None and abs(shown[0]) < 0.01)
    end = time.monotonic() + 20.0
    while time.monotonic() < end:
        position, velocity, torque = motor.send_rad_command(0.6, 0.0, 60.0, 1.5, 0.0)
        if abs(position - 0.6) < 0.01 and abs(velocity) < 0.05:
            break
        time.sleep(0.02)
    step("stiffness and damping", abs(position - 0.6) < 0.01, position=position, velocity=velocity)
    shown = motor.disable_motor()
    step("disabled", shown is not None)
    position, velocity, torque = motor.send_rad_command(0.0, 0.0, 60.0, 1.5, 0.0)
    time.sleep(0.3)
    position, velocity, torque = motor.send_rad_command(0.0, 0.0, 60.0, 1.5, 0.0)
    step("limp", abs(position - 0.6) < 0.02 and abs(torque) < 0.02, position=position, torque=torque)
    OverAdapter.bus.shutdown()
    sys.exit(failed)


if __name__ == "__main__":
    main()
