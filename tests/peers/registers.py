"""A Modbus device that is a table of registers: pymodbus's servers and codec, and nothing else.

    registers.py PORT --id 9 [--baud 115200] FIRST=VALUE[,VALUE...] ...
    registers.py tcp:HOST:PORT --id 1 [--beside] FIRST=VALUE[,VALUE...] ...

With --beside it numbers its answers one above their questions, as some firmware does.

Holding and input registers are the same table, in one block from the lowest to the highest address
named; what is not named reads 0. Commands on stdin:

    set ADDRESS VALUE    a register as the device would change it
    state                prints one line `STATE <json>`: the registers, and all writes in order
"""

import argparse
import asyncio
import json

from pymodbus.server import ModbusSerialServer, ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from peer import ending, listen, ready, say

WRITES = (6, 16)


class Table:
    def __init__(self, named):
        self.values = {}
        for item in named:
            first, _, values = item.partition("=")
            for offset, value in enumerate(values.split(",")):
                self.values[int(first, 0) + offset] = int(value, 0)
        self.first, self.last = min(self.values), max(self.values)
        self.writes = []

    def block(self):
        return [self.values.get(address, 0) for address in range(self.first, self.last + 1)]

    def command(self, words):
        match words:
            case ["set", address, value]:
                self.values[int(address, 0)] = int(value, 0)
            case ["state"]:
                say("STATE", json.dumps({"registers": self.values, "writes": self.writes}))
            case _:
                raise ValueError("no such command")

    async def action(self, function, _start, address, count, registers, values):
        """pymodbus calls this for every access, before it reads or writes its registers."""
        if function in WRITES and values:
            self.writes.append([address, list(values)])
            for offset, value in enumerate(values):
                self.values[address + offset] = value
        for offset, value in enumerate(self.block()):
            registers[offset] = value
        return None


def beside(sending, data):
    if not sending:
        return data
    number = (int.from_bytes(data[:2], "big") + 1) % 65536
    return number.to_bytes(2, "big") + data[2:]


async def serve(options):
    table = Table(options.registers)
    words = lambda: [SimData(table.first, values=table.block(), datatype=DataType.REGISTERS)]
    bits = lambda: [SimData(0, values=[False] * 16, datatype=DataType.BITS)]
    device = SimDevice(options.id, simdata=(bits(), bits(), words(), words()), action=table.action)
    if options.port.startswith("tcp:"):
        _, host, port = options.port.split(":")
        trace = beside if options.beside else None
        server = ModbusTcpServer(device, address=(host, int(port)), ignore_missing_devices=True, trace_packet=trace)
    else:
        server = ModbusSerialServer(device, port=options.port, baudrate=options.baud, ignore_missing_devices=True)
    await server.serve_forever(background=True)
    listen(table.command)
    ready(f"registers {table.first} to {table.last} of unit {options.id} on {options.port}")
    while not ending.is_set():
        await asyncio.sleep(0.05)
    await server.shutdown()


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("port")
    arguments.add_argument("registers", nargs="+")
    arguments.add_argument("--id", type=int, default=1)
    arguments.add_argument("--baud", type=int, default=115200)
    arguments.add_argument("--beside", action="store_true")
    asyncio.run(serve(arguments.parse_args()))


if __name__ == "__main__":
    main()
