#!/usr/bin/env python3
"""The runtime interface of AWS Lambda (2018-06-01), as AWS publishes it, for tests.

lambda_runtime.py PORT EVENTS ANSWERS

Serves the lines of the file EVENTS one after the other as invocations, and writes a line to
ANSWERS for each answer: {"id", "kind": response | error | init, "type", "body"}. Behind the last
event `next` waits for ever, as it does in a function that nobody calls; in place of the event
"cut" the connection ends within the headers. As AWS has it, an
invocation is answered once, by its own id, before the next one is asked for.
"""
import http.server
import json
import sys
import threading

ROOT = "/2018-06-01/runtime/"


class Runtime(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    events = []
    given = 0
    open_id = None
    answers = None
    lock = threading.Lock()

    def log_message(self, *_):
        pass

    def reply(self, status, body=b"", headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        cls = type(self)
        if self.path != ROOT + "invocation/next":
            return self.reply(404)
        with cls.lock:
            if cls.open_id is not None:
                return self.reply(403, b'{"errorType":"InvalidState"}')
            if cls.given == len(cls.events):
                event = None
            else:
                event = cls.events[cls.given]
                cls.given += 1
                cls.open_id = "8476a536-e9f4-11e8-9739-%012d" % cls.given
        if event is None:
            threading.Event().wait()
        if event == b"cut":
            self.close_connection = True
            self.wfile.write(b"HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: 1\r\nContent-Le")
            return None
        return self.reply(200, event, (
            ("Lambda-Runtime-Aws-Request-Id", cls.open_id),
            ("Lambda-Runtime-Deadline-Ms", "1542409706888"),
            ("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:1:function:f"),
            ("Lambda-Runtime-Trace-Id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=1")))

    def do_POST(self):
        cls = type(self)
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        kind = {"init/error": "init",
                "invocation/%s/response" % cls.open_id: "response",
                "invocation/%s/error" % cls.open_id: "error"}.get(self.path[len(ROOT):])
        if kind is None:
            return self.reply(400, b'{"errorType":"InvalidRequestID"}')
        with cls.lock:
            cls.answers.write(json.dumps({
                "id": cls.open_id, "kind": kind,
                "type": self.headers.get("Lambda-Runtime-Function-Error-Type"),
                "body": json.loads(body)}) + "\n")
            cls.answers.flush()
            cls.open_id = None
        return self.reply(202, b'{"status":"OK"}')


def main():
    port, events, answers = sys.argv[1:]
    with open(events, "rb") as f:
        Runtime.events = f.read().splitlines()
    Runtime.answers = open(answers, "w", encoding="utf-8")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", int(port)), Runtime)
    server.daemon_threads = True
    server.serve_forever()


main()
