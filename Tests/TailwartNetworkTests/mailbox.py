#!/usr/bin/python3
"""A mail server of a few lines that requires a PROXY v2 header, to be killed and started again by tests.

    mailbox.py [--certificate FILE --key FILE] [--mail FOLDER] PROTOCOL=PORT...

PROTOCOL is smtp, imap, imaps or echo (what comes goes back, from the first byte behind the header). Mail that is sent to it lies
in FOLDER, one file each. XECHO N, a command of SMTP and IMAP here, sends the next N bytes back. Every greeting tells the number
of its connection and the address that it came to: 'connection 7 at 100.64.0.3'.

Standard output tells what happens, a line each: 'listening', 'accepted 7', 'client 7 192.0.2.1', 'local 7', 'ended 7'.
"""

import argparse
import ipaddress
import itertools
import os
import socket
import ssl
import struct
import sys
import threading

NAME = "mail.example.org"
SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
# Nobody needs a longer line (RFC 5321 section 4.5.3.1.4).
LINE_LIMIT = 4096
# Seconds in which a connection has to say something; longer than any test.
PATIENCE = 300
numbers = itertools.count(1)
printing = threading.Lock()


def say(text):
    with printing:
        print(text, flush=True)


class Gone(Exception):
    """The other side has left, or spoke nonsense."""


class Connection:
    def __init__(self, sock, number, arguments):
        self.sock = sock
        self.number = number
        self.arguments = arguments
        self.buffer = b""
        self.is_secure = False
        self.place = sock.getsockname()[0].removeprefix("::ffff:")

    def read(self):
        """What there is, at least one byte."""
        if self.buffer:
            taken, self.buffer = self.buffer, b""
            return taken
        more = self.sock.recv(65536)
        if not more:
            raise Gone
        return more

    def exactly(self, count):
        while len(self.buffer) < count:
            more = self.sock.recv(count - len(self.buffer))
            if not more:
                raise Gone
            self.buffer += more
        taken, self.buffer = self.buffer[:count], self.buffer[count:]
        return taken

    def line(self):
        while b"\n" not in self.buffer:
            if len(self.buffer) > LINE_LIMIT:
                raise Gone
            more = self.sock.recv(LINE_LIMIT)
            if not more:
                raise Gone
            self.buffer += more
        line, _, self.buffer = self.buffer.partition(b"\n")
        return line.rstrip(b"\r").decode("ascii", "replace")

    def write(self, text):
        self.sock.sendall(text.encode() + b"\r\n")

    def echo(self, count):
        while count > 0:
            if not self.buffer:
                self.buffer = self.read()
            piece, self.buffer = self.buffer[:count], self.buffer[count:]
            self.sock.sendall(piece)
            count -= len(piece)

    def secure(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.arguments.certificate, self.arguments.key)
        self.sock = context.wrap_socket(self.sock, server_side=True)
        self.is_secure = True

    @property
    def can_be_secured(self):
        return self.arguments.certificate and not self.is_secure

    @property
    def where(self):
        return f"connection {self.number} at {self.place}"

    def header(self):
        """The PROXY v2 header (the PROXY protocol, section 2.2); nothing behind it is read."""
        head = self.exactly(16)
        if head[:12] != SIGNATURE:
            say(f"header missing {self.number}")
            raise Gone
        rest = self.exactly(struct.unpack("!H", head[14:])[0])
        if head[12] == 0x20:
            say(f"local {self.number}")
            return
        size = {0x11: 4, 0x21: 16}.get(head[13])
        if head[12] != 0x21 or size is None:
            raise Gone
        say(f"client {self.number} {ipaddress.ip_address(rest[:size])}")

    def smtp(self):
        self.write(f"220 {NAME} ESMTP {self.where}")
        while True:
            words = self.line().split()
            verb = words[0].upper() if words else ""
            if verb in ("EHLO", "HELO"):
                for text in [NAME, "XECHO"] + (["STARTTLS"] if self.can_be_secured else []):
                    self.write(f"250-{text}")
                self.write("250 8BITMIME")
            elif verb in ("MAIL", "RCPT", "RSET", "NOOP"):
                self.write("250 2.0.0 as you say")
            elif verb == "DATA":
                self.write("354 go on")
                self.take_message()
                self.write("250 2.0.0 kept")
            elif verb == "STARTTLS" and self.can_be_secured:
                self.write("220 2.0.0 go on")
                self.secure()
            elif verb == "XECHO":
                self.write("354 go on")
                self.echo(int(words[1]))
            elif verb == "QUIT":
                return self.write("221 2.0.0 goodbye")
            else:
                self.write("500 5.5.1 what do you mean?")

    def take_message(self):
        lines = []
        while (line := self.line()) != ".":
            lines.append(line.removeprefix("."))
        path = os.path.join(self.arguments.mail, f"{self.number}-{os.getpid()}")
        with open(path + ".part", "w") as file:
            file.write("\n".join(lines) + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.rename(path + ".part", path + "-mailbox.eml")

    def imap(self):
        capabilities = "IMAP4rev1 IDLE" + (" STARTTLS" if self.can_be_secured else "")
        self.write(f"* OK [CAPABILITY {capabilities}] {self.where}")
        while True:
            tag, verb, *words = (self.line() + "   ").split(" ")
            verb = verb.upper()
            if verb == "CAPABILITY":
                self.write(f"* CAPABILITY {capabilities}")
            elif verb == "STARTTLS" and self.can_be_secured:
                self.write(f"{tag} OK go on")
                self.secure()
                continue
            elif verb == "IDLE":
                self.write("+ idling")
                if self.line().upper() != "DONE":
                    raise Gone
            elif verb == "XECHO":
                self.write("+ go on")
                self.echo(int(words[0]))
            elif verb == "LOGOUT":
                self.write("* BYE goodbye")
                return self.write(f"{tag} OK done")
            elif verb not in ("NOOP", "LOGIN"):
                self.write(f"{tag} BAD what do you mean?")
                continue
            self.write(f"{tag} OK done")

    def imaps(self):
        self.secure()
        self.imap()

    def serve_echo(self):
        while True:
            self.sock.sendall(self.read())


SERVICES = {
    "smtp": Connection.smtp, "imap": Connection.imap, "imaps": Connection.imaps, "echo": Connection.serve_echo,
}


def serve(sock, number, service, arguments):
    connection = Connection(sock, number, arguments)
    try:
        sock.settimeout(PATIENCE)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.header()
        service(connection)
    except (OSError, Gone, ValueError):
        pass
    finally:
        connection.sock.close()
        say(f"ended {number}")


def accept(listener, service, arguments):
    while True:
        sock, _ = listener.accept()
        number = next(numbers)
        say(f"accepted {number}")
        threading.Thread(target=serve, args=(sock, number, service, arguments), daemon=True).start()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--certificate")
    parser.add_argument("--key")
    parser.add_argument("--mail")
    parser.add_argument("services", nargs="+", metavar="PROTOCOL=PORT")
    arguments = parser.parse_args()
    threads = []
    for text in arguments.services:
        name, _, port = text.partition("=")
        # Both families; a port that connections of a killed predecessor still hold is taken over.
        listener = socket.create_server(
            ("::", int(port)), family=socket.AF_INET6, backlog=256, dualstack_ipv6=True)
        threads.append(threading.Thread(target=accept, args=(listener, SERVICES[name], arguments), daemon=True))
    for thread in threads:
        thread.start()
    say("listening")
    # Until the end of the process: by a signal, or with whoever started it.
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    sys.exit(main())
