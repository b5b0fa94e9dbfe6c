"""canopen's SDO client moves long objects in blocks, over python-can's slcan.

    canopen_blocks.py PORT [--node 1] [--index 0x2000]

Writes and reads back 1 to 10,000 bytes with and without checksum, then with a segment lost on its way
each time. Prints one JSON line a step; exit code 0 only when all came back as it was.
"""

import argparse
import sys

import can
import canopen
from canopen.sdo.client import BlockUploadStream

import cia402 as od
from canopen_host import show

SIZES = (1, 7, 8, 889, 890, 10_000)


def content(size):
    return bytes(n % 251 for n in range(size))


class Lossy:
    """Drops one frame that a client sends or hears, by its count from now; no frame that ends a block."""

    def __init__(self, client):
        self.client, self.sent, self.heard = client, 0, 0
        self.drop_sent = self.drop_heard = None
        self.send_request, self.on_response = client.send_request, client.on_response
        client.send_request, client.on_response = self.send, self.hear

    def lose(self, sent=None, heard=None):
        self.sent = self.heard = 0
        self.drop_sent, self.drop_heard = sent, heard

    def send(self, request):
        self.sent += 1
        if self.sent != self.drop_sent:
            self.send_request(request)

    def hear(self, can_id, data, timestamp):
        self.heard += 1
        if self.heard != self.drop_heard:
            self.on_response(can_id, data, timestamp)


def write(sdo, index, data, crc):
    with sdo.open(index, 0, "wb", size=len(data), block_transfer=True, request_crc_support=crc) as stream:
        stream.write(data)


def read(sdo, index, crc):
    with sdo.open(index, 0, "rb", block_transfer=True, request_crc_support=crc) as stream:
        return stream.read()


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("port")
    arguments.add_argument("--node", type=int, default=1)
    arguments.add_argument("--index", type=lambda text: int(text, 0), default=0x2000)
    options = arguments.parse_args()
    network = canopen.Network()
    network.bus = can.ThreadSafeBus(options.port, interface="slcan", bitrate=1_000_000, sleep_after_open=0.05)
    network.connect()
    node = network.add_node(options.node, od.dictionary(options.node, (1,)))
    lossy = Lossy(node.sdo)
    network.unsubscribe(node.sdo.tx_cobid)
    network.subscribe(node.sdo.tx_cobid, node.sdo.on_response)
    node.sdo.RESPONSE_TIMEOUT = 10.0  # two loaded cores
    BlockUploadStream.blksize = 64  # what a pseudo-terminal holds, whoever waits for a processor
    results = []
    try:
        for crc in (True, False):
            for size in SIZES:
                lossy.lose()
                write(node.sdo, options.index, content(size), crc)
                back = read(node.sdo, options.index, crc)
                results.append(show("both ways", back == content(size), size=size, crc=crc))
        lossy.lose(sent=20)  # the request, then segments
        write(node.sdo, options.index, content(10_000), True)
        back = read(node.sdo, options.index, True)
        results.append(show("a segment lost on the way down", back == content(10_000)))
        lossy.lose(heard=20)
        back = read(node.sdo, options.index, True)
        results.append(show("a segment lost on the way up", back == content(10_000)))
        try:
            read(node.sdo, 0x5000, True)
            refused = None
        except canopen.SdoAbortedError as error:
            refused = error.code
        results.append(show("what is not there", refused == 0x06020000, code=hex(refused or 0)))
    finally:
        network.disconnect()
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
