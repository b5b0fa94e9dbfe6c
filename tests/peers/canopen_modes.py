"""canopen's own CiA 402 host (canopen.profiles.p402.BaseNode402) takes a joint through its modes of
operation, over python-can's slcan.

    canopen_modes.py PORT [--node 1] [--per-deg 10000]

Homing on the spot and at the lower limit switch, profile velocity, profile torque, and the three cyclic
modes with a set-point in a receive PDO at each of this host's SYNCs. Prints one JSON line a step; exit
code 0 only when the joint did as CiA 402 says.
"""

import argparse
import time

import cia402 as od
from canopen_host import ended, joined, show, until

PERIOD_S = 0.02
TARGETS = {1: (od.TARGET_POSITION, 32), 2: (od.TARGET_VELOCITY, 32), 3: (0x6071, 16)}


class Host:
    def __init__(self, options):
        self.per_deg = options.per_deg
        self.network, self.node = joined(options.port, options.node, (1, 2, 3))

    def deg(self):
        return self.node.sdo[od.POSITION].raw / self.per_deg

    def deg_per_s(self):
        return self.node.sdo[od.VELOCITY].raw / self.per_deg

    def bit(self, number):
        return self.node.sdo[od.STATUSWORD].raw >> number & 1 == 1

    def map_targets(self):
        """Receive PDO 1 to 3: one target each, taken at SYNC, as canopen writes such a mapping."""
        for number, (index, _) in TARGETS.items():
            pdo = self.node.rpdo[number]
            pdo.read()
            pdo.clear()
            pdo.add_variable(index)
            pdo.trans_type, pdo.enabled = 1, True
            pdo.save()
        self.node.setup_402_state_machine()

    def cycle(self, number, values):
        """One set-point at every SYNC."""
        pdo = self.node.rpdo[number]
        due = time.monotonic()
        for value in values:
            pdo[0].raw = round(value)
            pdo.transmit()
            self.network.sync.transmit()
            due += PERIOD_S
            time.sleep(max(0.0, due - time.monotonic()))

    def run(self):
        node, per_deg = self.node, self.per_deg
        node.nmt.state = "PRE-OPERATIONAL"
        node.nmt.wait_for_heartbeat(5.0)
        self.map_targets()
        node.sdo[od.INTERPOLATION][1].raw, node.sdo[od.INTERPOLATION][2].raw = round(1000 * PERIOD_S), -3
        node.sdo[od.ACCELERATION].raw = node.sdo[od.DECELERATION].raw = 200 * per_deg
        node.nmt.state = "OPERATIONAL"
        until(lambda: node.statusword, 2.0)
        rated = node.sdo[0x6076].raw / 1000
        yield show("modes", node.sdo[0x6502].raw == 0x3AD and rated > 0, rated_nm=rated)

        node.sdo[0x6098].raw = 37
        homed = node.homing(timeout=10)
        yield show("homing on the spot", homed and abs(self.deg()) < 0.01, deg=self.deg())

        node.sdo[0x6098].raw = 17
        node.sdo[0x6099][1].raw, node.sdo[0x6099][2].raw = 40 * per_deg, 5 * per_deg
        homed = node.homing(timeout=30)
        until(lambda: self.deg_per_s() == 0)
        yield show("homing at the lower switch", homed and abs(self.deg()) < 0.5, deg=self.deg())

        node.op_mode = "PROFILED VELOCITY"
        node.sdo[od.TARGET_VELOCITY].raw = 15 * per_deg
        reached = until(lambda: self.bit(10)) and not self.bit(12)
        speed, before = self.deg_per_s(), self.deg()
        time.sleep(0.5)
        went = self.deg() - before
        node.sdo[od.TARGET_VELOCITY].raw = 0
        stopped = until(lambda: self.bit(12))
        yield show("profile velocity", reached and stopped and abs(speed - 15) < 1 and went > 5, speed=speed, went=went)

        node.op_mode = "PROFILED TORQUE"
        node.sdo[0x6087].raw = 500
        node.sdo[0x6071].raw = 40
        reached = until(lambda: self.bit(10))
        permille = node.sdo[od.TORQUE].raw
        node.sdo[0x6071].raw = 0
        released = until(lambda: node.sdo[od.TORQUE].raw == 0)
        yield show("profile torque", reached and released and abs(permille - 40) <= 5, permille=permille)

        until(lambda: self.deg_per_s() == 0)
        start = self.deg()
        node.op_mode = "CYCLIC SYNCHRONOUS POSITION"
        way = [(start + 0.2 * n) * per_deg for n in range(1, 101)]  # 20 deg at 10 deg/s
        began = time.monotonic()
        self.cycle(1, way)
        took = time.monotonic() - began
        there = until(lambda: abs(self.deg() - start - 20) < 0.1)
        yield show("cyclic position", there and self.bit(12) and not self.bit(13), deg=self.deg() - start, took=round(took, 3))

        node.op_mode = "CYCLIC SYNCHRONOUS VELOCITY"
        self.cycle(2, [min(20.0, 0.5 * n) * per_deg for n in range(100)])
        speed = self.deg_per_s()
        self.cycle(2, [max(0.0, 20.0 - 0.5 * n) * per_deg for n in range(60)])
        stopped = until(lambda: abs(self.deg_per_s()) < 0.1)
        yield show("cyclic velocity", stopped and abs(speed - 20) < 1, speed=speed)

        node.op_mode = "CYCLIC SYNCHRONOUS TORQUE"
        self.cycle(3, [min(40.0, n) for n in range(50)])
        permille = node.sdo[od.TORQUE].raw
        self.cycle(3, [0.0] * 5)
        released = until(lambda: node.sdo[od.TORQUE].raw == 0)
        yield show("cyclic torque", released and abs(permille - 40) <= 2, permille=permille)

        before = node.sdo[od.MODE_DISPLAY].raw
        node.sdo[od.MODE].raw = 2  # it has no such mode, and says so by its display
        time.sleep(0.1)
        yield show("a mode it does not have", node.sdo[od.MODE_DISPLAY].raw == before, mode=before)
        node.state = "SWITCH ON DISABLED"
        yield show("quiet", not node.emcy.active, emcy=[str(e) for e in node.emcy.active])


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("port")
    arguments.add_argument("--node", type=int, default=1)
    arguments.add_argument("--per-deg", type=int, default=10_000)
    ended(Host(arguments.parse_args()))


if __name__ == "__main__":
    main()
