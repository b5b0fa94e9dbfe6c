"""A scale: mt-sics-emulator's own protocol engine, on a serial port.

    mtsics_device.py PORT [--profile mt-ms3002s]

Its headers contradict the reference manual in places: it answers SI with `SI`, where the manual has `S`.
Commands on stdin:

    weight VALUE [unstable]     what lies on the platform, in the profile's unit
    state                       prints one line `STATE <json>`: net, tare, unit, serial
"""

import argparse
import json

import serial
from mtsics.core.state import ScaleState
from mtsics.profiles import load
from mtsics.protocol.engine import MTSICSEngine

from peer import ending, listen, ready, say


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("port")
    arguments.add_argument("--profile", default="mt-ms3002s")
    options = arguments.parse_args()
    state = ScaleState(config=load(options.profile))
    engine = MTSICSEngine(state)

    def command(words):
        match words:
            case ["weight", value, *how]:
                state.set_weight(float(value), stable=how != ["unstable"])
            case ["state"]:
                say("STATE", json.dumps({"net": state.net, "unit": state.config.unit}))
            case _:
                raise ValueError("no such command")

    port = serial.Serial(options.port, 9600, timeout=0.05)
    listen(command)
    ready(f"scale on {options.port}")
    heard = b""
    while not ending.is_set():
        heard += port.read(64)
        *lines, heard = heard.split(b"\r\n")
        for line in lines:
            port.write(engine.handle(line.decode("ascii", "replace")).encode("ascii"))


if __name__ == "__main__":
    main()
