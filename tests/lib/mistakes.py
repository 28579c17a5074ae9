#!/usr/bin/env python3
"""Feed files that are broken in one line each, and what `emrdrop check` says of them.

    mistakes.py make FIXTURES DIR       writes DIR/etc/feeds.d and what the feeds name
    mistakes.py judge FIXTURES DIR OUT  OUT is what `emrdrop check --json` printed

`judge` prints each mistake that is not told as mutations.tsv expects it, and the share
of typos for which the right word was offered; 1 if anything is wrong.
"""

import csv
import json
import os
import re
import sys

SHARE = 0.9  # of the typos must be offered the right word
HINT = re.compile(r"did you mean (.+?)\?")


def mutations(fixtures):
    with open(os.path.join(fixtures, "mutations.tsv"), encoding="utf-8") as f:
        lines = [line for line in f if not line.startswith("#")]
    rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
    return [dict(row, name=f"m{i:03}") for i, row in enumerate(rows, 1)]


def find(lines, place):
    """The index of "[section]" or "[section] key"."""
    section, key = re.fullmatch(r"(\[[^]]*\]) ?(.*)", place).groups()
    at = [i for i, line in enumerate(lines) if line == section]
    if len(at) != 1:
        raise SystemExit(f"{place}: no such section in the feed file")
    if not key:
        return at[0]
    for i in range(at[0] + 1, len(lines)):
        if lines[i].startswith("["):
            break
        if lines[i].split("=")[0].strip() == key:
            return i
    raise SystemExit(f"{place}: no such key in the feed file")


def mutate(fixtures, row):
    """The file's new lines, and the number of the line that must be named."""
    with open(os.path.join(fixtures, row["feed"] + ".ini"), encoding="utf-8") as f:
        lines = f.read().splitlines()
    at = find(lines, row["line"])
    new = [] if row["new"] == "-" else row["new"].split("\\n")
    lines[at : at + 1] = new
    if row["at"] == "=":
        return lines, at + 1
    if row["at"].startswith("+"):
        return lines, at + 1 + int(row["at"])
    return lines, find(lines, row["at"]) + 1


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    os.chmod(path, 0o600)


def path_of(folder, row):
    place = "" if row["feed"] == "base" else "etc/feeds.d/"
    return os.path.join(folder, f"{place}{row['name']}.ini")


def make(fixtures, folder):
    folder = os.path.abspath(folder)
    for name in ("key", "known_hosts", "token", "drop/none", "answers/none"):
        write(os.path.join(folder, name), "synthetic\n")
    for name in ("base.ini", "rooms.csv"):
        with open(os.path.join(fixtures, name), encoding="utf-8") as f:
            write(os.path.join(folder, name), f.read())
    with open(os.path.join(fixtures, "visits.ini"), encoding="utf-8") as f:
        visits = f.read()
    for row in mutations(fixtures):
        text = "\n".join(mutate(fixtures, row)[0]) + "\n"
        extends = "base.ini"
        if row["feed"] == "base":
            write(path_of(folder, row), text)
            text, extends = visits, row["name"] + ".ini"
        text = text.replace("@NAME@", row["name"]).replace("@DIR@", folder)
        text = re.sub(r"(?m)^(extends *= )base.ini", rf"\1{folder}/{extends}", text)
        text = re.sub(r"(?m)^(file *= )rooms", rf"\1{folder}/rooms", text)
        write(os.path.join(folder, "etc/feeds.d", row["name"] + ".ini"), text)


def messages(feed):
    """All that is said of a feed: its mistakes, and files that can't be read."""
    told = list(feed.get("mistakes", []))
    return told + [v for k, v in feed.items() if k.startswith("[")]


def judge(fixtures, folder, out):
    folder = os.path.abspath(folder)
    with open(out, encoding="utf-8") as f:
        feeds = {os.path.basename(x["path"])[:-4]: x for x in json.load(f)["feeds"]}
    rows = mutations(fixtures)
    wrong = typos = right = 0
    for row in rows:
        told = messages(feeds[row["name"]])
        place = f"{path_of(folder, row)}:{mutate(fixtures, row)[1]}: "
        here = [t for t in told if t.startswith(place) and row["says"] in t]
        if row["meant"]:
            typos += 1
            hinted = any(row["meant"] in HINT.findall(t) for t in here)
            right += hinted
            if here and not hinted:
                print(f"not offered: {row['meant']}: {row['new']}\n  {here}")
        if not here:
            wrong += 1
            print(f"not told: {row['line']} -> {row['new']}\n  at {place}\n  {told}")
    share = right / typos
    print(f"{len(rows)} mistakes, {len(rows) - wrong} told where they are; ", end="")
    print(f"{typos} typos, {right} with the right word: {share:.1%}")
    return 1 if wrong or share < SHARE or len(rows) < 100 else 0


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(*sys.argv[2:])
    else:
        sys.exit(judge(*sys.argv[2:]))
