#!/usr/bin/python3
"""Compares what the HL7 cases gave with their expected.json.

    hl7_expect.py FOLDER GOT STATE CASE...

FOLDER/CASE/expected.json is what must be. GOT/CASE/N.json is the report of the run that took
the case's file N, N.err its log, N.preview what a preview of that file printed; STATE is what
the API holds in the end, each case under a source of its own. Prints a line for each
difference; the status is 1 if there is any. fixtures/hl7/README.md explains the keys.
"""

import json
import os
import re
import sys
from datetime import datetime

ABSENT = object()
LISTS = {"problems": "problems", "warnings": "column_warnings"}
OURS = {"exit", "reason", "requests", "preview", "never", "no_warning", "told_file"} | set(LISTS)


def instant(text):
    try:
        return datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None


def fits(want, got):
    """Objects may hold more than is wanted; lists are as long, and fit one by one."""
    if isinstance(want, dict):
        if "any" in want:
            return any(fits(w, got) for w in want["any"])
        if "any_text" in want:
            return isinstance(got, str) and got != ""
        if "instant" in want:
            return isinstance(got, str) and instant(want["instant"]) == instant(got)
        return isinstance(got, dict) and all(fits(w, got.get(k, ABSENT)) for k, w in want.items())
    if isinstance(want, list):
        return (isinstance(got, list) and len(want) == len(got)
                and all(fits(w, g) for w, g in zip(want, got)))
    return got is not ABSENT and type(want) is type(got) and want == got


def show(value):
    if value is ABSENT:
        return "nothing"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) < 400 else text[:400] + "..."


class Case:
    def __init__(self, folder, got, name, records):
        self.name = name
        self.got = os.path.join(got, name)
        self.records = records
        self.failures = 0
        with open(os.path.join(folder, name, "expected.json"), encoding="utf-8") as f:
            self.want = json.load(f)

    def fail(self, what, want, got):
        self.failures += 1
        print(f"FAIL {self.name}: {what}\n  expected {show(want)}\n  got      {show(got)}")

    def check(self, what, want, got):
        if not fits(want, got):
            self.fail(what, want, got)

    def read(self, name):
        try:
            with open(os.path.join(self.got, name), encoding="utf-8") as f:
                return f.read()
        except OSError:
            return ""

    def report(self, n):
        try:
            return json.loads(self.read(f"{n}.json"))["feeds"][0]
        except (ValueError, LookupError, TypeError):
            return {}

    def check_listed(self, what, want, got):
        """Each that is wanted is there; an empty list means none; no row that is not named."""
        if not want and got:
            self.fail(what, want, got)
        for w in want:
            if not any(fits(w, g) for g in got):
                self.fail(what, w, got)
        rows = [w.get("row") for w in want]
        if want and None not in rows:
            for g in got:
                if g["row"] not in rows:
                    self.fail(f"{what} of another row", rows, g)

    def check_file(self, n, want):
        feed = self.report(n)
        if not feed.get("files"):
            self.fail(f"file {n}: a report of it", True, feed.get("error", ABSENT))
            return
        got = feed["files"][0]
        for key, value in want.items():
            if key not in OURS:
                self.check(f"file {n}: {key}", value, got.get(key, ABSENT))
        reason = re.findall(r"[A-Za-z0-9]+", got.get("reason", ""))
        for word in want.get("reason", []):
            if word not in reason:
                self.fail(f"file {n}: the reason has {word}", word, got.get("reason", ABSENT))
        if "requests" in want:
            self.check(f"file {n}: requests", want["requests"], feed.get("requests", ABSENT))
        for key, theirs in LISTS.items():
            if key in want:
                self.check_listed(f"file {n}: {key}", want[key], got.get(theirs, []))
        for code in want.get("no_warning", []):
            if any(w["code"] == code for w in got.get("column_warnings", [])):
                self.fail(f"file {n}: no warning {code}", [], got["column_warnings"])
        if "told_file" in want:
            self.check_told(n, want["told_file"])
        self.check_preview(n, want)

    def check_told(self, n, other):
        """The report or the log of file n names file `other`, by its id."""
        files = self.report(other).get("files") or [{}]
        ident = files[0].get("file", "")[:8]
        if not ident or ident not in self.read(f"{n}.json") + self.read(f"{n}.err"):
            self.fail(f"file {n}: names file {other}", ident, ABSENT)

    def check_preview(self, n, want):
        text = self.read(f"{n}.preview")
        for word in want.get("never", []):
            if word in text:
                self.fail(f"file {n}: never in a preview", [], word)
        if "preview" not in want:
            return
        got = [json.loads(line) for line in text.splitlines()]
        for w in want["preview"]:
            envelope = {k: v for k, v in w.items() if k != "without"}
            if not any(fits(envelope, g) and not any(k in g.get("data", {})
                                                     for k in w.get("without", [])) for g in got):
                self.fail(f"file {n}: preview", w, got)

    def data(self, ident):
        return (self.records.get(ident) or {}).get("data")

    def look(self, path):
        """What stands at "type/id" or "type/id.field.member"."""
        ident, dot, rest = path, "", ""
        if ident not in self.records:
            ident, dot, rest = path.partition(".")
        got = self.data(ident)
        if got is None:
            return ABSENT
        for part in rest.split(".") if dot else []:
            got = got.get(part, ABSENT) if isinstance(got, dict) else ABSENT
        return got

    def check_state(self):
        want = self.want
        for ident, data in want.get("records", {}).items():
            got = self.data(ident)
            self.check(ident, data, ABSENT if got is None else got)
        for path in want.get("absent", []):
            if self.look(path) is not ABSENT:
                self.fail(f"{path} is absent", ABSENT, self.look(path))
        for ident, by in want.get("retired", {}).items():
            got = self.records.get(ident, {}).get("retired_by")
            self.check(f"{ident} is retired by", by, got)
        for ident, n in want.get("changes", {}).items():
            self.check(f"changes of {ident}", n, self.records.get(ident, {}).get("changes", 0))
        for kind, n in want.get("count", {}).items():
            got = [i for i, r in self.records.items()
                   if r["type"] == kind and r["data"] is not None]
            if len(got) != n:
                self.fail(f"{n} of type {kind}", n, got)
        for w in want.get("find", []):
            if not any(fits(w, r) for r in self.records.values()):
                self.fail("one of the records", w, list(self.records))

    def run(self):
        for i, want in enumerate(self.want["files"]):
            self.check_file(i + 1, want)
        self.check_state()
        return self.failures


def main(folder, got, state, names):
    with open(state, encoding="utf-8") as f:
        records = json.load(f)["records"]
    by_source = {}
    for r in records:
        by_source.setdefault(r["source"], {})[f"{r['type']}/{r['id']}"] = r
    failed = [n for n in names if Case(folder, got, n, by_source.get(n, {})).run()]
    if failed:
        print(f"{len(failed)} of {len(names)} cases failed: {' '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4], sys.argv[4:]))
