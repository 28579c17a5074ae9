#!/usr/bin/python3
"""Somebody who watches: writes down what is sent to it, one JSON object a line.

usage: hooks.py DIR

Listens on a free loopback port, then writes DIR/hooks.port. Each request becomes a line
of DIR/hooks.log: method, path, body (parsed, if it is JSON) and traceparent. The answer
is the status in DIR/hooks.status, if there is such a file, else 200.
"""
import json
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

FOLDER = sys.argv[1]


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def status(self):
        try:
            with open(os.path.join(FOLDER, "hooks.status"), encoding="ascii") as f:
                return int(f.read())
        except FileNotFoundError:
            return 200

    def do_GET(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        line = {"method": self.command, "path": self.path,
                "body": json.loads(body) if body else None,
                "traceparent": self.headers.get("traceparent")}
        with open(os.path.join(FOLDER, "hooks.log"), "a", encoding="utf-8") as f:
            f.write(json.dumps(line) + "\n")
        self.send_response(self.status())
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_POST = do_GET


def main():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    path = os.path.join(FOLDER, "hooks.port")
    with open(path + ".new", "w", encoding="ascii") as f:
        f.write(str(server.server_port))
    os.rename(path + ".new", path)
    server.serve_forever()


main()
