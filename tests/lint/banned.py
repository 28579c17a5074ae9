"""Reads file names on stdin; prints FILE:LINE: reason for each banned word."""

import re
import sys

from ctext import code

CALLS = {
    "strcpy strcat sprintf vsprintf gets": "it knows no size: use a struct buf, or snprintf",
    "strtok": "it keeps hidden state: use struct span",
    "atoi atol atoll atof sscanf": "it takes nonsense for a number: parse the span",
    "system popen": "no shell is ever asked",
    "alloca": "the stack is no place for a stranger's length",
    "mktime localtime localtime_r": "it knows only the server's zone: use base/zone",
    "strptime": "it takes 31 February: use civil_parse",
    "usleep": "use the clock that was handed in",
}
BELOW_CMD = "(exit|_exit|abort|perror|printf|puts|putchar|vprintf)"
NOT_A_MEMBER = r"(?<![\w.>])"
# Linked into a program of the tests alone, which must be seen to lose data.
LOSES_DATA = "tests/crash/nosync.c"
PATTERNS = [
    (r"\bMDB_NOSYNC\b", "it loses data"),
    (r"\bMDB_(NOMETASYNC|WRITEMAP)\b", "it loses data"),
    (r"CURLOPT_SSL_VERIFY(PEER|HOST)\s*,\s*0", "certificates are always checked"),
    (r"^\s*typedef\s+(struct|union)\b", "no typedefs of structs"),
]


def rules(path):
    for words, why in CALLS.items():
        # glibc is the second opinion that base/zone is tested against.
        if "localtime_r" in words and path == "tests/unit/zone_test.c":
            continue
        yield NOT_A_MEMBER + r"(%s)\s*\(" % words.replace(" ", "|"), why
    yield from (p for p in PATTERNS if path != LOSES_DATA or "MDB_NOSYNC" not in p[0])
    if path.startswith("tests/bench/"):
        return
    if path.startswith("tests/"):
        yield NOT_A_MEMBER + r"(sleep|nanosleep|clock_nanosleep)\s*\(", "tests do not sleep"
    elif not path.startswith(("cmd/", "deploy/")):
        yield NOT_A_MEMBER + BELOW_CMD + r"\s*\(", "below cmd/ nobody exits or prints"
        yield r"\b(stderr|stdout)\b", "below cmd/ nobody prints"


bad = 0
for path in sys.stdin.read().splitlines():
    checks = [(re.compile(pattern), why) for pattern, why in rules(path)]
    for number, line in enumerate(code(path).split("\n"), 1):
        for pattern, why in checks:
            found = pattern.search(line)
            if found:
                print("%s:%d: %s: %s" % (path, number, found.group().strip(" ("), why))
                bad = 1
sys.exit(bad)
