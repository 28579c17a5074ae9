#!/usr/bin/python3
"""Clinics that upload slowly, straight into the drop: files grow under their own names.

    writers.py DROP FILES WRITERS PAUSE [HOLD]

FILES files, by WRITERS threads, each file in pieces with pauses of up to PAUSE seconds. The
clock of the drop's server is wrong: after each piece the time stamp is 2 hours ahead, right,
or 2 hours behind. Where HOLD is given, each thread stops in the middle of its first file
until there is a file of that name.

A line a file on stdout, once all are whole: name, SHA-256, bytes, the longest pause in it in
seconds, rows. What the machine's load does to a pause is in there: a file whose writer stood still
longer than `stable_for` cannot be told from a whole one by anybody.
"""

import hashlib
import os
import random
import sys
import threading
import time

HEAD = b"ID,Last,First,DOB,ZIP,Appt,Start,Status\r\n"
ROW = b"%05d,Testcase,Synthetic,03/04/1980,0%04d,A-%d,11/%02d/2026 10:%02d,Scheduled\r\n"
ROWS = (4, 40)
PIECES = (2, 6)
CLOCKS = (7200, 0, -7200)


def pieces(rng, n):
    """The file's bytes, cut anywhere. Its first row is file N's alone."""
    rows = rng.randint(*ROWS)
    ids = range(n * ROWS[1] + 1, n * ROWS[1] + 1 + rows)
    text = HEAD + b"".join(ROW % (i, i % 9999, i, i % 28 + 1, i % 60) for i in ids)
    cuts = sorted(rng.sample(range(1, len(text)), rng.randint(*PIECES)))
    return rows, [text[a:b] for a, b in zip([0] + cuts, cuts + [len(text)])]


def wait_for(path):
    while not os.path.exists(path):
        time.sleep(0.02)


def upload(rng, n, drop, pause, hold):
    name = "export-%03d.csv" % n
    path = os.path.join(drop, name)
    skew = rng.choice(CLOCKS)
    rows, parts = pieces(rng, n)
    longest, last = 0, time.monotonic()
    with open(path, "wb", buffering=0) as f:
        for k, part in enumerate(parts):
            f.write(part)
            os.utime(f.fileno(), (time.time() + skew,) * 2)
            now = time.monotonic()
            longest, last = max(longest, now - last), now
            if hold and k == len(parts) // 2:
                wait_for(hold)
            if k < len(parts) - 1:
                time.sleep(rng.uniform(pause / 10, pause))
    whole = b"".join(parts)
    return "%s %s %d %.3f %d" % (name, hashlib.sha256(whole).hexdigest(), len(whole), longest, rows)


def main():
    drop, files, writers, pause = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
    hold = sys.argv[5] if len(sys.argv) > 5 else None
    told = []

    def work(which):
        rng = random.Random(which)
        first = hold
        for n in range(which, files, writers):
            told.append(upload(rng, n, drop, pause, first))
            first = None

    threads = [threading.Thread(target=work, args=(i,)) for i in range(writers)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    print("\n".join(sorted(told)))


main()
