"""A host of a Robotiq 2F gripper: pymodbus's client and codec, the maker's sequence.

    gripper_host.py PORT

Activates, closes, reads, stops halfway, opens. One JSON line a step; exits with 1 when one was not as it
should be. Registers and bits as the 2F-85 instruction manual names them.
"""

import json
import sys
import time

from pymodbus.client import ModbusSerialClient

UNIT = 9
CONTROL, STATUS = 1000, 2000


def main():
    client = ModbusSerialClient(sys.argv[1], baudrate=115200, timeout=2)
    if not client.connect():
        sys.exit("cannot open the port")
    failed = False

    def step(name, good, **what):
        nonlocal failed
        failed |= not good
        print(json.dumps({"step": name, "ok": bool(good), **what}), flush=True)

    def status():
        words = client.read_input_registers(STATUS, count=3, device_id=UNIT).registers
        return {
            "gSTA": words[0] >> 12 & 3, "gOBJ": words[0] >> 14 & 3, "gFLT": words[1] >> 8,
            "gPR": words[1] & 255, "gPO": words[2] >> 8,
        }

    def write(action, request=0, speed=0, force=0):
        answer = client.write_registers(CONTROL, [action << 8, request, speed << 8 | force], device_id=UNIT)
        return not answer.isError()

    def until(condition, seconds=10):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            seen = status()
            if condition(seen):
                return seen
            time.sleep(0.02)
        return seen

    step("reset", write(0) and status()["gSTA"] == 0)
    write(0x01)
    step("activate", until(lambda s: s["gSTA"] == 3)["gSTA"] == 3)
    until(lambda s: s["gPO"] < 5)
    write(0x09, 255, 255, 128)
    closed = until(lambda s: s["gOBJ"] == 3 and s["gPO"] > 250)
    step("close", closed["gPO"] > 250 and closed["gPR"] == 255, **closed)
    write(0x09, 0, 60, 128)
    until(lambda s: s["gPO"] < 200)
    write(0x01)  # rGTO off: it stops
    time.sleep(0.3)
    here = status()["gPO"]
    time.sleep(0.5)
    step("stop", abs(status()["gPO"] - here) <= 1 and here > 5, gPO=here)
    write(0x09, 0, 255, 128)
    opened = until(lambda s: s["gOBJ"] == 3 and s["gPO"] < 5)
    step("open", opened["gPO"] < 5 and opened["gFLT"] == 0, **opened)
    missing = client.read_input_registers(3000, count=1, device_id=UNIT)
    step("no such register", missing.isError() and missing.exception_code == 2)
    client.close()
    sys.exit(failed)


if __name__ == "__main__":
    main()
