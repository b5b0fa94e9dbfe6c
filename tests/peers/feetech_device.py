"""Feetech servos: feetech-cli's SimulatedBus, behind a serial port.

    feetech_device.py PORT [--ids 1 2 3] [--echo]

A servo jumps to its goal at once; a goal switches its torque on, as measured on real ones. Commands on
stdin:

    set ID REGISTER VALUE    a register by feetech-cli's name, past the lock
    state                    prints one line `STATE <json>`: goal, position, torque, speed
"""

import argparse
import json

import serial
from feetech_cli.simulator import SimulatedBus, SimulatedServo

from peer import ending, listen, ready, say


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("port")
    arguments.add_argument("--ids", type=int, nargs="+", default=[1, 2, 3])
    arguments.add_argument("--echo", action="store_true")
    options = arguments.parse_args()
    bus = SimulatedBus([SimulatedServo(number) for number in options.ids], echo=options.echo)

    def command(words):
        match words:
            case ["set", number, register, value]:
                for servo in bus.servos:
                    if servo.servo_id == int(number):
                        servo._store(register, int(value))
            case ["state"]:
                names = ("goal_position", "present_position", "torque_enable", "goal_velocity")
                state = {servo.servo_id: {name: servo.get(name) for name in names} for servo in bus.servos}
                say("STATE", json.dumps(state))
            case _:
                raise ValueError("no such command")

    port = serial.Serial(options.port, 1000000, timeout=0.02)
    listen(command)
    ready(f"servos {options.ids} on {options.port}")
    heard = b""
    while not ending.is_set():
        heard += port.read(1) + port.read(port.in_waiting)
        while (start := heard.find(b"\xff\xff")) >= 0:
            heard = heard[start:]
            if len(heard) < 4 or len(heard) < 4 + heard[3]:
                break
            packet, heard = heard[: 4 + heard[3]], heard[4 + heard[3] :]
            bus.write(packet)
            port.write(bus.read(4096))


if __name__ == "__main__":
    main()
