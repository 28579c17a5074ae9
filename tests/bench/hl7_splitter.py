#!/usr/bin/python3
"""The script that a good Python programmer would write to read such a batch: it splits at
the delimiters, builds the records as dictionaries and writes them as JSON lines, two a
message. It splits components and repetitions only of the fields that it needs, undoes
escapes only where there are any, and judges nothing: no character set but UTF-8, no
delimiters but the usual ones, no counts of the trailer, no codes but those in its tables.

  hl7_splitter.py FILE >records.jsonl     the number of messages goes to stderr
"""

import re
import sys
from datetime import datetime
from json import dumps
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("America/Chicago")
AUTHORITY = "NORTHSIDE"
GENDER = {"F": "female", "M": "male", "O": "other", "U": "unknown"}
STATUS = {"booked": "booked", "pending": "pending", "cancelled": "cancelled"}
MINUTES = {"MIN": 1, "S": 1 / 60, "HR": 60}
PHONES = {"CP": "mobile", "PH": "home"}
ESCAPE = re.compile(r"\\([FSTRE]|\.br)\\")
ESCAPED = {"F": "|", "S": "^", "T": "&", "R": "~", "E": "\\", ".br": "\n"}


def plain(text):
    if "\\" in text:
        return ESCAPE.sub(lambda found: ESCAPED[found[1]], text)
    return text


def parse(message):
    """The fields of each segment, by its name: {"PID": [["PID", "1", ...]]}."""
    segments = {}
    for line in message:
        fields = line.split("|")
        if fields[0] == "MSH":
            fields.insert(1, "|")
        segments.setdefault(fields[0], []).append(fields)
    return segments


def field(segment, n):
    return segment[n] if n < len(segment) else ""


def repetitions(segment, n):
    text = field(segment, n)
    return [each.split("^") for each in text.split("~")] if text else []


def components(segment, n):
    return field(segment, n).split("^")


def component(parts, n):
    return plain(parts[n - 1]) if n <= len(parts) else ""


def code(segment, n):
    return component(components(segment, n), 1)


def words(segment, n):
    parts = components(segment, n)
    return component(parts, 2) or component(parts, 1)


def put(data, key, value):
    if value:
        data[key] = value


def identifier(parts):
    value, system = component(parts, 1), component(parts, 4).split("&")[0]
    return value if system in ("", AUTHORITY) else value + "^^^" + system


def moment(text):
    return datetime(int(text[0:4]), int(text[4:6]), int(text[6:8]), int(text[8:10]),
                    int(text[10:12]), int(text[12:14] or 0), tzinfo=ZONE).isoformat()


def phones(pid, data):
    numbers = {}
    for parts in repetitions(pid, 13):
        kind = component(parts, 3)
        if kind == "Internet":
            put(data, "email", component(parts, 4))
        elif kind in PHONES:
            numbers[PHONES[kind]] = "+" + "".join(component(parts, n) for n in (5, 6, 7))
    put(data, "phone", numbers)


def patient(pid):
    ids = repetitions(pid, 3)
    name, home = components(pid, 5), components(pid, 11)
    data = {"identifier": []}
    for parts in ids:
        one = {"value": component(parts, 1)}
        put(one, "system", component(parts, 4).split("&")[0])
        put(one, "type", component(parts, 5))
        data["identifier"].append(one)
    data["name"] = {"family": component(name, 1),
                    "given": [part for part in (component(name, 2), component(name, 3)) if part]}
    born = code(pid, 7)
    put(data, "birth_date", born and "%s-%s-%s" % (born[0:4], born[4:6], born[6:8]))
    put(data, "gender", GENDER.get(code(pid, 8)))
    phones(pid, data)
    address = {}
    put(address, "line", [part for part in (component(home, 1), component(home, 2)) if part])
    for n, key in enumerate(("city", "state", "postal_code", "country"), 3):
        put(address, key, component(home, n))
    put(data, "address", address)
    put(data, "language", code(pid, 15))
    put(data, "marital_status", code(pid, 16))
    record_number = next((parts for parts in ids if component(parts, 5) == "MR"), ids[0])
    return identifier(record_number), data


def times(segments, sch):
    if "TQ1" in segments:
        return code(segments["TQ1"][0], 7), code(segments["TQ1"][0], 8)
    quantity = components(sch, 11)
    return component(quantity, 4), component(quantity, 5)


def resources(segments, data):
    if "AIS" in segments:
        put(data, "service_type", words(segments["AIS"][0], 3))
    for aip in segments.get("AIP", ()):
        who = components(aip, 3)
        one = {"id": component(who, 1)}
        if component(who, 13) == "NPI":
            one["npi"] = one["id"]
        put(one, "display",
            " ".join(part for part in (component(who, n) for n in (6, 3, 4, 2, 5)) if part))
        data.setdefault("practitioner", []).append(one)
        data.setdefault("practitioner_id", one["id"])
    if "AIL" in segments:
        place = components(segments["AIL"][0], 3)
        put(data, "location_id",
            "/".join(part for part in (component(place, n) for n in (4, 1, 2, 3)) if part))
        put(data, "room", component(place, 2))


def appointment(segments, patient_id):
    sch = segments["SCH"][0]
    status = code(sch, 25)
    placer, filler = code(sch, 1), code(sch, 2)
    start, end = times(segments, sch)
    data = {"status": STATUS[status.lower()], "status_raw": status}
    put(data, "placer_id", placer)
    put(data, "filler_id", filler)
    data["patient_id"] = patient_id
    data["start"] = moment(start)
    put(data, "end", end and moment(end))
    if field(sch, 9):
        data["duration_minutes"] = round(float(code(sch, 9)) * MINUTES[code(sch, 10).upper()])
    put(data, "type", words(sch, 8))
    put(data, "reason", words(sch, 7))
    put(data, "comment", "\n".join(plain(field(nte, 3)) for nte in segments.get("NTE", ())))
    resources(segments, data)
    if "PV1" in segments:
        put(data, "visit_number", code(segments["PV1"][0], 19))
    return placer or filler, data


def records(message):
    """Its patient and its appointment: operation, type, id, data, event time."""
    segments = parse(message)
    event_at = moment(segments["MSH"][0][7])
    patient_id, data = patient(segments["PID"][0])
    ident, visit = appointment(segments, patient_id)
    return (("patch", "patient", patient_id, data, event_at),
            ("patch", "appointment", ident, visit, event_at))


def messages(lines):
    """The lines of each message of a batch, without the segments around them."""
    message = []
    for line in lines:
        name = line[:3]
        if name in ("MSH", "BHS", "BTS", "FHS", "FTS"):
            if message:
                yield message
            message = []
        if name not in ("BHS", "BTS", "FHS", "FTS"):
            message.append(line[:-1])
    if message:
        yield message


def main(path):
    row = 0
    out = open(1, "w", encoding="utf-8", closefd=False)
    with open(path, encoding="utf-8", newline="\r") as f:
        for row, message in enumerate(messages(f), 1):
            for op, kind, ident, data, event_at in records(message):
                record = {"op": op, "type": kind, "source": "bench", "id": ident,
                          "event_at": event_at, "origin": {"row": row}, "data": data}
                out.write(dumps(record, separators=(",", ":"), ensure_ascii=False) + "\n")
    out.flush()
    print("%d messages" % row, file=sys.stderr)


if __name__ == "__main__":
    main(*sys.argv[1:])
