"""Reads a run folder with the public `mcap` library and Python's own SHA-256; none of this project's code.

    mcap_check.py RUNFOLDER [--complete]

telemetry.mcap: every record to the end (or to where a killed writer stopped), every CRC checked, every
protobuf message decoded with the schema in the file. run.jsonl: each line a JSON object whose `prev` is
the SHA-256 of the line before (64 zeros for the first) and whose `seq` counts up by one from 1; every
anchor is the SHA-256 of the telemetry's first bytes, and the plan's hash is that of its bytes. The
manifest, where there is one, fits. (harness/record/FORMAT.md.) Prints one JSON object.

Exit code 0 when the chain holds to the last whole line and the telemetry reads to its end or to the last
whole record; with --complete, only when nothing is torn and the run has its end and its manifest.
"""

import argparse
import hashlib
import json
import pathlib
import struct
import sys

from mcap.exceptions import EndOfFile
from mcap.records import Channel, Footer, Message, Schema
from mcap.stream_reader import StreamReader
from mcap_protobuf.decoder import DecoderFactory

GENESIS = "0" * 64


def chain(path):
    """How far the hash chain holds, and what the lines that hold say."""
    lines = path.read_bytes().split(b"\n")
    torn = lines.pop()  # what follows the last newline: empty, or a line that was being written
    previous, problem, entries = GENESIS, None, []
    for number, line in enumerate(lines, 1):
        try:
            entry = json.loads(line)
        except ValueError as error:
            problem = f"line {number}: {error}"
            break
        if entry.get("prev") != previous or entry.get("seq") != number:
            problem = f"line {number}: seq {entry.get('seq')}, prev {entry.get('prev')}; the line before has {previous}"
            break
        previous = hashlib.sha256(line).hexdigest()
        entries.append(entry)
    seen = {
        "lines": len(lines),
        "held": len(entries),
        "torn_bytes": len(torn),
        "problem": problem,
        "ok": 0 < len(entries) == len(lines),
        "plan": plan(lines[0], entries[0]) if entries else None,
        "ended": bool(entries) and entries[-1].get("event") == "ended",
        "last": entries[-1] if entries else None,
    }
    return seen, [entry for entry in entries if entry.get("event") == "anchor"]


def plan(line, entry):
    """Whether the plan's hash is that of its bytes; None where the first line has no plan."""
    if "plan_sha256" not in entry:
        return None
    start = line.index(b',"plan":') + len(b',"plan":')
    return hashlib.sha256(line[start : line.rindex(b"}")]).hexdigest() == entry["plan_sha256"]


def anchored(folder, anchors):
    """How many anchors fit the bytes that they are over."""
    fit = 0
    for anchor in anchors:
        data = (folder / anchor["file"]).read_bytes()[: anchor["bytes"]]
        fit += len(data) == anchor["bytes"] and hashlib.sha256(data).hexdigest() == anchor["sha256"]
    return {"anchors": len(anchors), "fit": fit, "ok": fit == len(anchors)}


def manifest(folder):
    """Whether the manifest fits; None where there is none."""
    path = folder / "manifest.json"
    if not path.exists():
        return None
    files = json.loads(path.read_bytes())["files"]
    def fits(file):
        data = (folder / file["path"]).read_bytes()
        return len(data) == file["bytes"] and hashlib.sha256(data).hexdigest() == file["sha256"]
    return all(map(fits, files)) and {"run.jsonl", "telemetry.mcap"} <= {file["path"] for file in files}


def fields(message):
    """A decoded message's scalar fields; bytes in hexadecimal."""
    text = lambda value: value.hex() if isinstance(value, bytes) else str(value)
    return {field.name: text(value) for field, value in message.ListFields()}


def telemetry(path):
    schemas, channels, decoders = {}, {}, {}
    complete, problem = False, None
    with path.open("rb") as stream:
        try:
            for record in StreamReader(stream, validate_crcs=True).records:
                match record:
                    case Schema():
                        schemas[record.id] = record
                    case Channel() if record.id not in channels:  # the summary repeats them
                        schema = schemas.get(record.schema_id)
                        channels[record.id] = {
                            "topic": record.topic,
                            "encoding": record.message_encoding,
                            "schema": schema.name if schema else None,
                            "metadata": record.metadata,
                            "count": 0,
                        }
                        decoders[record.id] = DecoderFactory().decoder_for(record.message_encoding, schema)
                    case Message():
                        seen = channels[record.channel_id]
                        seen["count"] += 1
                        seen.setdefault("first", record.log_time)
                        seen["last"] = record.log_time
                        seen["sample"] = fields(decoders[record.channel_id](record.data))
                    case Footer():
                        complete = True
            ok = complete
        except (EndOfFile, struct.error) as error:
            ok, problem = stream.read(1) == b"", repr(error)  # at the end: the writer was killed here
        except Exception as error:  # damage: a wrong CRC, a chunk that does not unpack, and the like
            ok, problem = False, repr(error)
    return {"ok": ok, "complete": complete, "problem": problem, "channels": list(channels.values())}


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("folder", type=pathlib.Path)
    arguments.add_argument("--complete", action="store_true")
    options = arguments.parse_args()
    log, anchors = chain(options.folder / "run.jsonl")
    samples = telemetry(options.folder / "telemetry.mcap")
    bytes_seen, listed = anchored(options.folder, anchors), manifest(options.folder)
    wire_file = options.folder / "wire.mcap"
    wire = telemetry(wire_file) if wire_file.exists() else None
    ok = log["ok"] and log["plan"] is not False and samples["ok"] and bytes_seen["ok"] and listed is not False
    ok = ok and (wire is None or wire["ok"])
    if options.complete:
        ok = ok and samples["complete"] and (wire is None or wire["complete"]) and log["torn_bytes"] == 0 and log["ended"] and listed is True
    print(json.dumps({"ok": ok, "chain": log, "telemetry": samples, "wire": wire, "anchors": bytes_seen, "manifest": listed}))
    sys.exit(0 if ok else 1)


if __name__ == "__main__":
    main()
