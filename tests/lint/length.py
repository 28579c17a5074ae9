"""Reads file names on stdin; measures functions and files.

A function's lines go from its name to its closing brace. The layout (lint.format) makes
it easy to find them: the name stands at the start of a line, and so does each brace.
"""

import re
import statistics
import sys

from ctext import code

FUNCTION = re.compile(r"^([a-z_A-Z]\w*)\(")
STATEMENT = re.compile(r"^(\t+)(if|for|while|do|switch|return|goto|break|continue)\b")
LINES_MAX = 60
TEST_LINES_MAX = 120  # with the table that it walks through
PARAMETERS_MAX = 5
NESTING_MAX = 4
MEDIAN_BELOW, P95_BELOW = 18, 50
# Callbacks, whose parameters are a library's.
CALLBACKS = {("cmd/sandbox/server.c", "on_request"), ("cmd/sandbox/server.c", "on_discard"),
             ("mappers/pgp_loop.c", "add_pipe"), ("pollers/ssh_login.c", "answer")}
FILE_MAX = {".c": 500, ".h": 150}
TEST_FILE_MAX = 800

bad = 0


def complain(path, line, why):
    global bad
    print("%s:%d: %s" % (path, line, why))
    bad = 1


def parameters(head):
    """How many commas at the outermost level, plus one."""
    depth = count = 0
    for c in head[head.index("("):]:
        depth += (c == "(") - (c == ")")
        count += c == "," and depth == 1
        if depth == 0:
            return count + 1
    return 0


def functions(lines):
    """Yields (name, first line, last line, text up to the brace), lines from 0."""
    start = name = None
    for n, line in enumerate(lines):
        found = FUNCTION.match(line)
        if found and start is None:
            start, name, body = n, found.group(1), None
        if start is None:
            continue
        if body is None and line == "{":
            body = n
        elif body is None and line.endswith(";"):
            start = None
        elif body is not None and line == "}":
            yield name, start, n, " ".join(lines[start:body])
            start = None


def measure(path):
    lines = code(path).split("\n")
    test = path.startswith("tests/")
    limit = TEST_FILE_MAX if test else FILE_MAX[path[-2:]]
    if len(lines) - 1 > limit:
        complain(path, limit, "%d lines, at most %d" % (len(lines) - 1, limit))
    for name, first, last, head in functions(lines):
        size = last - first + 1
        limit = TEST_LINES_MAX if test else LINES_MAX
        if size > limit:
            complain(path, first + 1, "%s: %d lines, at most %d" % (name, size, limit))
        if parameters(head) > PARAMETERS_MAX and (path, name) not in CALLBACKS:
            complain(path, first + 1, "%s: %d parameters, at most %d"
                     % (name, parameters(head), PARAMETERS_MAX))
        for n in range(first, last):
            found = STATEMENT.match(lines[n])
            if found and len(found.group(1)) - 1 > NESTING_MAX:
                complain(path, n + 1, "%s: nested deeper than %d" % (name, NESTING_MAX))
        if not test:
            yield size


sizes = sorted(size for path in sys.stdin.read().splitlines() for size in measure(path))
if sizes:
    median = statistics.median(sizes)
    p95 = sizes[min(len(sizes) - 1, len(sizes) * 95 // 100)]
    print("%d functions: median %g lines, 95th percentile %d, longest %d"
          % (len(sizes), median, p95, sizes[-1]))
    if median >= MEDIAN_BELOW or p95 >= P95_BELOW:
        complain("tests/lint/length.py", 1, "median must be under %d, 95th percentile under %d"
                 % (MEDIAN_BELOW, P95_BELOW))
sys.exit(bad)
