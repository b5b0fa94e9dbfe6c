"""The object dictionary of a CiA 402 servo joint (CiA 301 communication part, modes 1, 3, 6 and
8, and 4 and 10 where they are asked for), as canopen's own objects: what canopen_device.py serves, and a host without an EDS file starts from."""

from canopen import ObjectDictionary
from canopen.objectdictionary import (
    INTEGER8,
    INTEGER16,
    INTEGER32,
    UNSIGNED8,
    UNSIGNED16,
    UNSIGNED32,
    VISIBLE_STRING,
    ODRecord,
    ODVariable,
)

CONTROLWORD, STATUSWORD = 0x6040, 0x6041
MODE, MODE_DISPLAY = 0x6060, 0x6061
POSITION, TARGET_POSITION = 0x6064, 0x607A
VELOCITY, TORQUE, CURRENT = 0x606C, 0x6077, 0x6078
PROFILE_VELOCITY, ACCELERATION, DECELERATION, QUICK_STOP_DECELERATION = 0x6081, 0x6083, 0x6084, 0x6085
QUICK_STOP_OPTION, ERROR_CODE, ERROR_REGISTER = 0x605A, 0x603F, 0x1001
PRODUCER_HEARTBEAT, CONSUMER_HEARTBEAT = 0x1017, 0x1016
PROFILE_POSITION_MODE, PROFILE_VELOCITY_MODE, HOMING_MODE, CYCLIC_POSITION_MODE = 1, 3, 6, 8
PROFILE_TORQUE_MODE, CYCLIC_TORQUE_MODE = 4, 10
TARGET_VELOCITY, INTERPOLATION = 0x60FF, 0x60C2
TARGET_TORQUE, TORQUE_SLOPE = 0x6071, 0x6087
#: What the joint of canopen_device.py does, as 6502h has it.
MODES = 1 << 0 | 1 << 2 | 1 << 5 | 1 << 7
#: With torque.
TORQUE_MODES = MODES | 1 << 3 | 1 << 9

VARIABLES = [
    # index, name, type, access, default
    (0x1000, "Device type", UNSIGNED32, "ro", 0x00020192),
    (ERROR_REGISTER, "Error register", UNSIGNED8, "ro", 0),
    (0x1005, "COB-ID SYNC", UNSIGNED32, "rw", 0x80),
    (0x1008, "Device name", VISIBLE_STRING, "const", "third-party joint"),
    (0x1009, "Hardware version", VISIBLE_STRING, "const", "A1"),
    (0x100A, "Software version", VISIBLE_STRING, "const", "canopen 2.4.1"),
    (PRODUCER_HEARTBEAT, "Producer heartbeat time", UNSIGNED16, "rw", 50),
    (ERROR_CODE, "Error code", UNSIGNED16, "ro", 0),
    (CONTROLWORD, "Controlword", UNSIGNED16, "rw", 0),
    (STATUSWORD, "Statusword", UNSIGNED16, "ro", 0),
    (QUICK_STOP_OPTION, "Quick stop option code", INTEGER16, "rw", 2),
    (0x605B, "Shutdown option code", INTEGER16, "rw", 0),
    (0x605C, "Disable operation option code", INTEGER16, "rw", 1),
    (0x605D, "Halt option code", INTEGER16, "rw", 1),
    (0x605E, "Fault reaction option code", INTEGER16, "rw", 2),
    (MODE, "Modes of operation", INTEGER8, "rw", 0),
    (MODE_DISPLAY, "Modes of operation display", INTEGER8, "ro", 0),
    (POSITION, "Position actual value", INTEGER32, "ro", 0),
    (0x6065, "Following error window", UNSIGNED32, "rw", 0xFFFFFFFF),
    (0x6067, "Position window", UNSIGNED32, "rw", 10),
    (0x6068, "Position window time", UNSIGNED16, "rw", 0),
    (VELOCITY, "Velocity actual value", INTEGER32, "ro", 0),
    (TARGET_TORQUE, "Target torque", INTEGER16, "rw", 0),
    (0x6072, "Max torque", UNSIGNED16, "rw", 1000),
    (0x6075, "Motor rated current", UNSIGNED32, "ro", 2000),
    (0x6076, "Motor rated torque", UNSIGNED32, "ro", 1270),
    (TORQUE, "Torque actual value", INTEGER16, "ro", 0),
    (CURRENT, "Current actual value", INTEGER16, "ro", 0),
    (TARGET_POSITION, "Target position", INTEGER32, "rw", 0),
    (0x607F, "Max profile velocity", UNSIGNED32, "rw", 1_000_000),
    (PROFILE_VELOCITY, "Profile velocity", UNSIGNED32, "rw", 20_000),
    (ACCELERATION, "Profile acceleration", UNSIGNED32, "rw", 100_000),
    (DECELERATION, "Profile deceleration", UNSIGNED32, "rw", 100_000),
    (QUICK_STOP_DECELERATION, "Quick stop deceleration", UNSIGNED32, "rw", 400_000),
    (0x60FD, "Digital inputs", UNSIGNED32, "ro", 0),
    (TORQUE_SLOPE, "Torque slope", UNSIGNED32, "rw", 1000),
    (0x6098, "Homing method", INTEGER8, "rw", 0),
    (0x609A, "Homing acceleration", UNSIGNED32, "rw", 100_000),
    (TARGET_VELOCITY, "Target velocity", INTEGER32, "rw", 0),
    (0x6502, "Supported drive modes", UNSIGNED32, "ro", MODES),
]

RECORDS = {
    # index: (name, [(name, type, access, default)]), subindexes from 1
    0x1018: (
        "Identity",
        [
            ("Vendor-ID", UNSIGNED32, "ro", 0x0000C0DE),
            ("Product code", UNSIGNED32, "ro", 402),
            ("Revision number", UNSIGNED32, "ro", 0x00010000),
            ("Serial number", UNSIGNED32, "ro", None),
        ],
    ),
    CONSUMER_HEARTBEAT: ("Consumer heartbeat time", [("Consumer 1", UNSIGNED32, "rw", 0)]),
    0x1029: ("Error behaviour", [("Communication error", UNSIGNED8, "rw", 0)]),
    0x607D: (
        "Software position limit",
        [("Min position limit", INTEGER32, "rw", -(2**31)), ("Max position limit", INTEGER32, "rw", 2**31 - 1)],
    ),
    0x6099: ("Homing speeds", [("Switch", UNSIGNED32, "rw", 10_000), ("Zero", UNSIGNED32, "rw", 1000)]),
    INTERPOLATION: ("Interpolation period", [("Value", UNSIGNED8, "rw", 10), ("Index", INTEGER8, "rw", -3)]),
    0x608F: ("Position encoder resolution", [("Increments", UNSIGNED32, "rw", 65536), ("Revolutions", UNSIGNED32, "rw", 1)]),
    0x6091: ("Gear ratio", [("Motor revolutions", UNSIGNED32, "rw", 1), ("Shaft revolutions", UNSIGNED32, "rw", 1)]),
    0x6092: ("Feed constant", [("Feed", UNSIGNED32, "rw", 65536), ("Shaft revolutions", UNSIGNED32, "rw", 1)]),
}

#: PDO number -> what is mapped by default, (index, bits); the first two of each kind are enabled.
RPDOS = {1: [(CONTROLWORD, 16)], 2: [(CONTROLWORD, 16), (TARGET_POSITION, 32)], 3: [], 4: []}
TPDOS = {
    1: [(STATUSWORD, 16), (POSITION, 32), (MODE_DISPLAY, 8)],
    2: [(VELOCITY, 32), (TORQUE, 16)],
    3: [],
    4: [],
}
ENABLED = (1, 2)
EVENT_TIMER_MS = 20


def variable(name, index, subindex, kind, access, default):
    made = ODVariable(name, index, subindex)
    made.data_type, made.access_type, made.default, made.pdo_mappable = kind, access, default, True
    return made


def record(dictionary, index, name, members, kind=ODRecord):
    made = kind(name, index)
    made.add_member(variable("Highest sub-index supported", index, 0, UNSIGNED8, "ro", max(s for s, *_ in members)))
    for subindex, member, data_type, access, default in members:
        made.add_member(variable(member, index, subindex, data_type, access, default))
    dictionary.add_object(made)


def pdo(dictionary, number, communication, mapping, cob_id, entries, transmitted):
    cob_id |= 0 if number in ENABLED else 1 << 31
    members = [(1, "COB-ID", UNSIGNED32, "rw", cob_id), (2, "Transmission type", UNSIGNED8, "rw", 255)]
    if transmitted:
        members += [(3, "Inhibit time", UNSIGNED16, "rw", 0), (5, "Event timer", UNSIGNED16, "rw", EVENT_TIMER_MS)]
    record(dictionary, communication + number - 1, f"PDO {number} communication", members)
    mapped = [(index << 16) | bits for index, bits in entries] + [0] * (8 - len(entries))
    made = ODRecord(f"PDO {number} mapping", mapping + number - 1)  # a record in CiA 301
    made.add_member(variable("Number of entries", made.index, 0, UNSIGNED8, "rw", len(entries)))
    for subindex, value in enumerate(mapped, 1):
        made.add_member(variable(f"Entry {subindex}", made.index, subindex, UNSIGNED32, "rw", value))
    dictionary.add_object(made)


def dictionary(node, pdos=(1, 2, 3, 4), modes=MODES):
    """The dictionary of one joint. A host may ask for fewer PDOs than the device has."""
    made = ObjectDictionary()
    made.node_id = node
    for index, name, kind, access, default in VARIABLES:
        default = modes if index == 0x6502 else default
        made.add_object(variable(name, index, 0, kind, access, default))
    for index, (name, members) in RECORDS.items():
        filled = [(s, n, kind, access, 1000 + node if default is None else default)
                  for s, (n, kind, access, default) in enumerate(members, 1)]
        record(made, index, name, filled)
    for number in pdos:
        pdo(made, number, 0x1400, 0x1600, 0x100 * (number + 1) + node, RPDOS[number], False)
        pdo(made, number, 0x1800, 0x1A00, 0x100 * number + 0x80 + node, TPDOS[number], True)
    return made
