"""candump logs by python-can; none of this project's code.

    can_log.py read FILE           prints one JSON array: every frame of the log
    can_log.py write FILE SEED     writes a log of random frames
"""

import json
import random
import sys

import can


def row(message):
    return {
        "us": round(message.timestamp * 1e6),
        "channel": str(message.channel),
        "id": message.arbitration_id,
        "extended": message.is_extended_id,
        "remote": message.is_remote_frame,
        "error": message.is_error_frame,
        "fd": message.is_fd,
        "brs": message.bitrate_switch,
        "sent": not message.is_rx,
        "len": message.dlc,
        "data": bytes(message.data).hex(),
    }


def frames(seed):
    random.seed(seed)
    at = 1_436_509_052_000_000
    for _ in range(300):
        at += random.randrange(1, 5_000_000)
        extended, fd = random.random() < 0.4, random.random() < 0.3
        remote = not fd and random.random() < 0.2
        length = random.choice([0, 1, 7, 8, 12, 20, 64] if fd else list(range(9)))
        yield can.Message(
            timestamp=at / 1e6,
            channel=random.choice(["can0", "vcan1"]),
            arbitration_id=random.randrange(1 << (29 if extended else 11)),
            is_extended_id=extended,
            is_remote_frame=remote,
            is_fd=fd,
            bitrate_switch=fd and random.random() < 0.5,
            is_rx=random.random() < 0.7,
            dlc=length,
            data=None if remote else random.randbytes(length),
        )


match sys.argv[1:]:
    case ["read", path]:
        print(json.dumps([row(message) for message in can.LogReader(path)]))
    case ["write", path, seed]:
        with can.CanutilsLogWriter(path) as log:
            for message in frames(int(seed)):
                log.on_message_received(message)
    case _:
        sys.exit(__doc__)
