#!/usr/bin/python3
"""An API that misbehaves by script, for the target's contract tests.

usage: fake_api.py DIR

Makes DIR/ca.pem, DIR/server.pem and DIR/server.key, listens on a free loopback
port with TLS, and then writes DIR/port. The first parts of a path are
/NAME/STEP,STEP,...: each request to NAME does the next step, and the last one stays.

  200 204 400 ...      answer so, without a body
  429:7 503:date       the same with Retry-After, in seconds or as a date in 9 s
  drop                 take it, then close without an answer
  cut                  take it, then send half of the answer
  head:20 bye:20       take it, then send 20 bytes of the headers and end the connection,
                       or say by TLS that it ends
  early:20 early       the same behind a 103; a 103 and a whole answer
  refuse               take it, but records whose id starts with "bad"
  late                 as refuse, with status "later"
  both                 refuse, but with HTTP 422 and the results
  unknown              a result for a record that was not sent
  json html big moved  answer 200 with bad JSON, a page, 5 MiB; 302
  token                401 unless the token is "new"
  gzip                 415 unless the body is packed
  key                  401 unless X-Api-Key is "k-2"

GET /state/NAME: what NAME was sent, as "requests=N keys=N applied=N wrong=N".
"""
import email.utils
import gzip
import json
import os
import re
import ssl
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

LOCK = threading.Lock()
NAMES = {}
HEADS = ("head", "bye", "early")


class Name:
    def __init__(self):
        self.requests = 0
        self.bodies = {}
        self.spans = {}  # libcurl sends one again if a kept connection dies
        self.answers = {}
        self.applied = 0
        self.wrong = 0


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True

    def log_message(self, *args):
        pass

    def send(self, status, body=b"", headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def send_json(self, status, value):
        self.send(status, json.dumps(value).encode(), [("Content-Type", "application/json")])

    def check_headers(self, name, body):
        key = self.headers.get("Idempotency-Key", "")
        trace = self.headers.get("traceparent", "")
        span = re.fullmatch("00-0af7651916cd43dd8448eb211c80319c-([0-9a-f]{16})-01", trace)
        good = (len(key) == 32 and span is not None
                and name.spans.setdefault(span[1], key) == key and self.headers.get("Emrdrop-Run") == "01RUN"
                and self.headers.get("Content-Type") == "application/json"
                and self.headers.get("User-Agent", "").startswith("emrdrop/")
                and self.headers.get("Expect") is None
                and name.bodies.setdefault(key, (self.path, body)) == (self.path, body))
        name.wrong += not good
        return key

    def apply(self, name, key, body):
        """Each key counts once, as an API that honours it does."""
        sent = json.loads(body)
        records = sent["records"] if "records" in sent else [sent]
        bad = [r for r in records if r["id"].startswith("bad")]
        if key not in name.answers:
            name.applied += len(records)
            name.answers[key] = True
        return bad

    def refuse(self, step, bad):
        status = "later" if step == "late" else "refused"
        results = [{"n": r["n"], "status": status, "code": "no-good",
                    "message": "the family name " + r["id"]} for r in bad]
        if self.command != "POST" and step != "late":
            return self.send_json(422 if bad else 200, {"code": "no-good"})
        self.send_json(422 if step == "both" else 200, {"results": results})

    def send_head(self, step):
        how, _, n = step.partition(":")
        whole = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
        if how == "early":
            self.wfile.write(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")
        self.wfile.write(whole[:int(n) if n else len(whole)].encode())
        self.wfile.flush()
        self.close_connection = n != ""
        if how == "bye":
            self.connection.unwrap()

    def odd(self, step):
        kind = [("Content-Type", "application/json")]
        if step == "json":
            self.send(200, b'{"results":[', kind)
        elif step == "html":
            self.send(200, b"\n<html>Please log in", [("Content-Type", "text/html")])
        elif step == "big":
            self.send(200, b"x" * (5 << 20))
        elif step.startswith(HEADS):
            self.send_head(step)
        elif step == "moved":
            self.send(302, headers=[("Location", "/elsewhere")])
        elif step == "unknown":
            self.send_json(200, {"results": [{"n": 999999, "status": "refused"}]})
        else:
            status, _, after = step.partition(":")
            if after == "date":
                after = email.utils.formatdate(time.time() + 9, usegmt=True)
            self.send(int(status), headers=[("Retry-After", after)] if after else [])

    def deliver(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        _, which, script = self.path.split("/")[:3]
        with LOCK:
            name = NAMES.setdefault(which, Name())
            steps = script.split(",")
            step = steps[min(name.requests, len(steps) - 1)]
            name.requests += 1
            key = self.check_headers(name, body)
            packed = self.headers.get("Content-Encoding") == "gzip"
            if packed:
                body = gzip.decompress(body)
            if step == "token":
                fresh = self.headers.get("Authorization") == "Bearer new"
                step = "200" if fresh else "401"
            if step == "gzip":
                step = "200" if packed else "415"
            if step == "key":
                step = "200" if self.headers.get("X-Api-Key") == "k-2" else "401"
            takes = step.startswith(HEADS + ("200", "204", "drop", "cut", "refuse", "late", "both"))
            bad = self.apply(name, key, body) if takes else []
        if step == "drop":
            self.close_connection = True
        elif step == "cut":
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", "30")
            self.end_headers()
            self.wfile.write(b'{"results":[')
            self.close_connection = True
        elif step in ("refuse", "late", "both"):
            self.refuse(step, bad)
        else:
            self.odd(step)

    do_POST = do_PUT = do_DELETE = deliver

    def do_OPTIONS(self):
        self.odd(self.path.split("/")[2])

    def do_GET(self):
        name = NAMES.get(self.path.split("/")[2], Name())
        text = "requests=%d keys=%d applied=%d wrong=%d" % (
            name.requests, len(name.bodies), name.applied, name.wrong)
        self.send(200, text.encode())


def certificates():
    run = lambda *a: subprocess.run(["openssl", *a], check=True, capture_output=True)
    new = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    run("req", "-x509", *new, "-keyout", "ca.key", "-out", "ca.pem", "-subj",
        "/CN=emrdrop test CA", "-days", "2")
    run("req", *new, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=localhost")
    with open("san", "w") as f:
        f.write("subjectAltName=IP:127.0.0.1,DNS:localhost\n")
    run("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
        "-CAcreateserial", "-out", "server.pem", "-extfile", "san", "-days", "2")


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass    # clients that don't trust us hang up


def main():
    os.chdir(sys.argv[1])
    certificates()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain("server.pem", "server.key")
    server = Server(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True,
                                        do_handshake_on_connect=False)
    with open("port.new", "w") as f:
        f.write("%d\n" % server.server_address[1])
    os.rename("port.new", "port")
    server.serve_forever()


main()
