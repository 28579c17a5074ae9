#!/usr/bin/python3
"""The instructions that one object file executed itself, out of a profile of callgrind: what
libraries take depends on the processor and on their version, and is not counted.

  count.py PROFILE OBJECT     PROFILE: of --compress-strings=no --compress-pos=no
"""

import sys


def count(lines, wanted):
    total, here, called = 0, False, False
    for line in lines:
        if line.startswith("ob="):
            here = line[3:].strip() == wanted
        elif line.startswith("calls="):
            called = True
        elif line[:1].isdigit():
            if here and not called:
                total += int(line.split()[1])
            called = False
    return total


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8", errors="replace") as profile:
        print(count(profile, sys.argv[2]))
