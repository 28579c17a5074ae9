#!/usr/bin/env python3
"""Compares one preview with the FHIR that somebody else made of the same message.

  fhir_pairs.py PREVIEW MESSAGE EXPECTED_JSON

Times are compared as instants: theirs are printed with +05:30. Where we differ on
purpose, DIFFER says so and why, with what ours must be: computed from the message, so
that nothing of it stands here. A difference that is not in the table fails, and so does
a line of the table that no longer holds.
"""
import datetime
import sys

import realdata as rd

SYSTEMS = ("urn:oid:", "http://example.com/v2-to-fhir-converter/Identifier/")


def authority_of(m):
    """CX.4.2, else CX.4.1, for each number of PID-3."""
    found = {}
    for r in m.repetitions("PID", 3):
        parts = (r[3].split("&") if len(r) > 3 else []) + ["", ""]
        found[r[0]] = parts[1] or parts[0]
    return found


# what: (reason, what ours must be, of the message and of theirs)
DIFFER = {
    "identifier authorities": (
        "theirs takes CX.4.3, the kind of universal id, for an authority where it is not ISO",
        lambda m, theirs: authority_of(m),
    ),
    "preferred name": (
        "theirs counts XPN.15, what somebody is called by, among the given names",
        lambda m, theirs: m.first("PID", 5, 15),
    ),
    "status of the encounter": (
        "theirs knows two words; who is registered (A04) has arrived (3.3.4)",
        lambda m, theirs: {"A04": "arrived"}.get(m.first("MSH", 9, 2), theirs),
    ),
    "end of the encounter": (
        "theirs takes PV2-9, the expected discharge, where PV1-45 is empty",
        lambda m, theirs: rd.dtm(m.field("PV1", 45)),
    ),
}


def one(what, found):
    rd.same(f"{what}: how many", 1, len(found))
    return found[0] if found else None


def compare(name, m, what, theirs, ours):
    """Equal, or different in the way that the table says."""
    expected = theirs
    if what in DIFFER:
        reason, rule = DIFFER[what]
        if rule(m, theirs) != theirs:
            expected = rule(m, theirs)
            print(f"known: {name}: {what}: {reason}")
    rd.same(f"{name}: {what}", expected, ours)


def system_of(text):
    for prefix in SYSTEMS:
        if text and text.startswith(prefix):
            return text[len(prefix) :]
    return text


def type_of(identifier):
    coding = identifier.get("type", {}).get("coding", [{}])
    return coding[0].get("code")


def identifiers(name, m, theirs, ours):
    """PID-3 alone: theirs gathers PID-2, -4, -19, -20, DB1, IN2 and GT1 as well."""
    numbers = [r[0] for r in m.repetitions("PID", 3)]
    listed = [i for i in theirs["identifier"] if i["value"] in numbers]
    mine = ours["data"].get("identifier", [])
    rd.same(
        f"{name}: numbers of PID-3 in the FHIR", numbers, [i["value"] for i in listed]
    )
    rd.same(f"{name}: identifiers", numbers, [i["value"] for i in mine])
    rd.same(
        f"{name}: types of identifiers",
        [type_of(i) for i in listed],
        [i.get("type") for i in mine],
    )
    compare(
        name,
        m,
        "identifier authorities",
        {i["value"]: system_of(i.get("system")) for i in listed},
        {i["value"]: i.get("system") for i in mine},
    )
    rd.same(
        f"{name}: the patient's id is the first number of type MR",
        next(i["value"] for i in listed if type_of(i) == "MR"),
        ours["id"].split("^")[0],
    )


def patient(name, m, bundle, preview):
    theirs = one(f"{name}: Patient", rd.resources(bundle, "Patient"))
    ours = one(f"{name}: patient", rd.records(preview, "patient", "patch"))
    if theirs is None or ours is None:
        return
    data = ours["data"]
    # PID-5 repeats: the legal one (XPN.7 is L) is theirs for official use.
    legal = one(
        f"{name}: official name",
        [n for n in theirs["name"] if n.get("use") == "official"],
    )
    called = theirs["name"][0]["given"][-1]
    our_name = data.get("name", {})

    identifiers(name, m, theirs, ours)
    compare(name, m, "family name", legal["family"], our_name.get("family"))
    compare(name, m, "given names", legal["given"], our_name.get("given"))
    compare(name, m, "prefix", legal.get("prefix"), our_name.get("prefix"))
    compare(name, m, "preferred name", None, data.get("preferred_name"))
    rd.same(f"{name}: what theirs calls a given name", called, data.get("preferred_name"))
    compare(name, m, "gender", theirs["gender"], data.get("gender"))
    compare(name, m, "birth date", theirs["birthDate"], data.get("birth_date"))
    compare(
        name,
        m,
        "time of death",
        rd.instant(theirs["deceasedDateTime"]),
        rd.instant(data.get("deceased_at")),
    )


def appointment(name, m, bundle, preview):
    theirs = one(f"{name}: Appointment", rd.resources(bundle, "Appointment"))
    ours = one(f"{name}: appointment", rd.records(preview, "appointment"))
    if theirs is None or ours is None:
        return
    data = ours["data"]
    ids = {type_of(i): i["value"] for i in theirs["identifier"]}

    compare(name, m, "id is the placer's", ids["PLAC"], ours["id"].split("^")[0])
    compare(name, m, "filler id", ids["FILL"], (data.get("filler_id") or "").split("^")[0])
    compare(name, m, "status", theirs["status"], data.get("status"))
    compare(name, m, "start", rd.instant(theirs["start"]), rd.instant(data.get("start")))
    compare(name, m, "end", rd.instant(theirs["end"]), rd.instant(data.get("end")))
    # SCH-9 and SCH-10 come first for both: one minute, whatever start and end say.
    compare(name, m, "minutes", theirs["minutesDuration"], data.get("duration_minutes"))
    compare(name, m, "comment", theirs.get("comment"), data.get("comment"))
    if not (rd.dtm(m.field("TQ1", 7)) == rd.instant(data.get("start"))):
        rd.fail(f"{name}: start is TQ1-7", m.field("TQ1", 7), data.get("start"))
    if "conflict" not in rd.warnings(preview):
        rd.fail(f"{name}: SCH-11 disagrees with TQ1", "conflict", rd.warnings(preview))


def encounter(name, m, bundle, preview):
    theirs = one(f"{name}: Encounter", rd.resources(bundle, "Encounter"))
    ours = one(f"{name}: encounter", rd.records(preview, "encounter"))
    if theirs is None or ours is None:
        return
    data, period = ours["data"], theirs["period"]
    compare(name, m, "status of the encounter", theirs["status"], data.get("status"))
    compare(name, m, "class of the encounter", theirs["class"]["code"], data.get("class"))
    for end in ("start", "end"):
        compare(
            name,
            m,
            f"{end} of the encounter",
            rd.instant(period.get(end)),
            rd.instant(data.get(end)),
        )
    rd.same(f"{name}: encounter's number", m.first("PV1", 19), ours["id"].split("^")[0])


def coverage(name, m, bundle, preview):
    theirs = one(f"{name}: Coverage", rd.resources(bundle, "Coverage"))
    ours = one(f"{name}: coverage", rd.records(preview, "coverage"))
    if theirs is None or ours is None:
        return
    data = ours["data"]
    classes = {c["type"]["coding"][0]["code"]: c["value"] for c in theirs["class"]}
    compare(name, m, "plan", classes["plan"], data.get("plan_id"))
    compare(name, m, "group", classes["group"], data.get("group_id"))
    compare(name, m, "period of the coverage", theirs["period"], data.get("period"))


def merge(name, m, bundle, preview):
    """Theirs is a Linkage of two identifiers, ours a merge: no Patient to compare."""
    theirs = one(f"{name}: Linkage", rd.resources(bundle, "Linkage"))
    ours = one(f"{name}: merge", rd.records(preview, "patient", "merge"))
    if theirs is None or ours is None:
        return
    ids = {i["type"]: i["resource"]["identifier"]["value"] for i in theirs["item"]}
    retired = ours["data"].get("retired_id") or ours.get("retired_id") or ""
    compare(name, m, "who stays", ids["source"], ours["id"].split("^")[0])
    compare(name, m, "who is retired", ids["historical"], retired.split("^")[0])


def event_time(name, m, preview):
    """EVN-2 of most pairs lies years ahead: told, and left out."""
    at = rd.dtm(m.field("EVN", 2) or m.field("MSH", 7))
    ahead = at - datetime.datetime.now(datetime.timezone.utc)
    if abs(ahead) < datetime.timedelta(days=2):
        return
    future = ahead > datetime.timedelta(0)
    rd.same(f"{name}: time_future", future, "time_future" in rd.warnings(preview))
    for record in preview.get("records", []):
        if record["type"] not in ("patient", "appointment", "encounter"):
            continue
        got = rd.instant(record.get("event_at"))
        rd.same(f"{name}: event time of a {record['type']}", None if future else at, got)


def main():
    preview, message, bundle = rd.load(sys.argv[1]), sys.argv[2], rd.load(sys.argv[3])
    m = rd.Message(message)
    name = message.rsplit("/", 1)[-1]
    event = m.first("MSH", 9, 2)

    event_time(name, m, preview)
    if event == "A40":
        merge(name, m, bundle, preview)
        rd.end()
    patient(name, m, bundle, preview)
    if event.startswith("S"):
        appointment(name, m, bundle, preview)
    elif event in ("A28", "A31"):
        # 3.3: person information; theirs makes an Encounter of the PV1, ours none.
        rd.same(f"{name}: encounters", [], rd.records(preview, "encounter"))
    else:
        encounter(name, m, bundle, preview)
    if event.startswith("A"):
        coverage(name, m, bundle, preview)
    rd.end()


main()
