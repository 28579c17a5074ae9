#!/usr/bin/env python3
"""Compares the dates of one preview with its message and with the FHIR beside it.

  dates.py PREVIEW MESSAGE FHIR DIGITS BIRTH_DATE BIRTH_TIME     (see dates.tsv)
"""
import sys

import realdata as rd

BIRTH_TIME = "http://hl7.org/fhir/StructureDefinition/patient-birthTime"


def main():
    preview, message, fhir = rd.load(sys.argv[1]), sys.argv[2], rd.load(sys.argv[3])
    digits, birth_date, birth_time = int(sys.argv[4]), sys.argv[5], sys.argv[6]
    m = rd.Message(message)
    name = message.rsplit("/", 1)[-1]
    pid7 = m.field("PID", 7)
    patient = rd.records(preview, "patient")
    theirs = rd.resources(fhir, "Patient")[0]
    times = [
        x["valueDateTime"]
        for x in theirs.get("_birthDate", {}).get("extension", [])
        if x["url"] == BIRTH_TIME
    ]

    rd.same(f"{name}: one patient", 1, len(patient))
    if len(patient) != 1:
        rd.end()
    expected = rd.day(pid7[:digits]) if digits else None
    rd.same(f"{name}: id", m.field("MSH", 10), patient[0]["id"])
    rd.same(f"{name}: birth date", expected, patient[0]["data"].get("birth_date"))
    rd.same(
        f"{name}: warnings",
        set() if digits else {"not_date"},
        rd.warnings(preview) - {"time_future"},
    )
    at = rd.instant(patient[0].get("event_at"))
    rd.same(f"{name}: MSH-7 as an instant", rd.dtm(m.field("MSH", 7)), at)
    rd.same(f"{name}: the FHIR's timestamp", rd.instant(fhir["timestamp"]), at)

    # What the table says of theirs is looked up as well, or it would say nothing.
    rd.same(
        f"{name}: birthDate in the FHIR",
        expected if birth_date == "same" else None,
        theirs.get("birthDate"),
    )
    rd.same(f"{name}: birthTime in the FHIR", birth_time != "absent", bool(times))
    if times:
        told = "".join(c for c in times[0] if c.isdigit())
        rd.same(f"{name}: birthTime, in UTC", "Z", times[0][-1])
        rd.same(
            f"{name}: digits of birthTime",
            pid7.replace(".", "").ljust(14, "0"),
            told,
        )
    rd.end()


main()
