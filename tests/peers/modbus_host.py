"""pymodbus's own client against a relay and digital-input box on a serial port.

    modbus_host.py PORT [--id 1] [--baud 115200] [--coils 8] [--wired COIL:INPUT]

Switches every coil on and off, one at a time and all at once, and reads them back; asks for what is not
there and expects an exception. With --wired, the input must follow the coil. Prints one JSON line a
step; exit code 0 only when all that it saw fits together.
"""

import argparse
import json
import sys
import time

from pymodbus.client import ModbusSerialClient

ILLEGAL_ADDRESS = 2


def show(step, ok, **seen):
    print(json.dumps({"step": step, "ok": bool(ok), **seen}), flush=True)
    return bool(ok)


def run(box, options):
    unit, count = {"device_id": options.id}, options.coils

    def coils():
        return box.read_coils(0, count=count, **unit).bits[:count]

    for coil in range(count):
        written = box.write_coil(coil, True, **unit)
        alone = coils() == [n == coil for n in range(count)]
        yield show("on", not written.isError() and alone, coil=coil)
        written = box.write_coil(coil, False, **unit)
        yield show("off", not written.isError() and not any(coils()), coil=coil)
    every_other = [n % 2 == 0 for n in range(count)]
    written = box.write_coils(0, every_other, **unit)
    yield show("every other", not written.isError() and coils() == every_other, coils=coils())
    box.write_coils(0, [False] * count, **unit)
    inputs = box.read_discrete_inputs(0, count=8, **unit)
    yield show("inputs", not inputs.isError() and len(inputs.bits) == 8, bits=inputs.bits)
    missing = box.read_discrete_inputs(5000, count=8, **unit)
    yield show("missing", missing.isError() and missing.exception_code == ILLEGAL_ADDRESS, answer=str(missing))
    if options.wired:
        coil, number = map(int, options.wired.split(":"))
        for value in (True, False):
            box.write_coil(coil, value, **unit)
            deadline = time.monotonic() + 10
            while (got := box.read_discrete_inputs(number, count=1, **unit).bits[0]) != value:
                if time.monotonic() > deadline:
                    break
            yield show("wired", got == value, coil=coil, input=number, value=value)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("port")
    arguments.add_argument("--id", type=int, default=1)
    arguments.add_argument("--baud", type=int, default=115200)
    arguments.add_argument("--coils", type=int, default=8)
    arguments.add_argument("--wired")
    options = arguments.parse_args()
    box = ModbusSerialClient(options.port, baudrate=options.baud, timeout=2.0, retries=0)
    if not box.connect():
        sys.exit("the port does not open")
    results = list(run(box, options))
    box.close()
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
