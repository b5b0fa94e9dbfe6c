"""Dynamixel X-series servos framed by dynamixel-sdk's own CRC and stuffing functions.

    dynamixel_device.py PORT [--ids 1 2 3]

The control table and the motion are written here; the SDK has only a host's side. A servo runs to its
goal at its profile velocity while its torque is on. Commands on stdin:

    sense ID CURRENT VELOCITY    what its sensors show instead of the truth
    heat ID BITS CELSIUS         hardware error status and temperature
    mute ID | speak ID           it does not answer, and answers again
    state                        prints one line `STATE <json>`: position, goal, torque, mode, profile
"""

import argparse
import json
import struct
import time

import serial
from dynamixel_sdk import Protocol2PacketHandler

from peer import ending, listen, ready, say

SDK = Protocol2PacketHandler()
HEADER = b"\xff\xff\xfd\x00"
COUNTS_PER_S = 0.229 / 60 * 4096
PING, READ, WRITE, STATUS, SYNC_READ, SYNC_WRITE = 0x01, 0x02, 0x03, 0x55, 0x82, 0x83


class Servo:
    def __init__(self, number):
        self.id = number
        self.table = bytearray(256)
        self.table[0:2] = struct.pack("<H", 1020)
        self.table[6:8] = bytes([48, number])
        self.table[11] = 3
        self.table[48:56] = struct.pack("<II", 4095, 0)
        self.table[144:147] = bytes([120, 0, 33])
        self.position, self.velocity = 2048.0, 0.0
        self.sensed = None
        self.muted = False
        self.last = time.monotonic()
        struct.pack_into("<I", self.table, 116, 2048)

    def run(self):
        now = time.monotonic()
        elapsed, self.last = now - self.last, now
        goal, profile = (struct.unpack_from("<I", self.table, at)[0] for at in (116, 112))
        step = (profile * COUNTS_PER_S if profile else 4096) * elapsed
        if self.table[64]:
            self.position += max(-step, min(step, goal - self.position))
        current, velocity = self.sensed or (5, 0)
        struct.pack_into("<hii", self.table, 126, current, velocity, round(self.position))

    def write(self, address, data):
        if address < 64 and self.table[64]:
            return 7  # what is kept is only written without torque
        self.table[address : address + len(data)] = data
        if address <= 64 < address + len(data):
            struct.pack_into("<I", self.table, 116, round(self.position))
        return 0


def packet(number, instruction, params):
    body = bytes([instruction]) + params
    frame = list(HEADER) + [number, *struct.pack("<H", len(body) + 2), *body, 0, 0]
    frame = SDK.addStuffing(frame)
    crc = SDK.updateCRC(0, frame, len(frame) - 2)
    frame[-2:] = struct.pack("<H", crc)
    return bytes(frame)


def packets(heard):
    """Whole packets without their stuffing, and the bytes that are left."""
    found = []
    while (start := heard.find(HEADER)) >= 0:
        heard = heard[start:]
        if len(heard) < 7 or len(heard) < 7 + (length := struct.unpack_from("<H", heard, 5)[0]):
            return found, heard
        frame, heard = heard[: 7 + length], heard[7 + length :]
        if SDK.updateCRC(0, frame, len(frame) - 2) == struct.unpack("<H", frame[-2:])[0]:
            plain = SDK.removeStuffing(list(frame))
            length = plain[5] | plain[6] << 8
            found.append((plain[4], plain[7], bytes(plain[8 : 7 + length - 2])))
    return found, heard[-3:]


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("port")
    arguments.add_argument("--ids", type=int, nargs="+", default=[1, 2, 3])
    options = arguments.parse_args()
    servos = {number: Servo(number) for number in options.ids}

    def command(words):
        match words:
            case ["sense", number, current, velocity]:
                servos[int(number)].sensed = int(current), int(velocity)
            case ["heat", number, bits, celsius]:
                table = servos[int(number)].table
                table[70], table[146] = int(bits), int(celsius)
            case [("mute" | "speak") as what, number]:
                servos[int(number)].muted = what == "mute"
            case ["state"]:
                state = {
                    servo.id: {
                        "position": round(servo.position), "torque": servo.table[64], "mode": servo.table[11],
                        "goal": struct.unpack_from("<i", servo.table, 116)[0],
                        "profile": struct.unpack_from("<I", servo.table, 112)[0],
                        "watchdog": servo.table[98],
                    }
                    for servo in servos.values()
                }
                say("STATE", json.dumps(state))
            case _:
                raise ValueError("no such command")

    def answer(servo, error, params=b""):
        return b"" if servo.muted else packet(servo.id, STATUS, bytes([error]) + params)

    def obey(number, instruction, params):
        if instruction == SYNC_READ:
            address, count = struct.unpack_from("<HH", params)
            asked = [servos[n] for n in params[4:] if n in servos]
            return b"".join(answer(servo, 0, bytes(servo.table[address : address + count])) for servo in asked)
        if instruction == SYNC_WRITE:
            address, count = struct.unpack_from("<HH", params)
            for at in range(4, len(params), count + 1):
                if params[at] in servos:
                    servos[params[at]].write(address, params[at + 1 : at + 1 + count])
            return b""
        servo = servos.get(number)
        if servo is None or instruction not in (PING, READ, WRITE):
            return b""
        if instruction == PING:
            return answer(servo, 0, bytes(servo.table[0:2]) + bytes([servo.table[6]]))
        address = struct.unpack_from("<H", params)[0]
        if instruction == WRITE:
            return answer(servo, servo.write(address, params[2:]))
        count = struct.unpack_from("<H", params, 2)[0]
        return answer(servo, 0, bytes(servo.table[address : address + count]))

    port = serial.Serial(options.port, 1000000, timeout=0.02)
    listen(command)
    ready(f"servos {options.ids} on {options.port}")
    heard = b""
    while not ending.is_set():
        heard += port.read(1) + port.read(port.in_waiting)
        for servo in servos.values():
            servo.run()
        found, heard = packets(heard)
        for number, instruction, params in found:
            port.write(obey(number, instruction, params))


if __name__ == "__main__":
    main()
