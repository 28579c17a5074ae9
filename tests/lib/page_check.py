#!/usr/bin/env python3
"""Is the page of `emrdrop report` sound, and are its figures true?

    page_check.py PAGE JSON EXPORT      complaints, a line each; the figures are those of
                                        `report --json` and of `ledger export`
    page_check.py --text PAGE           what a reader sees
    page_check.py --colours PNG COLOUR...
                                        how many pixels have each; other: none of them
"""

import base64
import collections
import datetime
import hashlib
import html.parser
import json
import re
import struct
import sys
import zlib
import zoneinfo

VOID = {"meta", "br", "path"}
COUNTS = ("files", "rows", "changes", "rejected")


class Page(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.wrong, self.stack, self.seen = [], [], []
        self.style, self.csp, self.words, self.charts = "", "", [], []
        self.tables, self.cells, self.heads = [], 0, []
        self.feed(text)
        self.close()
        if self.stack:
            self.wrong.append(f"never closed: {self.stack}")

    def complain(self, why):
        self.wrong.append(f"line {self.getpos()[0]}: {why}")

    def handle_starttag(self, tag, attrs):
        a = dict(attrs)
        self.seen.append((tag, a))
        if len(a) != len(attrs):
            self.complain(f"<{tag}> has an attribute twice")
        for name, value in attrs:
            if name.startswith("on") or name in ("style", "src", "href", "srcset", "action"):
                self.complain(f"<{tag}> has {name}={value}")
        if tag in ("script", "link", "img", "iframe", "object", "form", "input", "base", "a"):
            self.complain(f"<{tag}>")
        if a.get("http-equiv") == "Content-Security-Policy":
            self.csp = a["content"]
        if tag == "svg":
            self.charts.append(a.get("aria-label", ""))
            if a.get("role") != "img" or not re.match(r"[\d,]+ \w+", a.get("aria-label", "")):
                self.complain("a chart says nothing")
        if tag == "table":
            self.heads.append(0)
        if tag == "tr":
            self.cells = 0
        if tag in ("td", "th"):
            self.cells += 1
            if tag == "th" and a.get("scope") not in ("col", "row"):
                self.complain("a header of nothing")
        if tag not in VOID:
            self.stack.append(tag)

    def handle_endtag(self, tag):
        if tag in VOID:
            return
        if not self.stack or self.stack.pop() != tag:
            self.complain(f"</{tag}> closes nothing")
        if tag == "tr" and self.heads[-1] == 0:
            self.heads[-1] = self.cells
        elif tag == "tr" and self.cells != self.heads[-1]:
            self.complain(f"{self.cells} cells below {self.heads[-1]} titles")

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)

    def handle_data(self, data):
        if self.stack and self.stack[-1] == "style":
            self.style += data
        elif data.strip():
            self.words.append(data)


def luminance(colour):
    parts = [int(c * (2 if len(colour) == 4 else 1), 16) / 255
             for c in re.findall("." if len(colour) == 4 else "..", colour[1:])]
    parts = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrasts(style):
    """WCAG 2.1, 1.4.3: text 4.5 to 1; 1.4.11: what charts are drawn with 3 to 1."""
    blocks = re.findall(r":root \{(.*?)\}", style, re.S)
    for block in blocks:
        v = dict(re.findall(r"--(\w+): (#[0-9a-f]+);", block))
        for name in ("ink", "faint", "bad", "warn", "good", "bar"):
            light, dark = sorted((luminance(v[name]), luminance(v["paper"])), reverse=True)
            ratio = (light + 0.05) / (dark + 0.05)
            if ratio < (3 if name == "bar" else 4.5):
                yield f"{name} {v[name]} on {v['paper']}: {ratio:.1f} to 1"
    if len(blocks) != 3:
        yield "light, dark and printed have a set of colours each"


def policy(page):
    digest = base64.b64encode(hashlib.sha256(page.style.encode()).digest()).decode()
    want = (f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; "
            "form-action 'none'")
    if page.csp != want:
        yield f"the policy is {page.csp}"
    if re.search(r"url\(|@import|expression", page.style):
        yield "the style asks for something else"


def figures(report, export):
    """Each feed's days, out of the ledger as it was exported."""
    zone = zoneinfo.ZoneInfo(report["timezone"])
    today = datetime.datetime.fromtimestamp(report["made_ms"] / 1000, zone).date()
    first = today - datetime.timedelta(days=report["days"] - 1)
    days = collections.defaultdict(lambda: collections.defaultdict(collections.Counter))
    for line in open(export, encoding="utf-8"):
        f = json.loads(line)
        if f.get("table") != "files":
            continue
        day = datetime.datetime.fromisoformat(f["read"].replace("Z", "+00:00"))
        day = day.astimezone(zone).date()
        if first <= day <= today:
            days[f["feed"]][str(day)].update(
                files=1, rows=f["rows"], changes=f["delivered"], rejected=f["rejected"])
    return days


def check(path, report_path, export):
    text = open(path, encoding="utf-8").read()
    page = Page(text)
    report = json.load(open(report_path, encoding="utf-8"))
    wrong = page.wrong + list(contrasts(page.style)) + list(policy(page))
    days, charts = figures(report, export), iter(page.charts)
    for feed in report["feeds"]:
        known = days[feed["feed"]]
        told = {d["day"]: {c: d[c] for c in COUNTS} for d in feed["days"] if d["files"]}
        if told != {d: {c: known[d][c] for c in COUNTS} for d in known}:
            wrong.append(f"{feed['feed']}: the days are not those of the ledger")
        for count, words in zip(COUNTS, ("files", "rows", "changes", "rejected rows")):
            total = sum(d[count] for d in known.values())
            if not next(charts).startswith(f"{total:,} {words} in {report['days']} days"):
                wrong.append(f"{feed['feed']}: the chart of {count} is not of {total:,}")
            if f"<b>{total:,}</b>" not in text:
                wrong.append(f"{feed['feed']}: {total:,} {words} stand nowhere")
        due, late = (sum(d[c] for d in feed["days"]) for c in ("due", "late"))
        if due and not next(charts).startswith(
                f"{late} late files in {report['days']} days, of {due} that were due"):
            wrong.append(f"{feed['feed']}: the chart of late files is not of {late}")
    if not text.startswith("<!DOCTYPE html>\n<html lang=\"en\">"):
        wrong.append("no document type, or no language")
    return wrong


def pixels(path):
    """Of an 8-bit PNG without interlacing: (red, green, blue), one after the other."""
    data = open(path, "rb").read()
    at, packed = 8, b""
    while at < len(data):
        n, kind = struct.unpack(">I4s", data[at:at + 8])
        if kind == b"IHDR":
            width, height, depth, colour = struct.unpack(">IIBB", data[at + 8:at + 18])
        if kind == b"IDAT":
            packed += data[at + 8:at + 8 + n]
        at += 12 + n
    size = {2: 3, 6: 4}[colour]
    assert depth == 8
    raw, line = zlib.decompress(packed), bytearray(width * size)
    for y in range(height):
        start = y * (width * size + 1)
        line = unfilter(raw[start], bytearray(raw[start + 1:start + 1 + width * size]),
                        line, size)
        for x in range(0, width * size, size):
            yield bytes(line[x:x + 3])


def unfilter(kind, line, above, size):
    if kind == 0 or (kind == 2 and not any(line)):
        return line if kind == 0 else above
    for i in range(len(line)):
        left = line[i - size] if i >= size else 0
        corner = above[i - size] if i >= size else 0
        guess = left + above[i] - corner
        paeth = min((left, above[i], corner), key=lambda v: abs(guess - v))
        line[i] = (line[i] + (left, above[i], (left + above[i]) // 2, paeth)[kind - 1]) & 255
    return line


def main():
    if sys.argv[1] == "--text":
        print("\n".join(Page(open(sys.argv[2], encoding="utf-8").read()).words))
    elif sys.argv[1] == "--colours":
        count = collections.Counter(pixels(sys.argv[2]))
        named = [count.pop(bytes.fromhex(c), 0) for c in sys.argv[3:]]
        print(*named, sum(count.values()))
    else:
        print("\n".join(check(*sys.argv[1:4])))


main()
