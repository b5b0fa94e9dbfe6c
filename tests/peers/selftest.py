"""The peers against each other, over a pair of ptys joined back to back: what the tests lean on works.

    selftest.py            all of it: one line `ok <name>` or `FAILED <name>` each, exit code 0 if all are ok

No code of this project is at either end.
"""

import json
import os
import pathlib
import select
import subprocess
import sys
import threading
import time
import tty
import traceback

HERE = pathlib.Path(__file__).parent


class Cable:
    """Two ptys joined back to back: what is written to one end is read from the other."""

    def __init__(self):
        self.masters, self.slaves = zip(*(os.openpty() for _ in range(2)))
        for fd in (*self.masters, *self.slaves):
            tty.setraw(fd)
        self.left, self.right = (os.ttyname(fd) for fd in self.slaves)
        threading.Thread(target=self.carry, daemon=True).start()

    def carry(self):
        across = dict(zip(self.masters, reversed(self.masters)))
        while True:
            for fd in select.select(self.masters, [], [])[0]:
                os.write(across[fd], os.read(fd, 4096))


class Peer:
    """A peer process that has said READY."""

    def __init__(self, program, *arguments):
        self.process = subprocess.Popen(
            [sys.executable, HERE / program, *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
        )
        line = self.process.stdout.readline()
        if not line.startswith("READY"):
            raise AssertionError(f"{program} did not get ready: {line!r}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        assert self.process.wait(10) == 0, "a peer ends well when its stdin closes"

    def tell(self, line):
        self.process.stdin.write(line + "\n")

    def state(self):
        self.tell("state")
        return json.loads(self.process.stdout.readline().removeprefix("STATE "))


def host(program, *arguments):
    """Runs a host peer; its exit code is its verdict."""
    done = subprocess.run(
        [sys.executable, HERE / program, *arguments],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, timeout=120, check=False,
    )
    print(done.stdout, end="")
    assert done.returncode == 0, f"{program} ended with {done.returncode}"


def until(condition, seconds=10):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.02)


def rh56():
    cable = Cable()
    with Peer("rh56_device.py", cable.left) as device:
        host("rh56_host.py", cable.right)
        device.tell("object 400")
        from rh56_sdk import RH56Driver
        from rh56_sdk.exceptions import RH56ProtocolError

        hand = RH56Driver(cable.right, timeout=1.0)
        hand.connect()
        hand.set_force_threshold([300] * 6)
        hand.close()
        until(lambda: hand.read_status()[:5] == [3] * 5)
        assert hand.read_force()[:5] == [300] * 5 and abs(hand.read_angle()[0] - 400) <= 1
        device.tell("reject 1")
        device.state()
        try:
            hand.open()
            raise AssertionError("a rejected write went unnoticed")
        except RH56ProtocolError:
            pass
        device.tell("corrupt 1")
        device.tell("hot 2")
        device.state()
        assert hand.read_error()[2] == 2 and hand.read_temperature()[2] == 75
        hand.disconnect()


def canopen():
    cable = Cable()
    with Peer("canopen_device.py", cable.left, "--nodes", "2") as device:
        host("canopen_host.py", cable.right, "--node", "2", "--pdos", "2")
        state = device.state()
        assert state["2"]["state"] == "SWITCH ON DISABLED" and state["1"]["nmt"] == "PRE-OPERATIONAL"


def canopen_faults():
    import can
    import canopen as library
    from canopen.profiles.p402 import BaseNode402

    import cia402

    cable = Cable()
    with Peer("canopen_device.py", cable.left, "--nodes", "1") as device:
        network = library.Network()
        network.bus = can.ThreadSafeBus(cable.right, interface="slcan", bitrate=1_000_000, sleep_after_open=0.05)
        network.connect()
        node = network.add_node(BaseNode402(1, cia402.dictionary(1, [1])))
        node.nmt.wait_for_heartbeat()
        node.sdo[cia402.CONSUMER_HEARTBEAT][1].raw = 127 << 16 | 300
        beat = network.send_periodic(0x77F, [5], 0.05)
        node.setup_402_state_machine()
        node.nmt.state = "OPERATIONAL"
        time.sleep(0.3)
        node.state = "OPERATION ENABLED"
        device.tell("emcy 1 0x2310")
        until(lambda: node.state == "FAULT")
        assert node.emcy.log[-1].code == 0x2310 and node.sdo[cia402.ERROR_CODE].raw == 0x2310
        node.reset_from_fault()
        assert node.state == "OPERATION ENABLED", node.state
        beat.stop()  # the host falls silent: the joint stops on its own
        until(lambda: device.state()["1"]["state"] == "FAULT")
        assert node.emcy.log[-1].code == 0x8130
        device.tell("silence 1")
        seen = node.nmt.timestamp
        time.sleep(0.3)
        seen = node.nmt.timestamp
        time.sleep(0.3)
        assert node.nmt.timestamp == seen, "a cut cable still carries a heartbeat"
        device.tell("speak 1")
        heard = []  # collected from before the restart: wait_for_bootup() misses one that comes before it waits
        node.nmt.add_heartbeat_callback(heard.append)
        device.tell("restart 1")
        until(lambda: 0 in heard)
        network.disconnect()


def modbus():
    from pymodbus.client import ModbusSerialClient
    from pymodbus.exceptions import ModbusIOException

    cable = Cable()
    with Peer("modbus_server.py", cable.left) as box:
        host("modbus_host.py", cable.right, "--baud", "9600", "--wired", "3:3")
        box.state()
        client = ModbusSerialClient(cable.right, baudrate=9600, timeout=1.0, retries=0)
        assert client.connect()
        assert not client.write_coil(3, True, device_id=1).isError()
        assert client.read_coils(0, count=8, device_id=1).bits[:8] == [n == 3 for n in range(8)]
        assert client.read_discrete_inputs(0, count=8, device_id=1).bits[:8] == [n == 3 for n in range(8)]
        assert client.write_coil(3, False, device_id=1).isError() is False
        assert not any(client.read_discrete_inputs(0, count=8, device_id=1).bits[:8])
        assert client.read_input_registers(0, count=2, device_id=1).registers == [0x1111, 0x2222]
        box.tell("busy")
        before = box.state()["requests"]
        assert client.read_coils(0, count=8, device_id=1).exception_code == 6
        assert box.state()["requests"] == before + 1
        for fault in ("drop", "crc", "cut"):
            box.tell(fault)
            box.state()
            try:
                client.read_coils(0, count=8, device_id=1)
                raise AssertionError(f"{fault} went unnoticed")
            except ModbusIOException:
                pass
            time.sleep(0.1)
            client.close()
            client.connect()
        box.tell("late 0.4")
        box.state()
        began = time.monotonic()
        assert not client.read_coils(0, count=8, device_id=1).isError()
        assert time.monotonic() - began >= 0.4
        box.tell("input 5 1")
        box.state()
        assert client.read_discrete_inputs(5, count=1, device_id=1).bits[0]
        client.close()


def slcan():
    cable = Cable()
    with Peer("can_echo.py", cable.left):
        host("can_host.py", cable.right, "--fd")


def record():
    """mcap_check.py finds a good record good, a torn one torn, and a forged one bad."""
    import hashlib
    import tempfile

    from google.protobuf.timestamp_pb2 import Timestamp
    from mcap.writer import CompressionType
    from mcap_protobuf.writer import Writer

    def check(folder, *arguments):
        done = subprocess.run(
            [sys.executable, HERE / "mcap_check.py", folder, *arguments], stdout=subprocess.PIPE, text=True, check=False
        )
        return done.returncode, json.loads(done.stdout)

    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        with (folder / "telemetry.mcap").open("wb") as stream, Writer(stream, compression=CompressionType.NONE) as writer:
            for second in range(3):
                writer.write_message("/clock", Timestamp(seconds=second + 1), log_time=second * 10**9)
        previous, lines = "0" * 64, []
        digest = lambda data: hashlib.sha256(data).hexdigest()
        whole = (folder / "telemetry.mcap").read_bytes()
        anchor = {"file": "telemetry.mcap", "bytes": 40, "sha256": digest(whole[:40])}
        for seq, (event, rest) in enumerate([("opened", {}), ("anchor", anchor), ("ended", {})], 1):
            lines.append(json.dumps({"seq": seq, "prev": previous, "event": event, **rest}).encode())
            previous = digest(lines[-1])
        log = folder / "run.jsonl"
        log.write_bytes(b"".join(line + b"\n" for line in lines))
        files = [{"path": p.name, "bytes": p.stat().st_size, "sha256": digest(p.read_bytes())} for p in sorted(folder.iterdir())]
        (folder / "manifest.json").write_text(json.dumps({"format": 1, "files": files}))
        code, seen = check(folder, "--complete")
        (clock,) = seen["telemetry"]["channels"]
        assert code == 0 and seen["chain"]["held"] == 3
        assert clock["count"] == 3 and clock["last"] == 2 * 10**9 and clock["sample"] == {"seconds": "3"}

        log.write_bytes(log.read_bytes() + b'{"seq": 4, "pr')
        assert check(folder)[0] == 1, "the manifest does not fit any more"
        (folder / "manifest.json").unlink()
        assert check(folder)[0] == 0 and check(folder, "--complete")[0] == 1
        (folder / "telemetry.mcap").write_bytes(whole[:-40])
        assert check(folder)[0] == 0 and check(folder, "--complete")[0] == 1
        flipped = bytearray(whole)
        flipped[whole.rindex(b"\x08\x03")] ^= 1  # inside the last message
        (folder / "telemetry.mcap").write_bytes(flipped)
        code, seen = check(folder)
        assert code == 1 and "CRC" in seen["telemetry"]["problem"], seen
        (folder / "telemetry.mcap").write_bytes(whole)
        log.write_bytes(b"\n".join([lines[0], lines[1].replace(b'"bytes": 40', b'"bytes": 41'), lines[2], b""]))
        code, seen = check(folder)
        assert code == 1 and seen["chain"]["held"] == 2 and seen["anchors"]["fit"] == 0, seen


def main():
    failed = 0
    for check in (rh56, modbus, slcan, canopen, canopen_faults, record):
        began = time.monotonic()
        try:
            check()
            print(f"ok {check.__name__} {time.monotonic() - began:.1f} s", flush=True)
        except Exception:  # a failed check is printed, the others still run
            failed += 1
            traceback.print_exc()
            print(f"FAILED {check.__name__}", flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
