"""canopen's own CiA 402 host (canopen.profiles.p402.BaseNode402) against a joint, over python-can's slcan.

    canopen_host.py PORT [--node 1] [--move 5000] [--far 100000] [--speed 20000] [--window 20] [--pdos 1]

Brings the joint up, moves it by MOVE increments in profile position, quick-stops it on its way FAR
further, recovers and moves it back. Prints one JSON line a step; exit code 0 only when the joint did as
CiA 402 says.
"""

import argparse
import json
import sys
import time

import can
import canopen
from canopen.profiles.p402 import BaseNode402, OperationMode, State402

import cia402 as od

HOST = 127
NEW_SETPOINT = State402.CW_OPERATION_ENABLED | 1 << 4 | 1 << 5
SETTLE_S = 20.0


def show(step, ok, **seen):
    print(json.dumps({"step": step, "ok": bool(ok), **seen}), flush=True)
    return bool(ok)


def until(condition, seconds=SETTLE_S):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return False


def joined(port, number, pdos):
    """A network, and the joint on it with these PDOs."""
    network = canopen.Network()
    network.bus = can.ThreadSafeBus(port, interface="slcan", bitrate=1_000_000, sleep_after_open=0.05)
    network.connect()
    node = BaseNode402(number, od.dictionary(number, pdos))
    network.add_node(node)
    node.sdo.RESPONSE_TIMEOUT = 2.0  # two loaded cores
    node.TIMEOUT_SWITCH_STATE_FINAL = node.TIMEOUT_SWITCH_STATE_SINGLE = 5.0
    node.TIMEOUT_CHECK_TPDO = 2.0
    node.TIMEOUT_SWITCH_OP_MODE = 5.0
    return network, node


def ended(host):
    """Runs every step; the exit code of all of them."""
    try:
        results = list(host.run())
    finally:
        host.network.disconnect()
    sys.exit(0 if all(results) else 1)


class Host:
    def __init__(self, options):
        self.options = options
        self.network, self.node = joined(options.port, options.node, range(1, options.pdos + 1))

    def position(self):
        return self.node.sdo[od.POSITION].raw

    def velocity(self):
        return self.node.sdo[od.VELOCITY].raw

    def start_move(self, goal):
        self.node.sdo[od.TARGET_POSITION].raw = goal
        self.node.controlword = NEW_SETPOINT
        acknowledged = until(lambda: self.node.sdo[od.STATUSWORD].raw & 1 << 12, 2.0)
        self.node.controlword = State402.CW_OPERATION_ENABLED
        return acknowledged and until(lambda: not self.node.sdo[od.STATUSWORD].raw & 1 << 12, 2.0)

    def reached(self, goal):
        there = until(lambda: self.node.sdo[od.STATUSWORD].raw & 1 << 10)
        return there and abs(self.position() - goal) <= self.options.window

    def run(self):
        node, options = self.node, self.options
        node.nmt.state = "PRE-OPERATIONAL"
        alive = node.nmt.wait_for_heartbeat(5.0)
        yield show("heartbeat", alive == "PRE-OPERATIONAL", nmt=alive, kind=hex(node.sdo[0x1000].raw))
        name = node.sdo[0x1008].raw
        yield show("identity", node.sdo[0x1018][1].raw > 0, name=name, serial=node.sdo[0x1018][4].raw)

        # The joint watches this host while it is up.
        self.network.send_periodic(0x700 + HOST, [5], 0.1)
        node.sdo[od.CONSUMER_HEARTBEAT][1].raw = HOST << 16 | 2000
        node.sdo[od.QUICK_STOP_OPTION].raw = 6  # stay in QUICK STOP ACTIVE
        node.sdo[od.PROFILE_VELOCITY].raw = options.speed
        node.setup_402_state_machine()
        node.nmt.state = "OPERATIONAL"
        until(lambda: od.STATUSWORD in node.tpdo_values and node.statusword, 2.0)
        yield show("status", node.state != "UNKNOWN", state=node.state)

        node.state = "OPERATION ENABLED"
        node.op_mode = "PROFILED POSITION"
        display = node.sdo[od.MODE_DISPLAY].raw
        yield show("enabled", node.state == "OPERATION ENABLED" and display == OperationMode.PROFILED_POSITION, state=node.state)

        start = self.position()
        goal = start + options.move
        began = time.monotonic()
        taken = self.start_move(goal)
        moving = until(lambda: self.velocity() != 0, 2.0)
        arrived = self.reached(goal)
        seconds = time.monotonic() - began
        least = options.move / options.speed
        yield show("move", taken and moving and arrived and seconds > 0.5 * least, position=self.position(), goal=goal, seconds=round(seconds, 3))

        taken = self.start_move(goal + options.far)
        moving = until(lambda: self.velocity() > 0.5 * options.speed, 5.0)
        node.state = "QUICK STOP ACTIVE"
        rests = until(lambda: self.velocity() == 0, 5.0)
        here = self.position()
        time.sleep(0.3)
        stays = abs(self.position() - here) <= options.window
        short = abs(here - goal) < 0.9 * options.far
        yield show("quick-stop", taken and moving and rests and stays and short, state=node.state, position=here)

        node.state = "SWITCH ON DISABLED"
        node.state = "OPERATION ENABLED"
        taken = self.start_move(start)
        yield show("recover", taken and self.reached(start), state=node.state, position=self.position())

        node.state = "SWITCH ON DISABLED"
        yield show("disabled", node.state == "SWITCH ON DISABLED", state=node.state)
        yield show("quiet", not node.emcy.active, emcy=[str(e) for e in node.emcy.active])


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("port")
    arguments.add_argument("--node", type=int, default=1)
    arguments.add_argument("--move", type=int, default=5000)
    arguments.add_argument("--speed", type=int, default=20000)
    arguments.add_argument("--far", type=int, default=100_000)
    arguments.add_argument("--window", type=int, default=20)
    arguments.add_argument("--pdos", type=int, default=1)
    ended(Host(arguments.parse_args()))


if __name__ == "__main__":
    main()
