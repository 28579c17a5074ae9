#!/usr/bin/python3
"""An API that tells everything it was sent, in every place where an answer has room.

usage: echo_api.py DIR

Uses DIR/server.pem and DIR/server.key, listens on a free loopback port with TLS, then
writes DIR/echo.port. The path is the behaviour:

  /400 /422 /500 /302 ...   that status, with the request's body as reason and answer
  /refuse                   200, each record refused, with its data as code and message
  /json /text               200, and the request's body where results should be
"""
import json
import os
import ssl
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def answer(self, status, reason, body, kind="application/json"):
        plain = "".join(c for c in reason if 32 < ord(c) < 127)[:2000]
        self.send_response(status, plain)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Location", "/" + plain)
        self.send_header("Retry-After", plain)
        self.send_header("WWW-Authenticate", 'Bearer realm="%s"' % plain.replace('"', ""))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        text = body.decode("utf-8", "replace")
        what = self.path.strip("/")
        if what == "refuse":
            results = [{"n": r["n"], "status": "refused", "code": json.dumps(r)[:400],
                        "message": json.dumps(r)} for r in json.loads(text)["records"]]
            self.answer(200, text, json.dumps({"results": results}).encode())
        elif what == "json":
            self.answer(200, text, json.dumps({"results": [text]}).encode())
        elif what == "text":
            self.answer(200, text, body, "text/plain")
        else:
            told = {"code": text, "message": text, "error": text}
            self.answer(int(what), text, json.dumps(told).encode())


def main():
    folder = sys.argv[1]
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(os.path.join(folder, "server.pem"), os.path.join(folder, "server.key"))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    path = os.path.join(folder, "echo.port")
    with open(path + ".new", "w") as f:
        f.write(str(server.server_address[1]))
    os.rename(path + ".new", path)
    server.serve_forever()


main()
