"""What every peer process shares: how it says that it is up, how it is told things, how it ends.

A peer prints `READY <details>` on stdout once its port is open, reads commands from stdin (one a line,
documented in each peer), logs to stderr, and ends on SIGTERM or when its stdin closes, so that a test
that dies takes its peers with it.
"""

import signal
import sys
import threading
import time

#: Set when the peer is to end.
ending = threading.Event()


def log(*words):
    # One write: lines of threads, and of peers that share a terminal, do not mix.
    sys.stderr.write(f"{time.monotonic():.3f} {' '.join(map(str, words))}\n")
    sys.stderr.flush()


def say(*words):
    """A line for the test, on stdout."""
    print(*words, flush=True)


def ready(details):
    say("READY", details)


def listen(command):
    """Calls `command(words)` for every line of stdin, on a thread of its own; ends with stdin."""

    def read():
        for line in sys.stdin:
            words = line.split()
            if not words:
                continue
            try:
                command(words)
                log("command", *words)
            except (ValueError, IndexError, KeyError) as error:
                say("UNKNOWN", line.strip(), repr(error))
        ending.set()

    signal.signal(signal.SIGTERM, lambda *_: ending.set())
    threading.Thread(target=read, daemon=True).start()
