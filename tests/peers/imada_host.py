"""A host of an IMADA gauge: dstdsv's protocol handler.

    imada_host.py PORT

Reads, zeroes, reads again, in N and in kgf. One JSON line a step; exits with 1 when one was not as it
should be.
"""

import json
import sys

import serial
from dstdsv import GaugeError, GaugeMeasureMode, GaugeMeasureState, GaugeMeasureUnit, GaugeProtocol

G = 9.80665


def main():
    port = serial.Serial(sys.argv[1], 19200, timeout=2)
    gauge = GaugeProtocol(port)
    failed = False

    def step(name, good, **what):
        nonlocal failed
        failed |= not good
        print(json.dumps({"step": name, "ok": bool(good), **what}), flush=True)

    gauge.unit_set(GaugeMeasureUnit.Newton)
    first = gauge.measure()
    step("newton", first.unit == GaugeMeasureUnit.Newton and first.value > 0, value=str(first.value))
    step("real time", first.mode == GaugeMeasureMode.Realtime)
    step("within", first.state == GaugeMeasureState.Good)
    gauge.unit_set(GaugeMeasureUnit.Kilograms)
    kgf = gauge.measure()
    step("kgf", abs(float(kgf.value) * G - float(first.value)) < 0.1, value=str(kgf.value))
    gauge.unit_set(GaugeMeasureUnit.Newton)
    gauge.zero()
    zeroed = gauge.measure()
    step("zeroed", abs(zeroed.value) < 0.1, value=str(zeroed.value))
    try:
        gauge.mode_set(GaugeMeasureMode.Peak)
        step("refusal", False)
    except GaugeError as error:
        step("refusal", True, said=str(error))
    sys.exit(failed)


if __name__ == "__main__":
    main()
