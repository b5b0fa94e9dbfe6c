"""The maker's DBC file through cantools as the host of an ODrive axis behind an SLCAN adapter.

    odrive_host.py PORT [--node 1]

Every frame is encoded and decoded by cantools from the file for firmware 0.6.10, which odrive-can carries.
Asks the version, closes the loop, moves on a trajectory, stops by Estop, lets the watchdog expire. One
JSON line a step; exits with 1 when one was not as it should be.
"""

import argparse
import importlib.util
import json
import pathlib
import sys
import time

import can
import cantools


def file():
    package = pathlib.Path(importlib.util.find_spec("odrive_can").origin).parent
    return package / "dbc" / "odrive-cansimple-0.6.10.dbc"


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("port")
    arguments.add_argument("--node", type=int, default=1)
    options = arguments.parse_args()
    messages = cantools.database.load_file(file())
    bus = can.Bus(options.port, interface="slcan", bitrate=250_000, sleep_after_open=0.1)
    failed = False

    def step(name, good, **what):
        nonlocal failed
        failed |= not good
        print(json.dumps({"step": name, "ok": bool(good), **what}, default=str), flush=True)

    def message(name):
        return messages.get_message_by_name(f"Axis{options.node}_{name}")

    def tell(name, **signals):
        told = message(name)
        bus.send(can.Message(arbitration_id=told.frame_id, data=told.encode(signals), is_extended_id=False))

    def hear(name, condition=lambda said: True, within=20.0):
        wanted, end = message(name), time.monotonic() + within
        while time.monotonic() < end:
            frame = bus.recv(0.2)
            if frame is not None and frame.arbitration_id == wanted.frame_id and not frame.is_remote_frame:
                said = wanted.decode(bytes(frame.data))
                if condition(said):
                    return said
        return None

    def ask(name):
        wanted = message(name)
        bus.send(can.Message(arbitration_id=wanted.frame_id, is_remote_frame=True, dlc=8, is_extended_id=False))
        return hear(name)

    version = ask("Get_Version")
    step("version", version and (version["Fw_Version_Minor"], version["Fw_Version_Revision"]) == (6, 10), **(version or {}))
    step("idle", hear("Heartbeat", lambda s: str(s["Axis_State"]) == "IDLE") is not None)
    tell("Set_Controller_Mode", Control_Mode="POSITION_CONTROL", Input_Mode="TRAP_TRAJ")
    tell("Set_Traj_Vel_Limit", Traj_Vel_Limit=2.0)
    tell("Set_Axis_State", Axis_Requested_State="CLOSED_LOOP_CONTROL")
    there, end = None, time.monotonic() + 20.0
    while time.monotonic() < end and there is None:
        tell("Set_Input_Pos", Input_Pos=0.5, Vel_FF=0.0, Torque_FF=0.0)
        now = ask("Get_Encoder_Estimates")
        there = now if now and abs(now["Pos_Estimate"] - 0.5) < 0.001 else None
    step("trajectory", there is not None, **(there or {}))
    warm = ask("Get_Temperature")
    step("temperatures", warm and 15 < warm["Motor_Temperature"] < 60 and 15 < warm["FET_Temperature"] < 60)
    tell("Estop")
    errors = lambda wanted: lambda s: wanted in str(s["Axis_Error"]) and str(s["Axis_State"]) == "IDLE"
    stopped = hear("Heartbeat", lambda s: str(s["Axis_State"]) == "IDLE" and int(raw(s)) & 0x02000000)
    step("emergency stop", stopped is not None, **(stopped or {}))
    tell("Clear_Errors", Identify=0)
    tell("Set_Axis_State", Axis_Requested_State="CLOSED_LOOP_CONTROL")
    expired = hear("Heartbeat", errors("WATCHDOG_TIMER_EXPIRED"))
    step("watchdog", expired is not None, **(expired or {}))
    bus.shutdown()
    sys.exit(failed)


def raw(said):
    """Axis errors as bits: a value that is one named error is decoded as its name."""
    error = said["Axis_Error"]
    return getattr(error, "value", error)


if __name__ == "__main__":
    main()
