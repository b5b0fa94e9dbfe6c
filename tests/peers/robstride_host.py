"""robstride-dynamics' own host against RobStride motors behind an SLCAN adapter on a serial port.

    robstride_host.py PORT [--id 1]

The package opens SocketCAN only, so its bus is given to it; what goes over it is the package's. Reads
parameters, moves in position mode and by stiffness, arms the time-out and falls silent. One JSON line a
step; exits with 1 when one was not as it should be.
"""

import argparse
import json
import struct
import sys
import time

import can
from robstride_dynamics.bus import Motor, RobstrideBus
from robstride_dynamics.protocol import CommunicationType, ParameterType


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("port")
    arguments.add_argument("--id", type=int, default=1)
    options = arguments.parse_args()
    host = RobstrideBus("", {"joint": Motor(id=options.id, model="rs-02")})
    host.channel_handler = can.Bus(options.port, interface="slcan", bitrate=1_000_000, sleep_after_open=0.1)
    failed = False

    def step(name, good, **what):
        nonlocal failed
        failed |= not good
        print(json.dumps({"step": name, "ok": bool(good), **what}), flush=True)

    def status(kind, data=bytes(8), extra=None):
        """A frame, and the status that the motor answers with."""
        host.transmit(kind, host.host_id if extra is None else extra, options.id, data)
        kind, extra, number, payload = host.receive(timeout=20.0)
        assert kind == CommunicationType.OPERATION_STATUS, kind
        position, velocity, torque, warmth = struct.unpack(">HHHH", payload)
        scale = lambda counts, most: (counts / 0x7FFF - 1.0) * most
        return {"mode": extra >> 14, "pos": scale(position, 12.566371), "vel": scale(velocity, 44.0), "celsius": warmth * 0.1}

    def write(parameter, value):
        index, kind, _ = parameter
        body = struct.pack("<f", value) if isinstance(value, float) else struct.pack("<I", value)
        return status(CommunicationType.WRITE_PARAMETER, struct.pack("<HH", index, 0) + body)

    def until(condition, ask):
        end, now = time.monotonic() + 20.0, None
        while time.monotonic() < end:
            now = ask()
            if condition(now):
                return True, now
            time.sleep(0.02)
        return False, now

    host.read_id("joint", timeout=20.0)
    step("identified", True)
    step("stopped", status(CommunicationType.DISABLE)["mode"] == 0)
    write(ParameterType.MODE, 5)
    step("mode", host.read("joint", ParameterType.MODE) == 5)
    step("running", status(CommunicationType.ENABLE)["mode"] == 2)
    write(ParameterType.VELOCITY_LIMIT, 2.0)
    good, now = until(
        lambda s: abs(s["pos"] - 0.7) < 0.002 and abs(s["vel"]) < 0.05,
        lambda: write(ParameterType.POSITION_TARGET, 0.7),
    )
    step("position", good, **now)
    read = host.read("joint", ParameterType.MECHANICAL_POSITION)
    step("position as it is", abs(read - 0.7) < 0.002, pos=read)

    status(CommunicationType.DISABLE)
    write(ParameterType.MODE, 0)
    status(CommunicationType.ENABLE)
    # stiffness 50 of 500, damping 1 of 5, about 0.2 rad
    counts = [round((0.2 / 12.566371 + 1.0) * 0x7FFF), 0x7FFF, round(0.1 * 0xFFFF), round(0.2 * 0xFFFF)]
    operate = struct.pack(">HHHH", *counts)
    good, now = until(
        lambda s: abs(s["pos"] - 0.2) < 0.02 and abs(s["vel"]) < 0.05,
        lambda: status(CommunicationType.OPERATION_CONTROL, operate, extra=0x7FFF),
    )
    step("stiffness and damping", good, **now)

    write(ParameterType.CAN_TIMEOUT, 6000)
    time.sleep(1.0)
    step("time-out", write(ParameterType.VELOCITY_LIMIT, 1.0)["mode"] == 0)
    write(ParameterType.CAN_TIMEOUT, 0)
    host.channel_handler.shutdown()
    host.channel_handler = None
    sys.exit(failed)


if __name__ == "__main__":
    main()
