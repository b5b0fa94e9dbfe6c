"""A CiA 401 box of eight contacts with long objects on a CAN bus: durand's node (SDO server with segments and
blocks, NMT, heartbeat, SYNC, process data) over python-can's slcan on a serial port. Contacts 0 and 2 are on.

    canopen_node.py PORT [--node 5]

Commands on stdin:

    state      prints one line `STATE <json>`: of each long object its content in hexadecimal, and how often it
               was written in blocks
"""

import argparse
import json
import threading

import can
from durand import CANBusNetwork, DatatypeEnum as DT, MinimalNode, Record, Variable, set_scheduler
from durand.scheduler import SyncScheduler

from peer import ending, listen, ready, say

LONG = (0x2000, 0x2001, 0x2002, 0x2003)
DEVICE_TYPE = 0x0001_0191
VENDOR, PRODUCT = 0x4E, 401


def node_of(network, number, written):
    node = MinimalNode(network, number)
    od = node.object_dictionary
    od[0x1000] = Variable(DT.UNSIGNED32, "ro", DEVICE_TYPE)
    od[0x1008] = Variable(DT.VISIBLE_STRING, "ro", b"box of durand")
    od[0x100A] = Variable(DT.VISIBLE_STRING, "ro", b"durand 0.5.0")
    identity = Record(name="Identity object")
    identity[1] = Variable(DT.UNSIGNED32, "ro", VENDOR)
    identity[2] = Variable(DT.UNSIGNED32, "ro", PRODUCT)
    od[0x1018] = identity
    inputs = Record(name="Read inputs")
    inputs[1] = Variable(DT.UNSIGNED8, "ro", 0b101)
    od[0x6000] = inputs
    for index in LONG:
        od[index] = Variable(DT.DOMAIN, "rw", b"")
    node.tpdo[0].mapping = [(0x6000, 1)]
    blocks = node.sdo_servers[0].download_manager
    begin = blocks.download_block_init

    def begin_and_count(message):
        written[int.from_bytes(message[1:3], "little")] += 1
        begin(message)

    blocks.download_block_init = begin_and_count
    return node


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("port")
    arguments.add_argument("--node", type=int, default=5)
    options = arguments.parse_args()
    scheduler = SyncScheduler()
    set_scheduler(scheduler)
    threading.Thread(target=scheduler.run, daemon=True).start()
    bus = can.ThreadSafeBus(options.port, interface="slcan", bitrate=1_000_000, sleep_after_open=0.05)
    network = CANBusNetwork(bus)
    written = dict.fromkeys(LONG, 0)
    node = node_of(network, options.node, written)

    def command(words):
        if words != ["state"]:
            raise ValueError("no such command")
        objects = {
            f"{index:04X}": {
                "content": bytes(node.object_dictionary.read(index, 0)).hex().upper(),
                "blocks": written[index],
            }
            for index in LONG
        }
        say("STATE", json.dumps(objects))

    listen(command)
    ready(f"durand node {options.node} on {options.port}")
    ending.wait()
    network.stop()
    bus.shutdown()


if __name__ == "__main__":
    main()
