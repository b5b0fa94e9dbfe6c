"""python-can's slcan bus as the far end of a CAN adapter's cable: every frame comes back as it was.

    can_echo.py PORT

Commands on stdin: `send ID HEXDATA` (an ID of 8 digits is extended), `count` (prints `COUNT n`).
"""

import argparse

import can

from peer import ending, listen, ready, say


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("port")
    options = arguments.parse_args()
    count = 0
    with can.ThreadSafeBus(options.port, interface="slcan", bitrate=1_000_000, sleep_after_open=0.05) as bus:

        def command(words):
            match words:
                case ["send", identifier, *data]:
                    extended = len(identifier) == 8
                    bus.send(can.Message(arbitration_id=int(identifier, 16), is_extended_id=extended, data=bytes.fromhex("".join(data))))
                case ["count"]:
                    say("COUNT", count)
                case _:
                    raise ValueError("no such command")

        listen(command)
        ready(f"can echo on {options.port}")
        while not ending.is_set():
            frame = bus.recv(0.05)
            if frame is not None:
                count += 1
                bus.send(frame)


if __name__ == "__main__":
    main()
