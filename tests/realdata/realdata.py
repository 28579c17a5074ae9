"""What the comparisons with other people's data share: reading one HL7 message by the
letter, dates, and telling what differs. Plain Python, no packages."""
import datetime
import json
import re
import sys

FAILURES = []


def fail(what, expected, got):
    FAILURES.append(what)
    print(f"FAIL {what}\n  expected {expected!r}\n  got      {got!r}")


def same(what, expected, got):
    if expected != got:
        fail(what, expected, got)


def end():
    sys.exit(1 if FAILURES else 0)


class Message:
    """The first message of a file; only for files with the usual delimiters."""

    def __init__(self, path):
        with open(path, encoding="utf-8") as f:
            text = f.read()
        self.segments = [s.split("|") for s in re.split(r"[\r\n]+", text) if s]
        assert text.startswith("MSH|^~\\&"), path

    def field(self, segment, number):
        """The text of a field of the first such segment, or ''."""
        for s in self.segments:
            if s[0] == segment:
                at = number - 1 if segment == "MSH" else number
                return s[at] if at < len(s) else ""
        return ""

    def repetitions(self, segment, number):
        return [r.split("^") for r in self.field(segment, number).split("~") if r]

    def first(self, segment, number, component=1):
        """A component of the first repetition, its first subcomponent, or ''."""
        for r in self.repetitions(segment, number)[:1]:
            if component <= len(r):
                return r[component - 1].split("&")[0]
        return ""


def load(path):
    with open(path, encoding="utf-8") as f:
        return json.load(f)


def instant(text):
    """A FHIR or RFC 3339 time with a zone, as an instant; None stays None."""
    if text is None:
        return None
    at = datetime.datetime.fromisoformat(text)
    assert at.tzinfo is not None, text
    return at.astimezone(datetime.timezone.utc)


def dtm(text):
    """An HL7 DTM with minutes and an offset, as an instant (DTM); None if it is ''."""
    if not text:
        return None
    m = re.fullmatch(r"(\d{12})(\d{2})?(?:\.\d{1,4})?([+-]\d{4})", text)
    return instant(
        datetime.datetime.strptime(
            m[1] + (m[2] or "00") + m[3], "%Y%m%d%H%M%S%z"
        ).isoformat()
    )


def day(digits):
    """19701031 as 1970-10-31, 197010 as 1970-10, 1970 as it is."""
    return "-".join(p for p in (digits[:4], digits[4:6], digits[6:8]) if p)


def resources(bundle, kind):
    found = [e["resource"] for e in bundle["entry"]]
    return [r for r in found if r["resourceType"] == kind]


def records(preview, kind, op=None):
    return [
        r
        for r in preview.get("records", [])
        if r["type"] == kind and (op is None or r["op"] == op)
    ]


def warnings(preview):
    return {p["code"] for p in preview.get("problems", []) if not p["rejected"]}
