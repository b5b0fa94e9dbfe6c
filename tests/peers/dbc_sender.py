"""A sender on a CAN bus: cantools encodes by a DBC file, python-can's slcan carries it over a serial port.

    dbc_sender.py PORT FILE MESSAGE

Sends the message every 20 ms. Commands on stdin: `set SIGNAL VALUE`, `quiet`, `loud`.
"""

import sys

import can
import cantools
import peer

port, file, name = sys.argv[1:]
message = cantools.database.load_file(file).get_message_by_name(name)
values = {signal.name: 0 for signal in message.signals}
state = {"loud": True}


def command(words):
    match words:
        case ["set", signal, value]:
            values[message.get_signal_by_name(signal).name] = float(value)
        case ["quiet" | "loud" as word]:
            state["loud"] = word == "loud"
        case ["state"]:
            peer.say("STATE", "{}")
        case _:
            raise ValueError(words)


with can.Bus(port, interface="slcan", bitrate=500_000, sleep_after_open=0.05) as bus:
    peer.listen(command)
    peer.ready(port)
    while not peer.ending.wait(0.02):
        if state["loud"]:
            data = message.encode(values, strict=False)
            bus.send(can.Message(arbitration_id=message.frame_id, is_extended_id=message.is_extended_frame, data=data))
