"""An Inspire RH56 hand on a serial port, framed by pyrh56's own codec (its headers, checksum, parser and
register map; none of ours).

    rh56_device.py PORT [--id 1] [--object ANGLE]

The hand has six degrees of freedom that follow ANGLE_SET at SPEED_SET, and stop at an object, if there
is one, where the force climbs to FORCE_SET. Commands on stdin:

    object ANGLE | object none    what the fingers (not the thumb's rotation) meet when they bend
    hot DOF                       over-temperature: error bit 1, 75 degC, the actuator gives up
    cool DOF                      the temperature falls; the error stays until CLEAR_ERROR
    reject N                      the next N writes are answered with result 0
    silence SECONDS               nothing is answered for so long
    noise                         some garbage goes out before the next answer
    corrupt N                     the next N answers carry a wrong checksum
    state                         prints one line `STATE <json>` with the true angles and forces
"""

import argparse
import json
import struct
import time

import serial
from rh56_sdk import protocol, registers
from rh56_sdk.constants import RH56_OPEN_FRAME
from rh56_sdk.exceptions import RH56Error

from peer import ending, listen, log, ready, say

RH56 = protocol.RH56Protocol
DOFS = range(6)
THUMB_ROTATION = 5
LEAVE = -1  # in ANGLE_SET and POS_SET: this degree of freedom is left as it is
STROKES_PER_S_AT_1000 = 1000 / 0.8  # angle counts per second at SPEED_SET 1000
GRAMS_PER_S = 2500.0
UNLOADED_GRAMS = -3  # an unloaded sensor reads a little below zero: FORCE_ACT is signed
WRITABLE = [
    (registers.REG_HAND_ID, 10),
    (registers.REG_CURRENT_LIMIT, 36),
    (registers.REG_POS_SET, 12),
    (registers.REG_ANGLE_SET, 12),
    (registers.REG_FORCE_SET, 12),
    (registers.REG_SPEED_SET, 12),
]


class Hand:
    def __init__(self, object_angle):
        self.memory = bytearray(4096)
        self.angle = [float(angle) for angle in RH56_OPEN_FRAME]
        self.goal = list(self.angle)
        self.force = [0.0] * 6
        self.temperature = [31.0 + dof for dof in DOFS]
        self.error = [0] * 6
        self.object_angle = object_angle
        self.put_u16(registers.REG_VOLTAGE, [24000])
        for first in (registers.REG_DEFAULT_SPEED_SET, registers.REG_SPEED_SET):
            self.put_u16(first, [1000] * 6)
        for first in (registers.REG_DEFAULT_FORCE_SET, registers.REG_FORCE_SET):
            self.put_u16(first, [500] * 6)
        self.put_u16(registers.REG_ANGLE_SET, [0xFFFF] * 6)
        self.put_u16(registers.REG_POS_SET, [0xFFFF] * 6)
        self.memory[registers.REG_HAND_ID] = 1
        self.publish()

    def put_u16(self, address, values):
        for i, value in enumerate(values):
            struct.pack_into("<H", self.memory, address + 2 * i, value & 0xFFFF)

    def get_i16(self, address):
        return protocol.parse_i16_le(bytes(self.memory[address : address + 12]))

    def write(self, address, data):
        """True when the hand takes it."""
        end = address + len(data)
        if not any(first <= address and end <= first + length for first, length in WRITABLE):
            return False
        self.memory[address:end] = data
        if registers.REG_ANGLE_SET <= address < registers.REG_ANGLE_SET + 12:
            for dof, angle in enumerate(self.get_i16(registers.REG_ANGLE_SET)):
                if angle != LEAVE:
                    self.goal[dof] = float(min(max(angle, 0), 1000))
        if registers.REG_POS_SET <= address < registers.REG_POS_SET + 12:
            for dof, stroke in enumerate(self.get_i16(registers.REG_POS_SET)):
                if stroke != LEAVE:
                    self.goal[dof] = 1000 - min(max(stroke, 0), 2000) / 2
        if address == registers.REG_CLEAR_ERROR and data[0] == 1:
            # Over-temperature is not clearable while the finger is hot.
            self.error = [bits & 0b10 if self.temperature[d] > 60 else 0 for d, bits in enumerate(self.error)]
        return True

    def step(self, seconds):
        speeds = self.get_i16(registers.REG_SPEED_SET)
        limits = self.get_i16(registers.REG_FORCE_SET)
        for dof in DOFS:
            if self.error[dof]:
                self.goal[dof] = self.angle[dof]
                self.force[dof] = 0.0
                continue
            travel = speeds[dof] / 1000 * STROKES_PER_S_AT_1000 * seconds
            stop = self.goal[dof]
            met = self.object_angle is not None and dof != THUMB_ROTATION
            if met and stop < self.object_angle <= self.angle[dof]:
                stop = self.object_angle
            distance = stop - self.angle[dof]
            self.angle[dof] += max(-travel, min(travel, distance))
            pressing = met and self.goal[dof] < self.angle[dof] <= self.object_angle
            climb = GRAMS_PER_S * seconds
            self.force[dof] = min(self.force[dof] + climb, limits[dof]) if pressing else 0.0
        self.publish()

    def status(self, dof):
        if self.error[dof]:
            return 7
        if self.force[dof] > 0 and self.force[dof] >= self.get_i16(registers.REG_FORCE_SET)[dof]:
            return 3
        left = self.goal[dof] - self.angle[dof]
        if abs(left) < 0.5:
            return 2
        return 0 if left > 0 else 1

    def publish(self):
        self.put_u16(registers.REG_ANGLE_ACT, [round(angle) for angle in self.angle])
        self.put_u16(registers.REG_POS_ACT, [round(2000 - 2 * angle) for angle in self.angle])
        self.put_u16(registers.REG_FORCE_ACT, [round(f) if f else UNLOADED_GRAMS for f in self.force])
        moving = [abs(goal - angle) >= 0.5 for goal, angle in zip(self.goal, self.angle)]
        self.put_u16(registers.REG_CURRENT, [250 if m else 20 for m in moving])
        for dof in DOFS:
            self.memory[registers.REG_ERROR + dof] = self.error[dof]
            self.memory[registers.REG_STATUS + dof] = self.status(dof)
            self.memory[registers.REG_TEMP + dof] = round(self.temperature[dof])


class Device:
    """The wire: requests in, answers out, faults when told."""

    def __init__(self, port, node, hand):
        self.port, self.node, self.hand = port, node, hand
        self.rejects = self.corrupts = 0
        self.silent_until = 0.0
        self.noise = False
        self.pending = bytearray()

    def command(self, words):
        match words:
            case ["object", "none"]:
                self.hand.object_angle = None
            case ["object", angle]:
                self.hand.object_angle = float(angle)
            case ["hot", dof]:
                self.hand.temperature[int(dof)] = 75.0
                self.hand.error[int(dof)] |= 0b10
            case ["cool", dof]:
                self.hand.temperature[int(dof)] = 40.0
            case ["reject", count]:
                self.rejects = int(count)
            case ["corrupt", count]:
                self.corrupts = int(count)
            case ["silence", seconds]:
                self.silent_until = time.monotonic() + float(seconds)
            case ["noise"]:
                self.noise = True
            case ["state"]:
                say("STATE", json.dumps({"angle": self.hand.angle, "force": self.hand.force, "error": self.hand.error}))
            case _:
                raise ValueError("no such command")

    def receive(self, data):
        self.pending += data
        while (frame := self.next_frame()) is not None:
            try:
                node, command, _ = protocol.parse_response(frame)  # checks the checksum of requests too
            except RH56Error as error:
                log("dropped", frame.hex(" "), error)
                continue
            if node == self.node:
                self.answer(command, frame[5] | frame[6] << 8, bytes(frame[7:-1]))

    def next_frame(self):
        start = self.pending.find(RH56.HEADER_REQ)
        if start < 0:
            del self.pending[: max(0, len(self.pending) - 1)]
            return None
        del self.pending[:start]
        if len(self.pending) < 4 or len(self.pending) < self.pending[3] + 5:
            return None
        length = self.pending[3] + 5
        frame = bytes(self.pending[:length])
        del self.pending[:length]
        return frame if length >= 9 else None

    def answer(self, command, address, data):
        where = address.to_bytes(2, "little")
        if command == RH56.CMD_READ:
            body = where + bytes(self.hand.memory[address : address + data[0]])
        elif command == RH56.CMD_WRITE:
            taken = self.rejects == 0 and self.hand.write(address, data)
            self.rejects = max(0, self.rejects - 1)
            body = where + bytes([1 if taken else 0])
        else:
            return
        inner = bytes([self.node, len(body) + 1, command]) + body
        frame = RH56.HEADER_RESP + inner + bytes([RH56.checksum(inner)])
        if command == RH56.CMD_READ:
            RH56.parse_read_response(frame, self.node, address, data[0])  # what a third party would accept
        if self.corrupts:
            self.corrupts -= 1
            frame = frame[:-1] + bytes([frame[-1] ^ 0x55])
        if time.monotonic() < self.silent_until:
            log("silent", frame.hex(" "))
            return
        if self.noise:
            self.noise = False
            frame = bytes([0x00, 0x90, 0xEB, 0x90, 0xFF]) + frame
        self.port.write(frame)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("port")
    arguments.add_argument("--id", type=int, default=1)
    arguments.add_argument("--object", type=float, default=None)
    options = arguments.parse_args()
    port = serial.Serial(options.port, 115200, timeout=0.005)
    hand = Hand(options.object)
    device = Device(port, options.id, hand)
    listen(device.command)
    ready(f"rh56 id {options.id} on {options.port}")
    before = time.monotonic()
    while not ending.is_set():
        data = port.read(1)
        if data:
            data += port.read(port.in_waiting)
        now = time.monotonic()
        if now - before >= 0.005:
            hand.step(now - before)
            before = now
        if data:
            device.receive(data)


if __name__ == "__main__":
    main()
