#!/usr/bin/python3
"""The script that a good Python programmer would write for the same job: one pass from
SFTP to HTTPS, prefetching, one kept-alive session, batches of 500, the same records, what
was sent in this file not sent twice. It keeps no state, retries nothing, and judges
nothing before it sends.

  peer.py PORT USER DIR FILE URL      DIR: client, known_hosts, token, ca.pem
"""

import csv
import io
import re
import sys
from contextlib import contextmanager
from datetime import datetime
from hashlib import blake2b
from json import dumps
from os.path import join
from zoneinfo import ZoneInfo

import paramiko
import requests

BATCH = 500
ZONE = ZoneInfo("America/Chicago")
GENDER = {"F": "female", "M": "male", "X": "other", "U": "unknown"}
STATUS = {"scheduled": "booked", "confirmed": "booked", "pen": "pending", "chk": "checked-in",
          "n/s": "noshow", "x": "cancelled", "canc: <24h": "cancelled"}
EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
NOT_DIGITS = re.compile(r"\D+")
KEY = b"0123456789abcdef"
COMPACT = (",", ":")


def phone(text):
    digits = NOT_DIGITS.sub("", text)
    if len(digits) == 11 and digits[0] == "1":
        digits = digits[1:]
    return "+1" + digits if len(digits) == 10 else ""


def day(text):
    month, date, year = text.split("/")
    return int(year), int(month), int(date)


def moment(date, clock):
    hour, minute = clock[:5].split(":")
    hour = int(hour)
    if clock[5:]:
        hour = hour % 12 + (12 if clock.endswith("PM") else 0)
    return datetime(*day(date), hour, int(minute), tzinfo=ZONE).isoformat()


def patient(row):
    (mrn, family, given, born, sex, cell, home, email, street, city, state, zip_code) = row[:12]
    if not mrn or "E+" in mrn:
        raise ValueError("id")
    data = {"name": {"family": family, "given": [given]}}
    if born:
        data["birth_date"] = "%04d-%02d-%02d" % day(born)
    if sex in GENDER:
        data["gender"] = GENDER[sex]
    phones = {kind: number for kind, number in (("mobile", phone(cell)), ("home", phone(home)))
              if number}
    if phones:
        data["phone"] = phones
    if EMAIL.fullmatch(email):
        data["email"] = email
    data["address"] = {"line": [street], "city": city, "state": state, "postal_code": zip_code}
    return "patch", "patient", mrn, data, None


def appointment(row):
    (visit, date, clock, minutes, status, reason, doctor, modified) = row[12:]
    data = {"status": STATUS[status.lower()], "status_raw": status, "patient_id": row[0],
            "start": moment(date, clock)}
    if minutes:
        data["duration_minutes"] = int(minutes)
    if reason:
        data["reason"] = reason
    if doctor:
        data["practitioner_id"] = doctor
    return "put", "appointment", visit, data, moment(*modified.split(" "))


class Sender:
    def __init__(self, url, folder):
        self.url, self.records, self.seen = url, [], {}
        self.n = self.batch = 0
        self.session = requests.Session()
        self.session.trust_env = False  # no look for proxies and .netrc at each request
        self.session.verify = join(folder, "ca.pem")
        with open(join(folder, "token"), encoding="ascii") as f:
            self.session.headers["Authorization"] = "Bearer " + f.read().strip()
        self.session.headers["Content-Type"] = "application/json"

    def add(self, row, record):
        op, kind, ident, data, event_at = record
        text = dumps(data, separators=COMPACT, ensure_ascii=False)
        version = blake2b(text.encode(), key=KEY, digest_size=16).digest()
        if self.seen.get((kind, ident)) == version:
            return
        self.seen[kind, ident] = version
        self.n += 1
        event = '"event_at":"%s",' % event_at if event_at else ""
        self.records.append(
            '{"n":%d,"op":"%s","type":"%s","source":"bench","id":%s,"version":"%s",%s'
            '"origin":{"row":%d},"data":%s}'
            % (self.n, op, kind, dumps(ident), version.hex(), event, row, text))
        if len(self.records) == BATCH:
            self.flush()

    def flush(self):
        if not self.records:
            return
        body = ('{"schema":"emrdrop/1","feed":"bench","file":{"id":"bench","sha256":"%064d"},'
                '"pass":1,"batch":"%d","records":[%s]}'
                % (0, self.batch, ",".join(self.records))).encode()
        key = blake2b(body, key=KEY, digest_size=16).hexdigest()
        reply = self.session.post(self.url, data=body, headers={"Idempotency-Key": key})
        reply.raise_for_status()
        self.batch += 1
        self.records.clear()


@contextmanager
def remote_text(port, user, folder, path, newline):
    """A file of the server, as it comes."""
    with paramiko.SSHClient() as ssh:
        ssh.load_host_keys(join(folder, "known_hosts"))
        ssh.connect("127.0.0.1", int(port), user, key_filename=join(folder, "client"),
                    allow_agent=False, look_for_keys=False)
        with ssh.open_sftp() as sftp, sftp.open(path, "rb") as remote:
            remote.prefetch()
            yield io.TextIOWrapper(io.BufferedReader(remote, 1 << 20), "utf-8", newline=newline)


def main(port, user, folder, path, url):
    sender, bad = Sender(url, folder), 0
    with remote_text(port, user, folder, path, "") as text:
        rows = csv.reader(text)
        next(rows)
        for number, row in enumerate(rows, 2):
            try:
                records = patient(row), appointment(row)
            except (ValueError, KeyError):
                bad += 1
                continue
            for record in records:
                sender.add(number, record)
    sender.flush()
    print("%d records in %d batches, %d rows rejected" % (sender.n, sender.batch, bad))


if __name__ == "__main__":
    main(*sys.argv[1:])
