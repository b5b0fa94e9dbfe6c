"""The EDS file of a CiA 402 joint (cia402.py), as canopen writes it.

    canopen_eds.py FILE
"""

import sys

import canopen

import cia402

canopen.export_od(cia402.dictionary(1), sys.argv[1], "eds")
