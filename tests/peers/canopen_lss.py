"""canopen's own LSS master against the one device on a bus, over python-can's slcan.

    canopen_lss.py PORT NEW_NODE

Selects the device by its identity, gives it a number and a bit rate, and has it keep them. Prints one JSON
line; exit code 0 only when every step was answered as CiA 305 says.
"""

import json
import sys

import can
import canopen
from canopen import lss


def main():
    port, new_node = sys.argv[1], int(sys.argv[2])
    network = canopen.Network()
    network.bus = can.ThreadSafeBus(port, interface="slcan", bitrate=1_000_000, sleep_after_open=0.05)
    network.connect()
    master = network.lss
    master.RESPONSE_TIMEOUT = 5.0  # two loaded cores
    master.send_switch_state_global(master.CONFIGURATION_STATE)
    parts = [lss.CS_INQUIRE_VENDOR_ID, lss.CS_INQUIRE_PRODUCT_CODE, lss.CS_INQUIRE_REVISION_NUMBER,
             lss.CS_INQUIRE_SERIAL_NUMBER]
    address = [master.inquire_lss_address(part) for part in parts]
    before = master.inquire_node_id()
    master.send_switch_state_global(master.WAITING_STATE)
    selected = master.send_switch_state_selective(*address)
    master.configure_node_id(new_node)  # raises on an error code
    master.configure_bit_timing(2)
    master.store_configuration()
    master.send_switch_state_global(master.WAITING_STATE)
    print(json.dumps({"address": address, "before": before, "selected": selected}), flush=True)
    network.disconnect()
    return 0 if selected else 1


if __name__ == "__main__":
    sys.exit(main())
