"""dynamixel-sdk's own host against Dynamixel servos on a serial port.

    dynamixel_host.py PORT [--ids 1 2 3]

Pings, reads one by one and all at once (group sync read), moves all at once (group sync write), and asks
for what is refused. One JSON line a step; exits with 1 when one was not as it should be.
"""

import argparse
import json
import sys
import time

from dynamixel_sdk import (
    COMM_SUCCESS, DXL_HIBYTE, DXL_HIWORD, DXL_LOBYTE, DXL_LOWORD, GroupBulkRead, GroupSyncRead, GroupSyncWrite,
    PacketHandler, PortHandler,
)

TORQUE, GOAL, PRESENT, MODE = 64, 116, 132, 11


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("port")
    arguments.add_argument("--ids", type=int, nargs="+", default=[1, 2, 3])
    options = arguments.parse_args()
    port, sdk = PortHandler(options.port), PacketHandler(2.0)
    port.openPort()
    port.setBaudRate(1000000)
    failed = False

    def step(name, good, **what):
        nonlocal failed
        failed |= not good
        print(json.dumps({"step": name, "ok": bool(good), **what}), flush=True)

    for number in options.ids:
        model, result, error = sdk.ping(port, number)
        step("ping", result == COMM_SUCCESS and error == 0 and model > 0, id=number, model=model)
        result, error = sdk.write1ByteTxRx(port, number, TORQUE, 1)
        step("torque", result == COMM_SUCCESS and error == 0, id=number)
        result, error = sdk.write1ByteTxRx(port, number, MODE, 3)
        step("refused", result == COMM_SUCCESS and error == 7, id=number, error=error)

    def sync_read():
        group = GroupSyncRead(port, sdk, 126, 10)
        for number in options.ids:
            group.addParam(number)
        result = group.txRxPacket()
        return result, [group.getData(number, PRESENT, 4) for number in options.ids]

    result, positions = sync_read()
    step("sync read", result == COMM_SUCCESS and positions == [2048] * len(options.ids), positions=positions)
    group = GroupSyncWrite(port, sdk, GOAL, 4)
    goals = [2048 + 300 * (n + 1) for n in range(len(options.ids))]
    for number, goal in zip(options.ids, goals):
        low, high = DXL_LOWORD(goal), DXL_HIWORD(goal)
        group.addParam(number, [DXL_LOBYTE(low), DXL_HIBYTE(low), DXL_LOBYTE(high), DXL_HIBYTE(high)])
    step("sync write", group.txPacket() == COMM_SUCCESS)
    end = time.monotonic() + 10
    while sync_read()[1] != goals and time.monotonic() < end:
        time.sleep(0.02)
    step("there", sync_read()[1] == goals, positions=sync_read()[1])
    bulk = GroupBulkRead(port, sdk)
    for number in options.ids:
        bulk.addParam(number, PRESENT, 4)
    result = bulk.txRxPacket()
    step("bulk read", result == COMM_SUCCESS and [bulk.getData(n, PRESENT, 4) for n in options.ids] == goals)
    result, error = sdk.write4ByteTxRx(port, options.ids[0], GOAL, 5000)
    step("beyond its limits", result == COMM_SUCCESS and error == 6, error=error)
    port.closePort()
    sys.exit(failed)


if __name__ == "__main__":
    main()
