"""A PSYONIC Ability Hand on a serial port, in the maker's own words: ability_hand unstuffs and checks what
comes (`PPPUnstuff`, `compute_chksum`, `bytes_to_pos`) and encodes what goes (`GeneratedPacket`). None of the
protocol is ours.

    psyonic_device.py PORT [--object DEGREES]

Six joints that go where they are told at some 400 degrees a second and stop at an object, where their current
climbs. API mode ends 300 ms after the last sound frame. Commands on stdin:

    object DEGREES | object none   what fingers (not the rotator) meet when they close
    silence SECONDS                nothing is answered for so long
    corrupt N                      the next N answers carry a wrong byte
    state                          prints one line `STATE <json>`: positions, API mode, how often it was left
"""

import argparse
import json
import os
import tempfile
import time

os.chdir(tempfile.mkdtemp())  # the package writes its configuration and log where it is imported

import serial
from ah_wrapper.functions import bytes_to_pos, compute_chksum
from ah_wrapper.ppp_stuffing import PPPUnstuff
from ah_wrapper.sim_functions import GeneratedPacket

from peer import ending, listen, ready, say

ADDRESS = 0x50
ROTATOR = 5
DEG_PER_S = 400.0
WATCHDOG_S = 0.3
READ_MODE, POSITION_MODE = 3, 0  # of GeneratedPacket
VARIANT_3 = 2  # positions, currents, velocities: the one that GeneratedPacket makes whole
HELD_A, MOVING_A = 1.6, 0.1


class Hand:
    def __init__(self, object_at):
        self.position = [0.0] * 6
        self.target = [0.0] * 6
        self.object_at = object_at
        self.api_mode, self.left, self.heard = False, 0, time.monotonic()
        self.positions_taken = 0

    def step(self, seconds, now):
        if self.api_mode and now - self.heard > WATCHDOG_S:
            self.api_mode = False
            self.left += 1
            self.target = list(self.position)  # its normal mode: it stands
        for joint, target in enumerate(self.target):
            move = max(-DEG_PER_S * seconds, min(DEG_PER_S * seconds, target - self.position[joint]))
            self.position[joint] += move
            if self.object_at is not None and joint != ROTATOR:
                self.position[joint] = min(self.position[joint], self.object_at)

    def currents(self):
        def current(joint):
            left = self.target[joint] - self.position[joint]
            held = self.object_at is not None and self.position[joint] >= self.object_at and left > 1
            return HELD_A if held else MOVING_A if abs(left) > 0.5 else 0.0

        return [current(joint) for joint in range(6)]


class Device:
    def __init__(self, port, hand):
        self.port, self.hand = port, hand
        self.unstuffer = PPPUnstuff()
        self.silent_until, self.corrupts = 0.0, 0

    def command(self, words):
        match words:
            case ["object", "none"]:
                self.hand.object_at = None
            case ["object", degrees]:
                self.hand.object_at = float(degrees)
            case ["silence", seconds]:
                self.silent_until = time.monotonic() + float(seconds)
            case ["corrupt", count]:
                self.corrupts = int(count)
            case ["state"]:
                hand = self.hand
                state = {"position": hand.position, "api_mode": hand.api_mode, "left": hand.left}
                say("STATE", json.dumps(state | {"positions_taken": hand.positions_taken}))
            case _:
                raise ValueError("no such command")

    def receive(self, data):
        for byte in data:
            frame = self.unstuffer.unstuff_byte(byte)
            if frame and compute_chksum(frame[:-1]) == frame[-1] and frame[0] == ADDRESS:
                self.hand.heard = time.monotonic()
                self.obey(frame[1], bytes(frame[2:-1]))

    def obey(self, header, payload):
        hand = self.hand
        if header & 0xF0 == 0x10 and len(payload) == 12:
            hand.api_mode = True
            hand.positions_taken += 1
            hand.target = [bytes_to_pos(payload[2 * i : 2 * i + 2]) for i in range(6)]
            self.answer(POSITION_MODE)
        elif header & 0xF0 == 0xA0:
            self.answer(READ_MODE)
        elif header == 0x7C:
            hand.api_mode = False
        # registers: the package has no encoder for their answer, so this hand does not answer

    def answer(self, mode):
        hand = self.hand
        packet = GeneratedPacket(
            pos=hand.position, cur=hand.currents(), vel=[0] * 6, reply_mode=VARIANT_3, mode=mode
        ).packet
        if time.monotonic() < self.silent_until:
            return
        if self.corrupts:
            self.corrupts -= 1
            packet[5] ^= 0x01
        self.port.write(bytes(packet))


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("port")
    arguments.add_argument("--object", type=float, default=None)
    options = arguments.parse_args()
    port = serial.Serial(options.port, 460800, timeout=0.005)
    hand = Hand(options.object)
    device = Device(port, hand)
    listen(device.command)
    ready(f"ability hand on {options.port}")
    before = time.monotonic()
    while not ending.is_set():
        data = port.read(1)
        if data:
            data += port.read(port.in_waiting)
        now = time.monotonic()
        hand.step(now - before, now)
        before = now
        if data:
            device.receive(data)


if __name__ == "__main__":
    main()
