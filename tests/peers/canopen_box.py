"""A CiA 401 input and output box on a CAN bus: canopen.LocalNode (SDO server, NMT, heartbeat, EMCY, PDO
maps) over python-can's slcan on a serial port. Input n sees output n; analogue input n sees analogue
output n. A box whose host it was told to watch (1016h) falls silent takes its outputs to their error values.

    canopen_box.py PORT [--node 5]

Commands on stdin:

    restart    power cycle: boot-up message, PRE-OPERATIONAL, everything set is forgotten
    state      prints one line `STATE <json>` with outputs, analogue outputs, NMT state
"""

import argparse
import json
import threading
import time

import can
import canopen
from canopen import ObjectDictionary
from canopen.objectdictionary import (
    INTEGER16,
    INTEGER32,
    UNSIGNED8,
    UNSIGNED16,
    UNSIGNED32,
    VISIBLE_STRING,
    ODArray,
)

import cia402
from peer import ending, listen, log, ready, say

STEP_S = 0.005
BYTES, VOLTAGES = 1, 4
INPUTS, OUTPUTS, ERROR_MODE, ERROR_VALUE = 0x6000, 0x6200, 0x6206, 0x6207
ANALOG_IN, ANALOG_OUT, ANALOG_ERROR_MODE, ANALOG_ERROR_VALUE = 0x6401, 0x6411, 0x6443, 0x6444
HEARTBEAT_LOST, COMMUNICATION_ERROR = 0x8130, 0x11


def mapping(made, index, name, entries):
    array = ODArray(name, index)
    array.add_member(cia402.variable("Number of entries", index, 0, UNSIGNED8, "rw", len(entries)))
    for subindex, entry in enumerate(entries + [0] * (8 - len(entries)), 1):
        array.add_member(cia402.variable(f"Entry {subindex}", index, subindex, UNSIGNED32, "rw", entry))
    made.add_object(array)


def dictionary(node):
    made = ObjectDictionary()
    made.node_id = node
    for index, name, kind, access, default in [
        (0x1000, "Device type", UNSIGNED32, "ro", 0x000F0191),
        (0x1001, "Error register", UNSIGNED8, "ro", 0),
        (0x1005, "COB-ID SYNC", UNSIGNED32, "rw", 0x80),
        (0x1008, "Device name", VISIBLE_STRING, "const", "third-party box"),
        (0x100A, "Software version", VISIBLE_STRING, "const", "canopen 2.4.1"),
        (0x1017, "Producer heartbeat time", UNSIGNED16, "rw", 50),
        (0x6423, "Global interrupt enable", UNSIGNED8, "rw", 0),
    ]:
        made.add_object(cia402.variable(name, index, 0, kind, access, default))
    identity = [0x0000C0DE, 401, 0x00010000, 2000 + node]
    arrays = {
        0x1016: ("Consumer heartbeat time", UNSIGNED32, "rw", [0]),
        0x1018: ("Identity", UNSIGNED32, "ro", identity),
        INPUTS: ("Inputs", UNSIGNED8, "ro", [0] * BYTES),
        OUTPUTS: ("Outputs", UNSIGNED8, "rw", [0] * BYTES),
        ERROR_MODE: ("Output error mode", UNSIGNED8, "rw", [0xFF] * BYTES),
        ERROR_VALUE: ("Output error value", UNSIGNED8, "rw", [0] * BYTES),
        ANALOG_IN: ("Analogue inputs", INTEGER16, "ro", [0] * VOLTAGES),
        ANALOG_OUT: ("Analogue outputs", INTEGER16, "rw", [0] * VOLTAGES),
        ANALOG_ERROR_MODE: ("Analogue output error mode", UNSIGNED8, "rw", [1] * VOLTAGES),
        ANALOG_ERROR_VALUE: ("Analogue output error value", INTEGER32, "rw", [0] * VOLTAGES),
    }
    for index, (name, kind, access, values) in arrays.items():
        members = [(s, f"{name} {s}", kind, access, value) for s, value in enumerate(values, 1)]
        cia402.record(made, index, name, members)
    for number, cob, entries in [
        (1, 0x180 + node, [INPUTS << 16 | 0x108]),
        (2, 0x280 + node, [ANALOG_IN << 16 | s << 8 | 16 for s in range(1, VOLTAGES + 1)]),
    ]:
        members = [(1, "COB-ID", UNSIGNED32, "rw", cob), (2, "Transmission type", UNSIGNED8, "rw", 255),
                   (3, "Inhibit time", UNSIGNED16, "rw", 0), (5, "Event timer", UNSIGNED16, "rw", 0)]
        cia402.record(made, 0x1800 + number - 1, f"PDO {number} communication", members)
        mapping(made, 0x1A00 + number - 1, f"PDO {number} mapping", entries)
    return made


class Box:
    def __init__(self, network, number):
        self.network, self.number = network, number
        self.lock = threading.RLock()
        self.node = None
        self.boot()

    def boot(self):
        """Power on: a new LocalNode that remembers nothing."""
        with self.lock:
            if self.node is not None:
                self.node.nmt.stop_heartbeat()
            self.node = self.network.create_node(self.number, dictionary(self.number))
            self.node.add_read_callback(self.on_read)
            self.node.add_write_callback(self.on_write)
            self.host_seen, self.pdos_changed, self.last = None, True, {}
            self.node.nmt.state = "INITIALISING"  # sends the boot-up message
            self.node.nmt.state = "PRE-OPERATIONAL"  # starts the heartbeat

    def at(self, index, subindex):
        return self.node.object_dictionary[index][subindex].decode_raw(self.node.get_data(index, subindex))

    def on_read(self, index, subindex, od):  # canopen names the argument
        seen = {INPUTS: OUTPUTS, ANALOG_IN: ANALOG_OUT}.get(index)
        return self.at(seen, subindex) if seen and subindex else None

    def on_write(self, index, subindex, od, data):
        with self.lock:
            self.pdos_changed |= 0x1800 <= index < 0x1C00
            if index == 0x1016:
                self.host_seen = None

    def put(self, index, subindex, value):
        kind = self.node.object_dictionary[index][subindex]
        self.node.set_data(index, subindex, kind.encode_raw(value))

    def take_error_values(self):
        for byte in range(1, BYTES + 1):
            mode, value, now = (self.at(i, byte) for i in (ERROR_MODE, ERROR_VALUE, OUTPUTS))
            self.put(OUTPUTS, byte, now & ~mode & 0xFF | value & mode)
        for voltage in range(1, VOLTAGES + 1):
            if self.at(ANALOG_ERROR_MODE, voltage) == 1:
                self.put(ANALOG_OUT, voltage, self.at(ANALOG_ERROR_VALUE, voltage))

    def step(self, now):
        with self.lock:
            if self.node.nmt.state == "INITIALISING":  # NMT reset
                self.boot()
            if self.pdos_changed:
                self.pdos_changed = False
                self.node.tpdo.read()
            watched = self.at(0x1016, 1) & 0xFFFF
            if watched and self.host_seen is not None and now - self.host_seen > watched / 1000:
                log("the host is silent")
                self.host_seen = None
                self.take_error_values()
                self.node.emcy.send(HEARTBEAT_LOST, COMMUNICATION_ERROR, b"\0" * 5)
                self.node.nmt.state = "PRE-OPERATIONAL"
            if self.node.nmt.state == "OPERATIONAL":
                for number in (1, 2):
                    pdo = self.node.tpdo[number]
                    if pdo.enabled and pdo.trans_type >= 254:
                        self.transmit(pdo, number, now)

    def transmit(self, pdo, number, now):
        """By events: when it changes, and when its timer says so."""
        seen = [self.node.get_data(entry.index, entry.subindex) for entry in pdo.map]
        before, sent = self.last.get(number, (None, 0))
        if seen != before or (pdo.event_timer and now - sent >= pdo.event_timer / 1000):
            self.last[number] = (seen, now)
            self.send(pdo)

    def send(self, pdo):
        for entry in pdo.map:
            entry.set_data(self.node.get_data(entry.index, entry.subindex))
        pdo.transmit()

    def on_sync(self):
        with self.lock:
            if self.pdos_changed or self.node.nmt.state != "OPERATIONAL":
                return
            for number in (1, 2):
                pdo = self.node.tpdo[number]
                if pdo.enabled and pdo.trans_type == 1:
                    self.send(pdo)

    def on_heartbeat(self, source):
        with self.lock:
            if self.at(0x1016, 1) >> 16 & 0x7F == source:
                self.host_seen = time.monotonic()

    def state(self):
        with self.lock:
            return {
                "outputs": self.at(OUTPUTS, 1),
                "voltages": [self.at(ANALOG_OUT, n) for n in range(1, VOLTAGES + 1)],
                "nmt": self.node.nmt.state,
            }


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("port")
    arguments.add_argument("--node", type=int, default=5)
    options = arguments.parse_args()
    network = canopen.Network()
    network.bus = can.ThreadSafeBus(options.port, interface="slcan", bitrate=1_000_000, sleep_after_open=0.05)
    network.connect()
    box = Box(network, options.node)
    for host in range(1, 128):
        if host != options.node:
            network.subscribe(0x700 + host, lambda cob_id, *_: box.on_heartbeat(cob_id - 0x700))
    network.subscribe(0x80, lambda *_: box.on_sync())

    def command(words):
        match words:
            case ["restart"]:
                box.boot()
            case ["state"]:
                say("STATE", json.dumps(box.state()))
            case _:
                raise ValueError("no such command")

    listen(command)
    ready(f"canopen box {options.node} on {options.port}")
    while not ending.wait(STEP_S):
        box.step(time.monotonic())
    network.disconnect()


if __name__ == "__main__":
    main()
