#!/usr/bin/env python3
"""Takes over from a test edge again and again under load, and with faults, and counts what clients see.

    scripts/prove-takeover.py PROGRAM [--takeovers 200] [--rate 500] [--faults] [--keep FOLDER]

A mailbox on loopback greets, echoes a line, and sends a long transfer. Clients come at the rate given; none may be refused, reset or served later than a
second after it came, and each byte of a long transfer must be right. With --faults every other takeover is hurt: kill -9 or kill -STOP of the new process,
or of the old one, at a moment that wanders over the handover. Ends with 1 if a client was hurt by more than the process that was killed.
"""
import argparse, errno, hashlib, os, random, selectors, signal, socket, subprocess, sys, tempfile, threading, time

arguments = argparse.ArgumentParser()
arguments.add_argument("program")
arguments.add_argument("--takeovers", type=int, default=200)
arguments.add_argument("--rate", type=int, default=500)
arguments.add_argument("--faults", action="store_true")
arguments.add_argument("--seed", type=int, default=1)
arguments.add_argument("--pause", type=float, default=0.0, help="seconds between two takeovers")
arguments = arguments.parse_args()
random.seed(arguments.seed)

LONG = 4 << 20
PATTERN = hashlib.sha256(b"tailwart").digest() * (1 << 15)  # 1 MiB


def mailbox(listening):
    """One thread for all: greets, answers 'LONG' with a long transfer and anything else with an echo."""
    def serve(connection):
        try:
            with connection:
                connection.sendall(b"220 here\r\n")
                line = connection.recv(1000)
                if line.startswith(b"LONG"):
                    left, at = LONG, 0
                    while left:
                        part = PATTERN[at:at + 65536]
                        connection.sendall(part)
                        left -= len(part)
                        at = (at + len(part)) % len(PATTERN)
                        time.sleep(0.03)
                elif line:
                    connection.sendall(line)
                    connection.recv(1000)
        except OSError:
            pass
    while True:
        connection, _ = listening.accept()
        threading.Thread(target=serve, args=(connection,), daemon=True).start()


folder = tempfile.TemporaryDirectory(prefix="tailwart-takeover-")
box = socket.create_server(("127.0.0.1", 0), backlog=4096)
threading.Thread(target=mailbox, args=(box,), daemon=True).start()


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as other:
        return other.getsockname()[1]


PORT, TLS_PORT = free_port(), free_port()
configuration = f"{folder.name}/tailwart.yaml"
with open(configuration, "w") as file:
    file.write(f"""
admin: {{socket: {folder.name}/admin.sock}}
workers: 2
drain: 20s
upstreams: {{mailbox: {{endpoints: ["127.0.0.1:{box.getsockname()[1]}"], health: off}}}}
listeners:
  - {{name: smtp, bind: ["127.0.0.1:{PORT}"], protocol: smtp, routes: [{{to: mailbox}}]}}
  - {{name: https, bind: ["127.0.0.1:{TLS_PORT}"], protocol: https, routes: [{{match: {{sni: [a.example]}}, to: mailbox}}]}}
""")

class Edge:
    """A process, and what it said."""
    started = 0

    def __init__(self, *more):
        Edge.started += 1
        self.path = f"{folder.name}/log.{Edge.started}"
        with open(self.path, "wb") as log:
            self.process = subprocess.Popen([arguments.program, "run", "--config", configuration, *more], stdout=log,
                                            stderr=log, stdin=subprocess.DEVNULL)

    def text(self):
        with open(self.path, "rb") as file:
            return file.read()

    def has_begun(self):
        return b'"event":"takeover"' in self.text() or b'"event":"listening"' in self.text()

    def is_given(self):
        return b'"reason":"taken over"' in self.text()

    def has_ended(self):
        return self.process.poll() is not None

    def begins(self):
        """Waits until it serves; false if it ends before."""
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline and not self.has_ended():
            if self.has_begun():
                return True
            time.sleep(0.004)
        return not self.has_ended() and self.has_begun()

    def signal(self, number):
        if not self.has_ended():
            os.kill(self.process.pid, number)


class Counts:
    def __init__(self):
        self.served = self.late = self.long = 0
        self.worst = 0.0
        self.bad = {}
        self.lock = threading.Lock()

    def note(self, what):
        with self.lock:
            self.bad[what] = self.bad.get(what, 0) + 1


counts = Counts()
stopping = threading.Event()
allowed = threading.Event()  # a process is killed: what it had is cut, and only that


def short_clients():
    """Opens them at the rate, in one loop, so that a slow one keeps no other waiting."""
    selector = selectors.DefaultSelector()
    begun = time.monotonic()
    opened = 0
    live = {}
    while not stopping.is_set() or live:
        now = time.monotonic()
        due = 0 if stopping.is_set() else int((now - begun) * arguments.rate) - opened
        for _ in range(min(due, 200)):
            opened += 1
            client = socket.socket()
            client.setblocking(False)
            client.connect_ex(("127.0.0.1", PORT))
            live[client] = (now, b"")
            selector.register(client, selectors.EVENT_READ)
        for key, _ in selector.select(0.002):
            client = key.fileobj
            since, got = live[client]
            try:
                part = client.recv(1000)
                if not part:
                    raise ConnectionResetError(0, "closed before it was served")
                if not got:
                    took = time.monotonic() - since
                    counts.worst = max(counts.worst, took)
                    if took > 1:
                        counts.late += 1
                    client.sendall(b"NOOP\r\n")
                got += part
                live[client] = (since, got)
                if not got.endswith(b"NOOP\r\n"):
                    continue
                counts.served += 1
            except BlockingIOError:
                continue
            except OSError as error:
                counts.note(("killed: " if allowed.is_set() else "") + errno.errorcode.get(error.errno, "closed"))
            selector.unregister(client)
            client.close()
            del live[client]
        for client, (since, got) in list(live.items()):
            if now - since > 25:
                counts.note("never served")
                selector.unregister(client)
                client.close()
                del live[client]


def long_client():
    while not stopping.is_set():
        try:
            with socket.create_connection(("127.0.0.1", PORT), 20) as client:
                client.settimeout(20)
                if client.recv(100) != b"220 here\r\n":
                    raise ConnectionResetError(0, "no greeting")
                client.sendall(b"LONG\r\n")
                at = 0
                while at < LONG:
                    part = client.recv(65536)
                    if not part:
                        raise ConnectionResetError(0, "cut")
                    place = at % len(PATTERN)
                    if (PATTERN + PATTERN)[place:place + len(part)] != part:
                        counts.note("a byte is wrong")
                    at += len(part)
                counts.long += 1
        except OSError as error:
            counts.note(("killed: " if allowed.is_set() else "") + "long " + errno.errorcode.get(error.errno or 0, "cut"))


current = Edge()
if not current.begins():
    sys.exit("the edge did not start: " + current.text().decode())
threads = [threading.Thread(target=short_clients)] + [threading.Thread(target=long_client) for _ in range(3)]
for thread in threads:
    thread.start()

old = []
done = failed = died = 0
begun = time.monotonic()
for number in range(arguments.takeovers):
    new = Edge("--takeover")
    if arguments.faults and number % 2 == 1:
        time.sleep(random.uniform(0, 0.08))
        kind = random.choice(["kill new", "kill old", "stop new", "stop old"])
        if kind.startswith("kill"):
            allowed.set()
            victim = new if kind == "kill new" else current
            victim.signal(signal.SIGKILL)
            victim.process.wait()
        else:
            victim = new if kind == "stop new" else current
            victim.signal(signal.SIGSTOP)
            time.sleep(random.choice([0.2, 0.9]))
            victim.signal(signal.SIGCONT)
    if new.begins() and not new.has_ended():
        old.append(current)
        current = new
        done += 1
    else:
        code = new.process.wait()
        failed += 1
        if allowed.is_set():
            # Until the other has said what became of it.
            time.sleep(0.3)
        if current.has_ended() or current.is_given():
            # Killed as the server that it was by then: nobody else is there.
            died += 1
            old.append(current)
            current = Edge("--takeover")
            current.begins()
        elif code not in (75, -signal.SIGKILL):
            counts.note(f"the new one ended with {code}: {new.text()[-300:]}")
    if allowed.is_set():
        # What was cut is seen within a moment.
        time.sleep(0.3)
        allowed.clear()
    old = [edge for edge in old if not edge.has_ended()]
    while len(old) > 20:
        time.sleep(0.05)
        old = [edge for edge in old if not edge.has_ended()]
    time.sleep(arguments.pause)
took = time.monotonic() - begun
stopping.set()
for thread in threads:
    thread.join()
current.process.terminate()
for edge in old + [current]:
    try:
        edge.process.wait(30)
    except subprocess.TimeoutExpired:
        edge.process.kill()
        counts.note("an old one did not end")

print(f"takeovers {done}, of {arguments.takeovers}, in {took:.0f} s; given up {failed}, of which as the server {died}; connections {counts.served}, the "
      f"slowest greeted after {counts.worst * 1000:.0f} ms, later than 1 s {counts.late}; long transfers {counts.long}; hurt {counts.bad or 'none'}")
wrong = {what: count for what, count in counts.bad.items() if not what.startswith("killed")}
if wrong or (counts.late and not arguments.faults) or not done:
    for line in current.text().decode().splitlines()[-20:]:
        if '"message":"connection"' not in line:
            print(line, file=sys.stderr)
    sys.exit(1)
