#!/usr/bin/python3
"""An SFTP server that behaves as real ones do at times, for the contract tests.

usage: odd_sftpd.py FOLDER MODE

MODE   short        answers a read with fewer bytes than were asked for
       names        lists names that no file can have, beside those of FOLDER
       typeless     sends permissions without the type of file
       bare         sends neither size nor time
       larger       lists files as a byte larger than they are, as one that converts them does
       torn         ends the service in the middle of the first piece of a file, once
       stub         ends the service in the middle of its first answer
       unclosed     takes what is written, and never says that the file is closed
       interactive  lets "drop" in by keyboard-interactive only, password "drop-password"

Prints "PORT KNOWN_HOSTS_LINE" and serves until its input ends. In the other modes any
key logs in.
"""
import os
import socket
import struct
import sys
import threading

import paramiko

CMD_VERSION, CMD_DATA = 2, 103
TEARS = {"torn": [CMD_DATA], "stub": [CMD_VERSION]}
PASSWORD = "drop-password"
HOSTILE = ["../up.csv", "..", "/etc/passwd.csv", "nul\0name.csv", "new\nline.csv",
           "bell\x07.csv", "x" * 300 + ".csv"]


class Login(paramiko.ServerInterface):
    def __init__(self, mode):
        self.mode = mode
        self.tears = TEARS.get(mode, [])

    def get_allowed_auths(self, username):
        return "keyboard-interactive" if self.mode == "interactive" else "publickey"

    def check_auth_publickey(self, username, key):
        if self.mode == "interactive":
            return paramiko.AUTH_FAILED
        return paramiko.AUTH_SUCCESSFUL

    def check_auth_interactive(self, username, submethods):
        return paramiko.InteractiveQuery("", "", ("Password: ", False))

    def check_auth_interactive_response(self, responses):
        good = self.mode == "interactive" and responses == [PASSWORD]
        return paramiko.AUTH_SUCCESSFUL if good else paramiko.AUTH_FAILED

    def check_channel_request(self, kind, chanid):
        return paramiko.OPEN_SUCCEEDED


class Handle(paramiko.SFTPHandle):
    mode = ""

    def read(self, offset, length):
        if self.mode == "short" and length > 10000:
            length = 10000
        return super().read(offset, length)

    def close(self):
        if self.mode == "unclosed" and hasattr(self, "writefile"):
            threading.Event().wait()
        super().close()


class Service(paramiko.SFTPServer):
    """Tears an answer: its length is told, and half of it sent."""

    def __init__(self, channel, name, server, *args, **kwargs):
        super().__init__(channel, name, server, *args, **kwargs)
        self.server_interface = server

    def _send_packet(self, kind, packet):
        tears = self.server_interface.tears
        if kind not in tears:
            super()._send_packet(kind, packet)
            return
        if kind == CMD_DATA:
            tears.remove(kind)
        body = bytes([kind]) + (packet.asbytes() if hasattr(packet, "asbytes") else bytes(packet))
        self.sock.sendall(struct.pack(">I", len(body)) + body[:len(body) // 2])
        self.sock.close()


class Folder(paramiko.SFTPServerInterface):
    def __init__(self, server, *args, **kwargs):
        super().__init__(server, *args, **kwargs)
        self.mode = server.mode

    def attributes(self, path, name=None):
        attr = paramiko.SFTPAttributes.from_stat(os.lstat(path), name)
        if self.mode == "typeless" and not os.path.isdir(path):
            attr.st_mode = attr.st_mode & 0o777
        if self.mode == "bare" and not os.path.isdir(path):
            attr.st_size = attr.st_mtime = attr.st_atime = None
            attr._flags = attr.FLAG_PERMISSIONS
        return attr

    def list_folder(self, path):
        found = [self.attributes(os.path.join(path, n), n) for n in sorted(os.listdir(path))]
        if self.mode == "larger":
            for attr in found:
                attr.st_size += 1
        if self.mode == "names":
            for name in HOSTILE:
                attr = paramiko.SFTPAttributes()
                attr.filename = name
                attr.st_mode, attr.st_size, attr.st_mtime = 0o100644, 1, 1
                attr.st_atime = 1
                found.append(attr)
        return found

    def stat(self, path):
        return self.lstat(path)

    def lstat(self, path):
        try:
            return self.attributes(path)
        except OSError as e:
            return paramiko.SFTPServer.convert_errno(e.errno)

    def open(self, path, flags, attr):
        try:
            handle = Handle(flags)
            handle.mode = self.mode
            handle.filename = path
            if flags & os.O_CREAT:
                handle.writefile = open(path, "wb")
            else:
                handle.readfile = open(path, "rb")
            return handle
        except OSError as e:
            return paramiko.SFTPServer.convert_errno(e.errno)


def serve(connection, key, mode):
    transport = paramiko.Transport(connection)
    transport.add_server_key(key)
    transport.set_subsystem_handler("sftp", Service, Folder)
    try:
        transport.start_server(server=Login(mode))
    except (paramiko.SSHException, EOFError):
        pass


def main():
    os.chdir(sys.argv[1])
    key = paramiko.ECDSAKey.generate()
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(10)
    port = listener.getsockname()[1]
    print(f"{port} [127.0.0.1]:{port} {key.get_name()} {key.get_base64()}", flush=True)

    def accept():
        while True:
            serve(listener.accept()[0], key, sys.argv[2])

    threading.Thread(target=accept, daemon=True).start()
    sys.stdin.read()
    os._exit(0)


main()
