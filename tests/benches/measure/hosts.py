"""Other people's hosts, each asking the same question again and again.

    hosts.py modbus|rh56|dynamixel PORT CYCLES

The far end counts; nothing is printed.
"""

import sys


def modbus(port, cycles):
    from pymodbus.client import ModbusSerialClient

    gripper = ModbusSerialClient(port, baudrate=115200, timeout=2.0, retries=0)
    assert gripper.connect()
    for _ in range(cycles):
        assert not gripper.read_input_registers(2000, count=3, device_id=9).isError()


def rh56(port, cycles):
    from rh56_sdk import RH56Driver

    hand = RH56Driver(port, node_id=1, timeout=2.0)
    hand.connect()
    for _ in range(cycles):
        hand.read_angle()


def dynamixel(port, cycles):
    from dynamixel_sdk import COMM_SUCCESS, GroupSyncRead, PacketHandler, PortHandler

    line, sdk = PortHandler(port), PacketHandler(2.0)
    line.openPort()
    line.setBaudRate(1000000)
    group = GroupSyncRead(line, sdk, 126, 10)
    for number in (1, 2, 3):
        group.addParam(number)
    for _ in range(cycles):
        assert group.txRxPacket() == COMM_SUCCESS


if __name__ == "__main__":
    globals()[sys.argv[1]](sys.argv[2], int(sys.argv[3]))
