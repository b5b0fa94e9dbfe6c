"""An EDS or DCF file as canopen reads it: one JSON line, entries by index and sub-index.

    eds_values.py FILE NODE
"""

import json
import sys

import canopen
from canopen.objectdictionary import datatypes

NUMBERS = {*datatypes.INTEGER_TYPES, datatypes.BOOLEAN}


def main():
    made = canopen.import_od(sys.argv[1], node_id=int(sys.argv[2]))
    entries = {}
    for index, entry in made.items():
        parts = [entry] if isinstance(entry, canopen.objectdictionary.ODVariable) else entry.values()
        for part in parts:
            number = part.data_type in NUMBERS
            entries[f"{index:04X}:{part.subindex:02X}"] = {
                "name": part.name,
                "writable": part.writable,
                "mappable": bool(part.pdo_mappable),
                "default": part.default if number else None,
            }
    print(json.dumps(entries))


if __name__ == "__main__":
    main()
