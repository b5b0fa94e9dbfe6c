"""Verifies an issued report with other people's libraries; none of this project's code.

    report_check.py RUNFOLDER NUMBER PUBLIC_KEY.pem

The envelope (DSSE 1.0.2, Ed25519 by `cryptography`), the in-toto statement in it, the SHA-256 of every
file that it names, the record's own chain and anchors (mcap_check.py). Then two things from scratch:
every verdict of the frozen findings again from its value, limit and guard band by ILAC-G8:09/2019, and the
value of every `hold-drift` from the samples in telemetry.mcap (distance between the means of the first and
last tenth of the window, or of the share that the plan names). Prints one JSON object; exit code 0 when all of it
holds.
"""

import base64
import hashlib
import json
import math
import pathlib
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from mcap.reader import make_reader
from mcap_protobuf.decoder import DecoderFactory

import mcap_check


def pae(kind, body):
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind.encode(), len(body), body)


def statement(report, key):
    """The statement, if the key signed it."""
    envelope = json.loads((report / "statement.dsse.json").read_bytes())
    body = base64.b64decode(envelope["payload"], validate=True)
    for signature in envelope["signatures"]:
        try:
            key.verify(base64.b64decode(signature["sig"], validate=True), pae(envelope["payloadType"], body))
            return json.loads(body)
        except InvalidSignature:
            continue
    return None


def digests(folder, told):
    """The names whose file is not the one that was signed."""
    wrong = []
    for subject in told["subject"]:
        path = folder / subject["name"]
        if not path.exists() or hashlib.sha256(path.read_bytes()).hexdigest() != subject["digest"]["sha256"]:
            wrong.append(subject["name"])
    return wrong


def verdict(finding):
    """ILAC-G8:09/2019, 4.2: from what is compared, the limits and the guard band; None without a decision."""
    decision, accept = finding["decision"], finding["accept"]
    if decision is None or accept is None or finding["verdict"] == "not-tested":
        return None
    value, guard = decision["compared"], decision["guard"]
    sides = []  # distance to each limit, positive inside; in the decision's unit
    for side, sign in (("accept_low", 1), ("accept_high", -1)):
        if decision[side] is not None:
            sides.append(sign * (value - decision[side]) + guard)
    inside = min(sides)
    near = 1e-12 * max(1.0, abs(value))  # a value exactly on the limit is inside
    if inside >= guard - near:
        return "pass"
    if "four-valued" not in finding["rule"]:
        return "fail"
    return "conditional-pass" if inside >= -near else "conditional-fail" if inside >= -guard - near else "fail"


def drifts(folder, plan, findings):
    """Every hold-drift again from the samples: id, frozen value, value from scratch."""
    zero, samples = None, {}
    with (folder / "telemetry.mcap").open("rb") as stream:
        reader = make_reader(stream, decoder_factories=[DecoderFactory()])
        for record in reader.iter_metadata():
            if record.name == "certbench.clock":
                zero = int(record.metadata["unix_ns_at_zero"])
        for _, channel, message, decoded in reader.iter_decoded_messages():
            if decoded.invalid == 0:
                values = [getattr(decoded, field.name) for field in decoded.DESCRIPTOR.fields][:3]
                samples.setdefault(channel.topic, []).append((message.log_time - zero, values))
    seen = []
    measures = {(c["id"], m["id"]): m for c in plan["cases"] for m in c["measures"]}
    for case in findings["cases"]:
        for finding in case["findings"]:
            if finding["metric"] != "hold-drift" or finding["result"] is None:
                continue
            params = measures[case["case"], finding["measure"]]["params"]
            share = params["edge"]["quantity"]
            share = share["value"] / (100 if share["unit"] == "%" else 1)
            worst = 0.0
            for place in finding["evidence"]:
                held = [s for s in samples[finding["channels"][0]] if place["from_ns"] <= s[0] < place["to_ns"]]
                t = [(s[0] - place["from_ns"]) / 1e9 for s in held]
                edge = share * (t[-1] - t[0])
                mean = lambda some: [math.fsum(v[i] for v in some) / len(some) for i in range(3)]
                first = mean([v for (_, v), at in zip(held, t) if at <= t[0] + edge])
                last = mean([v for (_, v), at in zip(held, t) if at >= t[-1] - edge])
                worst = max(worst, math.dist(first, last))
            seen.append({"id": f"{case['case']}/{finding['measure']}", "frozen": finding["result"]["value"], "again": worst})
    return seen


def main():
    folder, number, key = pathlib.Path(sys.argv[1]), sys.argv[2], pathlib.Path(sys.argv[3])
    report = folder / "reports" / number
    told = statement(report, load_pem_public_key(key.read_bytes()))
    if told is None:
        print(json.dumps({"ok": False, "signed": False}))
        sys.exit(1)
    findings = json.loads((report / "findings.json").read_bytes())
    log, anchors = mcap_check.chain(folder / "run.jsonl")
    plan = json.loads((folder / "run.jsonl").read_bytes().split(b"\n")[0])["plan"]
    all_findings = [f for case in findings["cases"] for f in case["findings"]]
    verdicts = {f["measure"]: [f["verdict"], v] for f in all_findings if (v := verdict(f)) is not None}
    values = drifts(folder, plan, findings)
    passed = told["predicate"]["passedTests"]
    seen = {
        "signed": True,
        "type": told["_type"],
        "predicate": told["predicateType"],
        "result": told["predicate"]["result"],
        "wrong": digests(folder, told),
        "chain": log["ok"] and log["plan"] is True and mcap_check.anchored(folder, anchors)["ok"],
        "verdicts": verdicts,
        "values": values,
        "passed": passed,
    }
    seen["ok"] = (
        not seen["wrong"]
        and seen["chain"]
        and all(frozen == again for frozen, again in verdicts.values())
        and all(abs(v["frozen"] - v["again"]) <= 1e-9 * max(1.0, abs(v["again"])) for v in values)
    )
    print(json.dumps(seen))
    sys.exit(0 if seen["ok"] else 1)


if __name__ == "__main__":
    main()
