"""python-can's slcan bus against a CAN adapter's far end that sends every frame back.

    can_host.py PORT [--fd]

Sends standard, extended and remote frames of every length (with --fd also CAN FD frames, with and
without bit-rate switch), expects each back unchanged. Prints one JSON line a frame; exit code 0 only
when all came back.
"""

import argparse
import json
import sys
import time

import can


def frames(fd):
    for length in range(9):
        data = bytes(range(0xA0, 0xA0 + length))
        yield can.Message(arbitration_id=0x7FF - length, is_extended_id=False, data=data)
        yield can.Message(arbitration_id=0x1FFFFFFF - length, is_extended_id=True, data=data)
    yield can.Message(arbitration_id=0x000, is_extended_id=False, data=b"")
    yield can.Message(arbitration_id=0x123, is_extended_id=False, is_remote_frame=True, dlc=4)
    yield can.Message(arbitration_id=0x00000123, is_extended_id=True, is_remote_frame=True, dlc=8)
    if fd:
        for length in (0, 8, 12, 16, 20, 24, 32, 48, 64):
            data = bytes(range(length))
            for extended in (False, True):
                for switched in (False, True):
                    yield can.Message(arbitration_id=0x2A5, is_extended_id=extended, is_fd=True, bitrate_switch=switched, data=data)


def same(sent, got):
    return got is not None and sent.equals(got, timestamp_delta=None, check_channel=False, check_direction=False)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("port")
    arguments.add_argument("--fd", action="store_true")
    options = arguments.parse_args()
    ok = True
    began = time.monotonic()
    with can.Bus(options.port, interface="slcan", bitrate=1_000_000, sleep_after_open=0.1) as bus:
        count = 0
        for sent in frames(options.fd):
            bus.send(sent)
            got = bus.recv(5.0)
            right = same(sent, got)
            ok, count = ok and right, count + 1
            print(json.dumps({"sent": str(sent).strip(), "ok": right, "got": str(got).strip()}), flush=True)
        extra = bus.recv(0.2)
    print(json.dumps({"step": "all", "ok": ok and extra is None, "frames": count, "seconds": round(time.monotonic() - began, 3)}), flush=True)
    sys.exit(0 if ok and extra is None else 1)


if __name__ == "__main__":
    main()
