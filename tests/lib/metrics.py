#!/usr/bin/python3
"""Reads files of the textfile collector strictly, and prints NAME{LABELS} VALUE, sorted.

usage: metrics.py FILE...

Prometheus' text format 0.0.4, and what `promtool check metrics` asks for: HELP, then
TYPE, then the samples of each metric, all together; counters and only counters end in
_total; base units; one value for each set of labels. Ends with 1 and says why.
"""
import re
import sys

NAME = re.compile(r"[a-z][a-z0-9_]*")
SAMPLE = re.compile(r'([a-z0-9_]+)\{((?:[a-z_]+="[^"\\\n]*",?)+)\} ([-+0-9.e]+)')
NO_UNITS = ("_ms", "_milliseconds", "_minutes", "_hours", "_kilobytes", "_percent")


def complain(path, number, why):
    sys.exit("%s:%d: %s" % (path, number, why))


def check_name(name, kind):
    if not NAME.fullmatch(name) or "__" in name:
        return "no name for a metric"
    if kind not in ("counter", "gauge"):
        return "no type that is used here"
    if (kind == "counter") != name.endswith("_total"):
        return "counters, and nothing else, end in _total"
    if name.removesuffix("_total").endswith(NO_UNITS):
        return "not in base units"
    if name.endswith(("_count", "_sum", "_bucket", "_info")):
        return "a name of other types"
    return None


def read(path, samples):
    helped = kind = name = None
    seen = set()
    with open(path, encoding="ascii") as f:
        text = f.read()
    if not text.endswith("\n"):
        sys.exit("%s: does not end with a line end" % path)
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split(" ", 3)
        if line.startswith("# HELP "):
            if words[2] in seen or len(words) < 4:
                complain(path, number, "told twice, or without words")
            helped, kind = words[2], None
            seen.add(helped)
        elif line.startswith("# TYPE "):
            name, kind = words[2], words[3]
            why = "no HELP before it" if name != helped else check_name(name, kind)
            if why:
                complain(path, number, why)
        else:
            found = SAMPLE.fullmatch(line)
            if not found or kind is None or found[1] != name:
                complain(path, number, "no sample of the metric above it")
            key = "%s{%s}" % (found[1], found[2])
            if key in samples:
                complain(path, number, "there already")
            samples[key] = float(found[3])


def main():
    samples = {}
    for path in sys.argv[1:]:
        read(path, samples)
    for key in sorted(samples):
        print(key, "%.15g" % samples[key])


main()
