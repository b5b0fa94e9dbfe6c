"""CiA 402 joints on one CAN bus: canopen.LocalNode (SDO server, NMT, heartbeat, EMCY, PDO maps) over
python-can's slcan on a serial port. The drive's state machine is driven by canopen's own State402 tables.

    canopen_device.py PORT [--nodes 6] [--first 1] [--torque]

Position in increments, velocity in increments per second; profile position, profile velocity, homing on
the spot (method 37) and cyclic synchronous position, with set-points that take effect at SYNC; with
--torque also profile and cyclic synchronous torque, against a friction of 200 thousandths. A joint stops itself when the host
whose heartbeat it was told to watch (1016h) falls silent. Commands on stdin, N a node number:

    emcy N CODE [REGISTER]   the joint reports an error (0x2310 ...), decelerates and stays in FAULT
    silence N                the joint's cable is cut: nothing in, nothing out; the joint itself lives on
    speak N                  the cable is back
    restart N                power cycle: boot-up message, PRE-OPERATIONAL, everything set is forgotten
    state                    prints one line `STATE <json>` with what each joint truly does
"""

import argparse
import json
import math
import threading
import time

import can
import canopen
from canopen.profiles.p402 import State402

import cia402
from peer import ending, listen, log, ready, say

STEP_S = 0.005
COMMUNICATION_ERROR, HEARTBEAT_LOST = 0x10, 0x8130
NEW_SETPOINT, IMMEDIATE, RELATIVE, FAULT_RESET, HALT = 1 << 4, 1 << 5, 1 << 6, 1 << 7, 1 << 8
VOLTAGE, REMOTE, REACHED, ACKNOWLEDGED = 1 << 4, 1 << 9, 1 << 10, 1 << 12
#: Of a joint in the modes of torque: thousandths of the rated one, and increments/s² of one of them.
FRICTION, LIVELINESS = 200, 30
TORQUES = (cia402.PROFILE_TORQUE_MODE, cia402.CYCLIC_TORQUE_MODE)
TRANSITIONS = {(start, code): end for (start, end), code in State402.TRANSITIONTABLE.items()}


def asked(controlword):
    """Which of State402's commands a controlword is (CiA 402, command coding), fault reset apart."""
    if not controlword & 0b0010:
        return State402.CW_DISABLE_VOLTAGE
    if not controlword & 0b0100:
        return State402.CW_QUICK_STOP
    if not controlword & 0b0001:
        return State402.CW_SHUTDOWN
    return State402.CW_OPERATION_ENABLED if controlword & 0b1000 else State402.CW_SWITCH_ON


class Axis:
    """Where the joint is and how it moves: a trapezoidal profile, and a ramp to rest."""

    def __init__(self):
        self.position = self.velocity = 0.0
        self.goal = None  # of the profile, None while nothing is to be reached
        self.ramp = None  # deceleration while stopping
        self.turns = None  # a speed to take up and keep
        self.point = None  # of somebody else's path, and the seconds left until it
        self.torque = self.exert = None  # thousandths that are exerted and to be, and those a second

    def step(self, seconds, speed, acceleration, deceleration):
        if self.ramp is not None:
            change = min(abs(self.velocity), self.ramp * seconds)
            self.velocity -= math.copysign(change, self.velocity)
            if self.velocity == 0:
                self.ramp = None
        elif self.exert is not None:
            self.push(seconds)
        elif self.turns is not None:
            limit = acceleration * seconds
            self.velocity += max(-limit, min(limit, self.turns - self.velocity))
        elif self.point is not None:
            goal, left = self.point
            self.velocity = (goal - self.position) / max(left, seconds)
            self.point = (goal, left - seconds)
        elif self.goal is not None:
            distance = self.goal - self.position
            top = min(speed, math.sqrt(2 * deceleration * abs(distance)))
            wanted = math.copysign(top, distance)
            change = wanted - self.velocity
            limit = (acceleration if abs(wanted) > abs(self.velocity) else 4 * deceleration) * seconds
            self.velocity += max(-limit, min(limit, change))
            if abs(distance) <= max(1.0, abs(self.velocity) * seconds):
                self.position, self.velocity = self.goal, 0.0
        self.position += self.velocity * seconds

    def push(self, seconds):
        """Friction holds the joint, and brakes it when it turns."""
        wanted, slope = self.exert
        change = wanted - self.torque
        limit = abs(change) if slope is None else slope * seconds
        self.torque += max(-limit, min(limit, change))
        if self.velocity == 0 and abs(self.torque) <= FRICTION:
            return
        direction = self.velocity or self.torque
        before = self.velocity
        self.velocity += (self.torque - math.copysign(FRICTION, direction)) * LIVELINESS * seconds
        if before * self.velocity < 0:
            self.velocity = 0.0

    def at_goal(self):
        return self.goal is None or self.position == self.goal


class Joint:
    def __init__(self, network, number, modes):
        self.network, self.number, self.modes = network, number, modes
        self.lock = threading.RLock()
        self.axis = Axis()
        self.cut = False
        self.node = None
        self.boot()

    def boot(self):
        """Power on: a new LocalNode that remembers nothing."""
        with self.lock:
            self.start_anew()

    def start_anew(self):
        if self.node is not None:
            self.node.nmt.stop_heartbeat()
        self.node = self.network.create_node(self.number, cia402.dictionary(self.number, modes=self.modes))
        self.node.add_read_callback(self.on_read)
        self.node.add_write_callback(self.on_write)
        self.state = "NOT READY TO SWITCH ON"
        self.controlword = self.mode = self.error = self.register = 0
        self.acknowledged = False
        self.queued = None
        self.host_seen = None
        self.pdos_changed = True
        self.sent, self.syncs, self.last_status = {}, {}, None
        self.waiting, self.homed, self.points = [], False, 0
        self.let_go()
        self.node.nmt.state = "INITIALISING"  # sends the boot-up message
        self.node.nmt.state = "PRE-OPERATIONAL"  # starts the heartbeat
        self.enter("SWITCH ON DISABLED")  # transition 1, automatic

    def number_at(self, index, subindex=0):
        entry = self.node.object_dictionary[index]
        entry = entry if isinstance(entry, canopen.objectdictionary.ODVariable) else entry[subindex]
        return entry.decode_raw(self.node.get_data(index, subindex))

    def let_go(self):
        self.axis.goal = self.axis.turns = self.axis.point = self.queued = None
        self.axis.torque = self.axis.exert = None

    # What others read.

    def statusword(self):
        if self.mode == cia402.HOMING_MODE:
            return self.bits() | (REACHED | ACKNOWLEDGED if self.homed else REACHED)
        if self.mode == cia402.PROFILE_VELOCITY_MODE:
            off = self.axis.velocity - self.number_at(cia402.TARGET_VELOCITY)
            zero = ACKNOWLEDGED if self.axis.velocity == 0 else 0
            return self.bits() | (REACHED if abs(off) < 1 else 0) | zero
        if self.mode == cia402.PROFILE_TORQUE_MODE:
            there = self.axis.torque == self.number_at(cia402.TARGET_TORQUE)
            return self.bits() | (REACHED if there else 0)
        if self.mode in (cia402.CYCLIC_POSITION_MODE, cia402.CYCLIC_TORQUE_MODE):
            return self.bits() | (ACKNOWLEDGED if self.state == "OPERATION ENABLED" else 0)
        return self.in_profile_position()

    def bits(self):
        return State402.SW_MASK[self.state][1] | VOLTAGE | REMOTE

    def in_profile_position(self):
        word = self.bits()
        halted = self.controlword & HALT
        rests = self.axis.velocity == 0
        if rests and (halted or (self.axis.at_goal() and self.queued is None)):
            word |= REACHED
        return word | (ACKNOWLEDGED if self.acknowledged else 0)

    def live(self, index):
        match index:
            case cia402.STATUSWORD:
                return self.statusword()
            case cia402.MODE_DISPLAY:
                return self.mode
            case cia402.POSITION:
                return round(self.axis.position)
            case cia402.VELOCITY:
                return round(self.axis.velocity)
            case cia402.TORQUE if self.mode in TORQUES:
                return round(self.axis.torque or 0)
            case cia402.TORQUE:
                return 300 if self.axis.velocity else 20
            case cia402.CURRENT:
                return 280 if self.axis.velocity else 15
            case cia402.ERROR_CODE:
                return self.error
            case cia402.ERROR_REGISTER:
                return self.register
        return None

    def on_read(self, index, subindex, od):  # canopen names the argument
        return self.live(index)

    # What others write.

    def on_write(self, index, subindex, od, data):
        with self.lock:
            if index == cia402.CONTROLWORD:
                self.command(od.decode_raw(data))
            elif index == cia402.MODE:
                self.set_mode(od.decode_raw(data))
            elif index == cia402.TARGET_VELOCITY:
                self.take_speed(od.decode_raw(data))
            elif index == cia402.TARGET_TORQUE:
                self.take_torque(od.decode_raw(data))
            elif 0x1400 <= index < 0x1C00:
                self.pdos_changed = True
            elif index == cia402.CONSUMER_HEARTBEAT:
                self.host_seen = None

    def set_mode(self, mode):
        if mode > 0 and self.modes >> (mode - 1) & 1 and mode != self.mode:
            log(f"joint {self.number}: mode {self.mode} -> {mode}")
            self.mode, self.homed = mode, False
            self.let_go()
            self.take_speed(self.number_at(cia402.TARGET_VELOCITY))
            self.take_torque(self.number_at(cia402.TARGET_TORQUE))

    def take_torque(self, permille):
        if self.mode in TORQUES and self.state == "OPERATION ENABLED":
            profile = self.mode == cia402.PROFILE_TORQUE_MODE
            self.axis.torque = self.axis.torque or 0.0
            self.axis.exert = (float(permille), self.number_at(cia402.TORQUE_SLOPE) if profile else None)

    def take_speed(self, speed):
        if self.mode == cia402.PROFILE_VELOCITY_MODE and self.state == "OPERATION ENABLED":
            self.axis.turns = float(speed)

    def command(self, word):
        before, self.controlword = self.controlword, word
        code = asked(word)
        if self.state == "FAULT" and word & FAULT_RESET and not before & FAULT_RESET:
            code = State402.CW_SWITCH_ON_DISABLED
            self.error = self.register = 0
            self.node.emcy.reset(data=bytes(5))
        if code == State402.CW_OPERATION_ENABLED and self.state == "READY TO SWITCH ON":
            self.enter("SWITCHED ON")  # CiA 402 allows transitions 3 and 4 in one command
        if code == State402.CW_QUICK_STOP and (self.state, code) not in TRANSITIONS:
            code = State402.CW_DISABLE_VOLTAGE  # transitions 7 and 10
        target = TRANSITIONS.get((self.state, code))
        if target and target != self.state:
            self.enter(target)
        if self.state == "OPERATION ENABLED" and self.mode == cia402.PROFILE_POSITION_MODE:
            self.setpoint(word, before)
        if self.state == "OPERATION ENABLED" and self.mode == cia402.HOMING_MODE:
            if word & NEW_SETPOINT and not before & NEW_SETPOINT and self.number_at(0x6098) == 37:
                self.axis.position, self.homed = 0.0, True  # here it is
        if not word & NEW_SETPOINT:
            self.acknowledged = self.queued is not None

    def setpoint(self, word, before):
        if word & HALT:
            self.axis.ramp = self.number_at(cia402.DECELERATION)
            return
        if before & HALT:
            self.axis.ramp = None
        if word & NEW_SETPOINT and not before & NEW_SETPOINT and not self.acknowledged:
            goal = self.number_at(cia402.TARGET_POSITION)
            if word & RELATIVE:
                goal += self.axis.position if self.axis.goal is None else self.axis.goal
            low, high = self.number_at(0x607D, 1), self.number_at(0x607D, 2)
            goal = min(max(goal, low), high)
            self.acknowledged = True
            if word & IMMEDIATE or self.axis.at_goal():
                self.axis.goal, self.queued = float(goal), None
            else:
                self.queued = float(goal)

    def enter(self, state):
        log(f"joint {self.number}: {self.state} -> {state}")
        self.state = state
        if state in ("QUICK STOP ACTIVE", "FAULT REACTION ACTIVE"):
            self.axis.ramp = self.number_at(cia402.QUICK_STOP_DECELERATION)
        elif state != "OPERATION ENABLED" and self.axis.velocity:
            self.axis.ramp = self.number_at(cia402.DECELERATION)
        if state != "OPERATION ENABLED":
            self.let_go()
        else:
            self.take_speed(self.number_at(cia402.TARGET_VELOCITY))
            self.take_torque(self.number_at(cia402.TARGET_TORQUE))

    def fail(self, code, register):
        with self.lock:
            self.error, self.register = code, register | 1
            self.enter("FAULT REACTION ACTIVE")
            if not self.cut:
                self.node.emcy.send(code, self.register, b"\0" * 5)

    # Time.

    def step(self, now, seconds):
        with self.lock:
            if self.node.nmt.state == "INITIALISING":  # NMT reset node or reset communication
                self.boot()
            if self.pdos_changed:
                self.read_pdos()
            self.axis.step(
                seconds,
                min(self.number_at(cia402.PROFILE_VELOCITY), self.number_at(0x607F)),
                self.number_at(cia402.ACCELERATION),
                self.number_at(cia402.DECELERATION),
            )
            rests = self.axis.velocity == 0
            if rests and self.state == "FAULT REACTION ACTIVE":
                self.enter("FAULT")
            if rests and self.state == "QUICK STOP ACTIVE" and self.number_at(cia402.QUICK_STOP_OPTION) < 5:
                self.enter("SWITCH ON DISABLED")
            if self.queued is not None and self.axis.at_goal():
                self.axis.goal, self.queued = self.queued, None
                self.acknowledged = bool(self.controlword & NEW_SETPOINT)
            self.watch_host(now)
            self.transmit_due(now)

    def watch_host(self, now):
        entry = self.number_at(cia402.CONSUMER_HEARTBEAT, 1)
        milliseconds = entry & 0xFFFF
        if not milliseconds or self.host_seen is None or now - self.host_seen < milliseconds / 1000:
            return
        log(f"joint {self.number}: no heartbeat from {entry >> 16 & 0x7F} for {now - self.host_seen:.3f} s")
        self.host_seen = None
        if self.state != "FAULT":
            self.fail(HEARTBEAT_LOST, COMMUNICATION_ERROR)

    def on_heartbeat(self, source):
        with self.lock:
            entry = self.number_at(cia402.CONSUMER_HEARTBEAT, 1)
            if not self.cut and entry >> 16 & 0x7F == source:
                self.host_seen = time.monotonic()

    # Process data, with canopen's PDO maps as codec.

    def read_pdos(self):
        self.pdos_changed = False
        self.node.rpdo.read()
        self.node.tpdo.read()
        for number in cia402.RPDOS:
            self.node.rpdo[number].callbacks = [self.on_rpdo]

    def on_rpdo(self, pdo):
        if not pdo.enabled or self.node.nmt.state != "OPERATIONAL":
            return
        with self.lock:
            # The controlword last: a new set-point in the same frame is meant by it.
            entries = sorted(pdo.map, key=lambda entry: entry.index == cia402.CONTROLWORD)
            values = [(entry.index, entry.subindex, bytes(entry.get_data())) for entry in entries]
            if pdo.trans_type <= 240:
                self.waiting += values
            else:
                self.put(values)

    def put(self, values):
        for index, subindex, data in values:
            self.node.set_data(index, subindex, data)

    def transmit_due(self, now):
        if self.cut or self.node.nmt.state != "OPERATIONAL":
            return
        status = self.statusword()
        changed, self.last_status = status != self.last_status, status
        for number in cia402.TPDOS:
            pdo = self.node.tpdo[number]
            if not pdo.enabled or pdo.trans_type < 254:
                continue
            elapsed = pdo.event_timer and now - self.sent.get(number, 0) >= pdo.event_timer / 1000
            event = changed and any(entry.index == cia402.STATUSWORD for entry in pdo.map)
            if elapsed or event:
                self.sent[number] = now
                self.transmit(pdo)

    def on_sync(self):
        with self.lock:
            if self.cut or self.pdos_changed or self.node.nmt.state != "OPERATIONAL":
                return
            waiting, self.waiting = self.waiting, []
            self.put(waiting)
            if self.mode == cia402.CYCLIC_POSITION_MODE and self.state == "OPERATION ENABLED":
                period = self.number_at(cia402.INTERPOLATION, 1) * 10.0 ** self.number_at(cia402.INTERPOLATION, 2)
                self.axis.point = (float(self.number_at(cia402.TARGET_POSITION)), period)
                self.points += 1
            for number in cia402.TPDOS:
                pdo = self.node.tpdo[number]
                if pdo.enabled and 1 <= pdo.trans_type <= 240:
                    self.syncs[number] = self.syncs.get(number, 0) + 1
                    if self.syncs[number] % pdo.trans_type == 0:
                        self.transmit(pdo)

    def transmit(self, pdo):
        for entry in pdo.map:
            entry.set_data(self.node.get_data(entry.index, entry.subindex))
        pdo.transmit()

    # The cable.

    def silence(self):
        with self.lock:
            self.cut = True
            self.node.nmt.stop_heartbeat()
            self.network.unsubscribe(self.node.sdo.rx_cobid, self.node.sdo.on_request)
            self.network.unsubscribe(0, self.node.nmt.on_command)

    def speak(self):
        with self.lock:
            self.cut = False
            self.network.subscribe(self.node.sdo.rx_cobid, self.node.sdo.on_request)
            self.network.subscribe(0, self.node.nmt.on_command)
            self.node.nmt.start_heartbeat(self.number_at(cia402.PRODUCER_HEARTBEAT))


def commands(joints):
    def command(words):
        match words:
            case ["emcy", number, code, *register]:
                joints[int(number)].fail(int(code, 0), int(*register or ["1"], 0))
            case ["silence", number]:
                joints[int(number)].silence()
            case ["speak", number]:
                joints[int(number)].speak()
            case ["restart", number]:
                joints[int(number)].boot()
            case ["state"]:
                seen = {
                    number: {
                        "position": joint.axis.position,
                        "velocity": joint.axis.velocity,
                        "state": joint.state,
                        "nmt": joint.node.nmt.state,
                        "error": joint.error,
                        "mode": joint.mode,
                        "torque": joint.axis.torque,
                        "points": joint.points,
                    }
                    for number, joint in joints.items()
                }
                say("STATE", json.dumps(seen))
            case _:
                raise ValueError("no such command")

    return command


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("port")
    arguments.add_argument("--nodes", type=int, default=6)
    arguments.add_argument("--first", type=int, default=1)
    arguments.add_argument("--torque", action="store_true")
    options = arguments.parse_args()
    network = canopen.Network()
    network.bus = can.ThreadSafeBus(options.port, interface="slcan", bitrate=1_000_000, sleep_after_open=0.05)
    network.connect()
    modes = cia402.TORQUE_MODES if options.torque else cia402.MODES
    joints = {n: Joint(network, n, modes) for n in range(options.first, options.first + options.nodes)}
    for host in range(1, 128):
        if host not in joints:
            network.subscribe(0x700 + host, lambda cob_id, *_: [j.on_heartbeat(cob_id - 0x700) for j in joints.values()])
    network.subscribe(0x80, lambda *_: [joint.on_sync() for joint in joints.values()])
    listen(commands(joints))
    ready(f"canopen nodes {list(joints)} on {options.port}")
    before = time.monotonic()
    while not ending.wait(STEP_S):
        now = time.monotonic()
        for joint in joints.values():
            joint.step(now, now - before)
        before = now
    network.disconnect()


if __name__ == "__main__":
    main()
