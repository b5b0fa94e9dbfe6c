"""A host of an Inspire RH56DFTP hand on its network port: pymodbus's TCP client.

    dftp_host.py tcp:HOST:PORT

Half closes the fingers, reads until they are there, opens them. Addresses count bytes and lengths registers,
as the maker has it. One JSON line a step; exits with 1 when one was not as it should be.
"""

import json
import sys
import time

from pymodbus.client import ModbusTcpClient

UNIT = 1
ANGLE_SET, FORCE_SET, SPEED_SET, ANGLE_ACT, FORCE_ACT = 1486, 1498, 1522, 1546, 1582
FINGERS = 6


def main():
    scheme, host, port = sys.argv[1].split(":")
    assert scheme == "tcp"
    client = ModbusTcpClient(host, port=int(port), timeout=5)
    if not client.connect():
        sys.exit("no connection")
    failed = False

    def step(name, good, **what):
        nonlocal failed
        failed |= not good
        print(json.dumps({"step": name, "ok": bool(good), **what}), flush=True)

    def read(address, count=FINGERS):
        return client.read_holding_registers(address, count=count, device_id=UNIT).registers

    def write(address, value):
        return not client.write_registers(address, [value] * FINGERS, device_id=UNIT).isError()

    def arrive(value, seconds=10):
        end = time.monotonic() + seconds
        while any(abs(angle - value) > 5 for angle in read(ANGLE_ACT)) and time.monotonic() < end:
            time.sleep(0.02)
        return read(ANGLE_ACT)

    step("speed and force", write(SPEED_SET, 1000) and write(FORCE_SET, 500))
    step("half closed", write(ANGLE_SET, 500))
    angles = arrive(500)
    step("they are there", all(abs(angle - 500) <= 5 for angle in angles), angles=angles)
    forces = read(FORCE_ACT)
    step("nothing is held", all(force in range(-50, 50) or force > 65_486 for force in forces), forces=forces)
    beyond = client.read_holding_registers(2, count=1, device_id=UNIT)
    step("no such register", beyond.isError() and beyond.exception_code == 2)
    beyond = client.write_registers(ANGLE_SET, [1001], device_id=UNIT)
    step("no such angle", beyond.isError())
    opened = write(ANGLE_SET, 1000)
    angles = arrive(1000)
    step("open", opened and all(abs(angle - 1000) <= 5 for angle in angles), angles=angles)
    client.close()
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
