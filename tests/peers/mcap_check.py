"""Reads a run folder with the public `mcap` library and Python's own SHA-256; none of this project's code.

    mcap_check.py RUNFOLDER [--complete]

telemetry.mcap: every record to the end (or to where a killed writer stopped), every CRC checked, every
protobuf message decoded with the schema in the file. run.jsonl: each line a JSON object whose `prev` is
the SHA-256 of the line before (64 zeros for the first) and whose `seq` counts up by one. Prints one JSON
object. Exit code 0 when the chain holds to the last whole line and the telemetry reads to its end or to
the last whole record; with --complete, only when nothing is torn at all.
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
    """How far the hash chain holds."""
    data = path.read_bytes()
    lines = data.split(b"\n")
    torn = lines.pop()  # what follows the last newline: empty, or a line that was being written
    previous, first_seq, problem = GENESIS, None, None
    held = 0
    for number, line in enumerate(lines):
        try:
            entry = json.loads(line)
        except ValueError as error:
            problem = f"line {number + 1}: {error}"
            break
        first_seq = entry.get("seq") if first_seq is None else first_seq
        if entry.get("prev") != previous or entry.get("seq") != first_seq + number:
            problem = f"line {number + 1}: seq {entry.get('seq')}, prev {entry.get('prev')}; the line before has {previous}"
            break
        previous = hashlib.sha256(line).hexdigest()
        held += 1
    return {
        "lines": len(lines),
        "held": held,
        "torn_bytes": len(torn),
        "problem": problem,
        "ok": held == len(lines) and held > 0,
        "last": json.loads(lines[held - 1]) if held else None,
    }


def fields(message):
    """A decoded message's scalar fields."""
    return {field.name: str(value) for field, value in message.ListFields()}


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
    log = chain(options.folder / "run.jsonl")
    samples = telemetry(options.folder / "telemetry.mcap")
    ok = log["ok"] and samples["ok"]
    if options.complete:
        ok = ok and samples["complete"] and log["torn_bytes"] == 0
    print(json.dumps({"ok": ok, "chain": log, "telemetry": samples}))
    sys.exit(0 if ok else 1)


if __name__ == "__main__":
    main()
