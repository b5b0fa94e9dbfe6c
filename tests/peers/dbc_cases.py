"""Cases for a decoder of DBC files, made and decoded by cantools; none of this project's code.

    dbc_cases.py SEED

A database with messages of every shape (little and big endian, signed, floats, multiplexed, 29-bit
identifiers, CAN FD), written by cantools as a DBC file, and random payloads with the values that cantools
gives them. Prints one JSON object: {"dbc": text, "frames": [{"id", "extended", "data", "values"}]}.
"""

import json
import random
import sys

import cantools
from cantools.database import conversion
from cantools.database.can import Database, Message, Signal

random.seed(int(sys.argv[1]))
MESSAGES, FRAMES = 40, 12


def scaling(is_float):
    factor = random.choice([1, 0.5, 0.001, -0.25, 10, 0.1, 1.5e-3])
    offset = random.choice([0, 0, -40, 12.5, 1000])
    return conversion.BaseConversion.factory(scale=factor, offset=offset, is_float=is_float)


def big_endian_start(at):
    """Bit `at` counted from the top of the first byte, in the numbering of a DBC file."""
    return 8 * (at // 8) + 7 - at % 8


def signals(bits):
    """Signals side by side, each in one byte order, with gaps."""
    at, made = 0, []
    while True:
        at += random.choice([0, 0, 0, 1, 3])
        is_float = at % 8 == 0 and random.random() < 0.2
        length = random.choice([32, 64]) if is_float else random.randint(1, 40)
        if at + length > bits:
            return made
        made.append((at, length, is_float))
        at += length


def message(number):
    extended = random.random() < 0.3
    length = random.choice([1, 2, 5, 8, 8, 8, 12, 64])
    order = random.choice(["little_endian", "big_endian"])
    multiplexed = length >= 2 and random.random() < 0.3
    made = []

    def signal(name, at, bits, is_float=False, ids=None, selector=False):
        made.append(Signal(
            name,
            start=at if order == "little_endian" else big_endian_start(at),
            length=bits,
            byte_order=order,
            is_signed=not selector and not is_float and random.random() < 0.5,
            conversion=conversion.BaseConversion.factory() if selector else scaling(is_float),
            unit=random.choice(["N", "°C", "", "rpm"]),
            is_multiplexer=selector,
            multiplexer_ids=ids,
            multiplexer_signal="Page" if ids else None,
        ))

    if multiplexed:
        signal("Page", 0, 2, selector=True)
        for page in range(3):
            for n, (at, bits, is_float) in enumerate(signals(8 * length - 8) or [(0, 8, False)]):
                signal(f"P{page}_{n}", at + 8, bits, is_float, [page])
    else:
        for n, (at, bits, is_float) in enumerate(signals(8 * length)):
            signal(f"S{n}", at, bits, is_float)
    if not made:
        signal("S0", 0, 8)
    frame_id = 0x100 + number if not extended else 0x18FE0000 + number
    return Message(frame_id, f"M{number}", length, made, is_extended_frame=extended, is_fd=length > 8)


database = Database([message(number) for number in range(MESSAGES)], version="1.0")
text = database.as_dbc_string()
again = cantools.database.load_string(text, "dbc")

frames = []
for known in again.messages:
    for _ in range(FRAMES):
        data = bytearray(random.randbytes(known.length))
        if known.is_multiplexed():
            page = random.choice(sorted({page for signal in known.signals for page in signal.multiplexer_ids or []}))
            first = data[0]
            little = known.signals[0].byte_order == "little_endian"
            data[0] = (first & 0xFC | page) if little else (first & 0x3F | page << 6)
        values = known.decode(bytes(data), decode_choices=False)
        frames.append({
            "id": known.frame_id,
            "extended": known.is_extended_frame,
            "data": data.hex(),
            # a number that JSON does not have is written as a word
            "values": {name: value if value == value and abs(value) != float("inf") else str(value)
                       for name, value in values.items()},
        })
print(json.dumps({"dbc": text, "frames": frames}))
