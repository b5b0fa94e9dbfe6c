"""python-can's slcan bus at one end of a line, beside which this project's is measured.

    python_can.py receive|send PORT FRAMES

Prints the seconds from the first frame to the last.
"""

import sys
import time

import can


def main():
    way, port, frames = sys.argv[1], sys.argv[2], int(sys.argv[3])
    frame = can.Message(arbitration_id=0x1ABCDEF0, is_extended_id=True, data=[1, 2, 3, 4, 5, 6, 7, 8])
    with can.Bus(port, interface="slcan", bitrate=1_000_000, sleep_after_open=0.1) as bus:
        if way == "receive":
            assert bus.recv(10.0) is not None
            began = time.monotonic()
            for _ in range(1, frames):
                assert bus.recv(10.0) is not None
        else:
            began = time.monotonic()
            for _ in range(frames):
                bus.send(frame)
        print(time.monotonic() - began)


if __name__ == "__main__":
    main()
