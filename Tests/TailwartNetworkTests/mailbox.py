#!/usr/bin/python3
"""A mail server of a few lines that requires a PROXY header, to be killed and started again by tests.

    mailbox.py [--certificate FILE --key FILE] [--mail FOLDER] [--distrusts FILE --answers SERVER --cut CUT]
               [--faults FILE] [--brand WORD] [--name NAME] [--throttle COUNT] [--database FILE] PROTOCOL=PORT...

PROTOCOL is smtp, submissions, imap, imaps, https (a handshake and an empty page; it takes no header), echo (what comes
goes back, from the first byte behind the header) or socks (no mail server, but a SOCKS5 proxy, RFC 1928, for IPv4
addresses). Mail that is sent to it lies in FOLDER, one file each. XECHO N, a command of SMTP and IMAP here, sends the
next N bytes back; XPAUSE N, of SMTP, says yes and reads nothing for N seconds. Every greeting tells NAME, the number of
its connection and the address that it came to: 'connection 7 at 100.64.0.3'.

What a Stalwart does: an EHLO without a dot is refused; of SMTP, no more than COUNT connections in a second are greeted
from one client, and others are closed without a byte; unless the FILE of --database is there, no recipient and no login is taken.

Standard output tells what happens, a line each: 'listening', 'accepted 7', 'client 7 192.0.2.1', 'local 7',
'distrusts 7', 'throttled 7', 'fault 7 PHASE', 'kept 7 ann@example.org', 'ended 7'.

While the FILE of --distrusts is there, whoever comes to one of the addresses in it, or to any if it is empty, is not
trusted to send a header: SMTP greets at once and answers the header as SERVER does, and where TLS comes first it is
answered with an alert. CUT says in which pieces: whole (in one with the greeting, if the header is there within 50 ms;
if not, in one behind it), bytes (one by one), late (300 ms after the greeting, when the client has spoken).

The FILE of --faults is JSON, {"PORT": ["PHASE", "MANNER"]}: how a session of SMTP ends in that phase. MANNER is close,
reset, hang, or words that are said before the close. The phases are those of Connection.fault's callers; at 'kept' the
message is.
"""

import argparse
import collections
import ipaddress
import itertools
import json
import os
import select
import socket
import ssl
import struct
import sys
import threading
import time

SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
# Nobody needs a longer line (RFC 5321 section 4.5.3.1.4).
LINE_LIMIT = 4096
# Seconds in which a connection has to say something; longer than any test.
PATIENCE = 600
# Seconds that a greeting waits for a header, to be in one piece with the answers to it.
JOINING = 0.05
# Seconds between a greeting and the answers to the header.
LATENESS = 0.3
# A fatal decode_error (RFC 8446 section 6), to bytes that are no TLS record.
ALERT = bytes([21, 3, 3, 0, 2, 2, 50])
# What servers say to the lines of a header that they do not trust; the line with QUIT in one of version 2 ends the session.
ANSWERS = {
    "stalwart": {1: ["500 5.5.1 Invalid command."], 2: ["500 5.5.1 Invalid command."] * 3 + ["221 2.0.0 Bye."]},
    "postfix": {
        1: ["502 5.5.2 Error: command not recognized"],
        2: ["500 5.5.2 Error: bad syntax"] * 2 + ["502 5.5.2 Error: command not recognized", "221 2.0.0 Bye"],
    },
}
numbers = itertools.count(1)
printing = threading.Lock()
# When connections of SMTP were greeted, by client.
greeted = collections.defaultdict(list)
greeting = threading.Lock()


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
        self.is_local = False
        self.client = sock.getpeername()[0].removeprefix("::ffff:") if sock.family != socket.AF_UNIX else ""
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
        """The PROXY header (the PROXY protocol, sections 2.1 and 2.2); nothing behind it is read. Returns its version."""
        head = self.exactly(6)
        if head == b"PROXY ":
            words = self.line().split()
            self.is_local = words[0] == "UNKNOWN"
            self.client = self.client if self.is_local else words[1]
            say(f"local {self.number}" if self.is_local else f"client {self.number} {self.client}")
            return 1
        head += self.exactly(10)
        if head[:12] != SIGNATURE:
            say(f"header missing {self.number}")
            raise Gone
        rest = self.exactly(struct.unpack("!H", head[14:])[0])
        if head[12] == 0x20:
            self.is_local = True
            say(f"local {self.number}")
            return 2
        size = {0x11: 4, 0x21: 16}.get(head[13])
        if head[12] != 0x21 or size is None:
            raise Gone
        self.client = str(ipaddress.ip_address(rest[:size]))
        say(f"client {self.number} {self.client}")
        return 2

    @property
    def is_distrustful(self):
        try:
            with open(self.arguments.distrusts) as file:
                places = file.read().split()
        except (FileNotFoundError, TypeError):
            return False
        return not places or self.place in places

    def answer_header(self, greeting):
        """Without trust: the greeting, which does not depend on the header, and the header taken for commands."""
        say(f"distrusts {self.number}")
        is_joined = self.arguments.cut == "whole" and select.select([self.sock], [], [], JOINING)[0]
        if not is_joined:
            self.send(greeting)
        version = self.header()
        answers = ANSWERS[self.arguments.answers][version]
        if is_joined:
            answers = [greeting] + answers
        if self.arguments.cut == "late":
            time.sleep(LATENESS)
        self.send("\r\n".join(answers))
        if version == 2:
            raise Gone

    def send(self, text):
        data = text.encode() + b"\r\n"
        size = 1 if self.arguments.cut == "bytes" else len(data)
        for start in range(0, len(data), size):
            self.sock.sendall(data[start:start + size])

    def fault(self, phase):
        """Ends the session, if that is to happen in this phase."""
        try:
            with open(self.arguments.faults) as file:
                fault = json.load(file).get(str(self.sock.getsockname()[1]))
        except (FileNotFoundError, TypeError):
            return
        if fault is None or fault[0] != phase or self.is_local:
            return
        say(f"fault {self.number} {phase}")
        manner = fault[1]
        if manner == "hang":
            # Until the other side leaves, whatever it says.
            while self.sock.recv(65536):
                pass
        elif manner == "reset":
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        elif manner != "close":
            self.write(manner)
            # What the client still says must not turn the end into a reset.
            self.sock.shutdown(socket.SHUT_WR)
            while self.sock.recv(65536):
                pass
        raise Gone

    @property
    def greeting(self):
        return f"220 {self.arguments.name} {self.arguments.brand}ESMTP {self.where}"

    def throttle(self):
        """Leaves, if there were too many from the client; over implicit TLS that is behind the handshake."""
        if self.arguments.throttle is None:
            return
        now = time.monotonic()
        with greeting:
            recent = [moment for moment in greeted[self.client] if now - moment < 1]
            is_too_many = len(recent) >= self.arguments.throttle
            greeted[self.client] = recent if is_too_many else recent + [now]
        if is_too_many:
            say(f"throttled {self.number}")
            raise Gone

    def smtp(self):
        if self.is_distrustful:
            self.answer_header(self.greeting)
        else:
            self.header()
            self.throttle()
            self.fault("greeting")
            self.write(self.greeting)
            self.fault("greeted")
        self.speak_smtp()

    def submissions(self):
        self.begin_tls()
        self.throttle()
        self.write(self.greeting)
        self.speak_smtp()

    def speak_smtp(self):
        recipients = []
        while True:
            words = self.line().split()
            verb = words[0].upper() if words else ""
            self.fault(verb.lower())
            if verb == "EHLO" and "." not in words[-1]:
                self.write("550 5.5.0 Invalid EHLO domain.")
            elif verb in ("EHLO", "HELO"):
                for text in [self.arguments.name, "XECHO"] + (["STARTTLS"] if self.can_be_secured else []):
                    self.write(f"250-{text}")
                self.write("250 8BITMIME")
            elif verb == "RCPT" and self.is_database_away:
                self.write("451 4.4.3 Unable to verify address at this time.")
            elif verb in ("MAIL", "RCPT", "RSET", "NOOP"):
                recipients = recipients + [words[1][3:].strip("<>")] if verb == "RCPT" else []
                self.write("250 2.0.0 as you say")
            elif verb == "DATA":
                self.write("354 go on")
                self.take_message(recipients)
                self.write("250 2.0.0 kept")
            elif verb == "STARTTLS" and self.can_be_secured:
                self.write("220 2.0.0 go on")
                self.fault("handshake")
                self.secure()
            elif verb == "XECHO":
                self.write("354 go on")
                self.echo(int(words[1]))
            elif verb == "XPAUSE":
                self.write("250 2.0.0 pausing")
                time.sleep(int(words[1]))
            elif verb == "QUIT":
                return self.write("221 2.0.0 goodbye")
            else:
                self.write("500 5.5.1 what do you mean?")

    @property
    def is_database_away(self):
        return self.arguments.database is not None and not os.path.exists(self.arguments.database)

    def take_message(self, recipients):
        lines = []
        while (line := self.line()) != ".":
            self.fault("message")
            lines.append(line.removeprefix("."))
        self.fault("dot")
        path = os.path.join(self.arguments.mail, f"{self.number}-{os.getpid()}-{next(numbers)}")
        with open(path + ".part", "w") as file:
            file.write("\n".join(lines) + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.rename(path + ".part", path + "-mailbox.eml")
        for recipient in recipients:
            say(f"kept {self.number} {recipient}")
        self.fault("kept")

    def imap(self):
        self.header()
        self.speak_imap()

    def speak_imap(self):
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
            elif verb == "LOGIN" and self.is_database_away:
                self.write(f"{tag} NO the database is away")
                continue
            elif verb not in ("NOOP", "LOGIN"):
                self.write(f"{tag} BAD what do you mean?")
                continue
            self.write(f"{tag} OK done")

    def imaps(self):
        self.begin_tls()
        self.speak_imap()

    def begin_tls(self):
        """Where TLS comes first, behind the header."""
        if self.is_distrustful:
            say(f"distrusts {self.number}")
            self.read()
            self.sock.sendall(ALERT)
            raise Gone
        self.header()
        self.secure()

    def https(self):
        self.secure()
        while self.line():
            pass
        self.write("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n")

    def serve_echo(self):
        self.header()
        while True:
            self.sock.sendall(self.read())

    def socks(self):
        self.exactly(self.exactly(2)[1])
        self.sock.sendall(b"\x05\x00")
        request = self.exactly(10)
        address = str(ipaddress.ip_address(request[4:8])), struct.unpack("!H", request[8:])[0]
        with socket.create_connection(address, PATIENCE) as other:
            other.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.sock.sendall(b"\x05\x00\x00\x01" + bytes(6))
            back = threading.Thread(target=pass_on, args=(other, self.sock), daemon=True)
            back.start()
            pass_on(self.sock, other)
            back.join()


def pass_on(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        for sock in (source, sink):
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


SERVICES = {
    "smtp": Connection.smtp, "submissions": Connection.submissions, "imap": Connection.imap, "imaps": Connection.imaps,
    "https": Connection.https, "echo": Connection.serve_echo, "socks": Connection.socks,
}


def serve(sock, number, service, arguments):
    connection = Connection(sock, number, arguments)
    try:
        sock.settimeout(PATIENCE)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
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
    parser.add_argument("--distrusts")
    parser.add_argument("--answers", choices=ANSWERS, default="stalwart")
    parser.add_argument("--cut", choices=["whole", "bytes", "late"], default="whole")
    parser.add_argument("--faults")
    parser.add_argument("--brand", type=lambda word: word + " ", default="")
    parser.add_argument("--name", default="mail.example.org")
    parser.add_argument("--throttle", type=int)
    parser.add_argument("--database")
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
