"""A Modbus RTU relay and digital-input box: pymodbus's serial server and codec, with faults on demand.

    modbus_server.py PORT [--id 1] [--baud 9600]

Eight coils (0-7, FC 01/05/0F) and eight discrete inputs (0-7, FC 02): coil n closes input n. Two input
registers (FC 04) hold 0x1111 and 0x2222. Commands on stdin, each for the next N answers (1 if not given):

    late SECONDS [N]    the answer goes out so much later
    crc [N]             the answer has a wrong CRC
    drop [N]            no answer
    cut [N]             only the first half of the answer
    busy [N]            exception 6, server device busy
    input N 0|1|auto    an input stuck open or closed, or following its coil again
    state               prints one line `STATE <json>` with coils, inputs and the requests counted
"""

import argparse
import asyncio
import json
import time

from pymodbus.constants import ExcCodes
from pymodbus.server import ModbusSerialServer
from pymodbus.simulator import DataType, SimData, SimDevice

from peer import ending, listen, log, ready, say

COILS = 8
READ_INPUTS, WRITE_COIL, WRITE_COILS = 2, 5, 15


class Box:
    def __init__(self):
        self.coils = [False] * COILS
        self.stuck = [None] * COILS
        self.requests = 0
        self.faults = []  # what happens to the next answers, in order
        self.busy = 0

    def inputs(self):
        return [coil if stuck is None else stuck for coil, stuck in zip(self.coils, self.stuck)]

    def command(self, words):
        match words:
            case ["late", seconds, *count]:
                self.faults += [("late", float(seconds))] * int(*count or [1])
            case [("crc" | "drop" | "cut") as kind, *count]:
                self.faults += [(kind, 0.0)] * int(*count or [1])
            case ["busy", *count]:
                self.busy += int(*count or [1])
            case ["input", number, value]:
                self.stuck[int(number)] = {"0": False, "1": True, "auto": None}[value]
            case ["state"]:
                state = {"coils": self.coils, "inputs": self.inputs(), "requests": self.requests}
                say("STATE", json.dumps(state))
            case _:
                raise ValueError("no such command")

    async def action(self, function, _start, address, _count, registers, values):
        """pymodbus calls this for every access, before it reads or writes its registers."""
        if self.busy:
            self.busy -= 1
            return ExcCodes.DEVICE_BUSY
        if function in (WRITE_COIL, WRITE_COILS) and values:
            for offset, value in enumerate(values):
                self.coils[address + offset] = bool(value)
        if function == READ_INPUTS:
            registers[0] = sum(bit << n for n, bit in enumerate(self.inputs()))
        return None

    def trace_pdu(self, sending, pdu):
        self.requests += not sending
        return pdu

    def trace_packet(self, sending, data):
        if not sending or not self.faults:
            return data
        kind, seconds = self.faults.pop(0)
        log("fault", kind, seconds, data.hex(" "))
        if kind == "late":
            time.sleep(seconds)  # the box is busy: it hears nothing else meanwhile
            return data
        if kind == "crc":
            return data[:-1] + bytes([data[-1] ^ 0xFF])
        return data[: len(data) // 2] if kind == "cut" else b""


async def serve(options):
    box = Box()
    bits = lambda: [SimData(0, values=[False] * 16, datatype=DataType.BITS)]
    words = lambda: [SimData(0, values=[0x1111, 0x2222], datatype=DataType.REGISTERS)]
    device = SimDevice(options.id, simdata=(bits(), bits(), words(), words()), action=box.action)
    server = ModbusSerialServer(
        device,
        port=options.port,
        baudrate=options.baud,
        ignore_missing_devices=True,
        trace_packet=box.trace_packet,
        trace_pdu=box.trace_pdu,
    )
    await server.serve_forever(background=True)
    listen(box.command)
    ready(f"modbus id {options.id} on {options.port}")
    while not ending.is_set():
        await asyncio.sleep(0.05)
    await server.shutdown()


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("port")
    arguments.add_argument("--id", type=int, default=1)
    arguments.add_argument("--baud", type=int, default=9600)
    asyncio.run(serve(arguments.parse_args()))


if __name__ == "__main__":
    main()
