#!/usr/bin/env python3
"""Takes over from a test edge again and again under load, and with faults, and counts what clients see.

    scripts/prove-takeover.py PROGRAM [--takeovers 200] [--rate 500] [--faults] [--keep FOLDER]

A mailbox on loopback greets, echoes a line, and sends a long transfer. Clients come at the rate given; none may be refused, reset or served later than a
second after it came, and each byte of a long transfer must be right. With --faults every other takeover is hurt: kill -9 or kill -STOP of the new process,
or of the old one, at a moment that wanders over the handover. Ends with 1 if a client was hurt by more than the process that was killed.
"""
import argparse, errno, hashlib, json, os, random, selectors, signal, socket, struct, subprocess, sys, tempfile, threading, time

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

log = open(f"{folder.name}/log", "ab")


def start(*more):
    return subprocess.Popen([arguments.program, "run", "--config", configuration, *more], stdout=log, stderr=log,
                            stdin=subprocess.DEVNULL)


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
                assert client.recv(100) == b"220 here\r\n"
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


def is_serving(process):
    """Whether it has said so."""
    return process.poll() is None


def wait_for_takeover(process, since):
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        if process.poll() is not None:
            return False
        with open(f"{folder.name}/log", "rb") as file:
            file.seek(since)
            text = file.read()
        if b'"event":"takeover"' in text or b'"event":"listening"' in text:
            return True
        time.sleep(0.005)
    return False


current = start()
if not wait_for_takeover(current, 0):
    sys.exit("the edge did not start: " + open(f"{folder.name}/log").read())
threads = [threading.Thread(target=short_clients)] + [threading.Thread(target=long_client) for _ in range(3)]
for thread in threads:
    thread.start()

old = []
done = failed = 0
begun = time.monotonic()
for number in range(arguments.takeovers):
    since = os.path.getsize(f"{folder.name}/log")
    new = start("--takeover")
    hurt = arguments.faults and number % 2 == 1
    if hurt:
        time.sleep(random.uniform(0, 0.08))
        kind = random.choice(["kill new", "stop new", "stop old"])
        if kind == "kill new":
            new.kill()
        else:
            victim = new if kind == "stop new" else current
            if victim.poll() is None:
                os.kill(victim.pid, signal.SIGSTOP)
                time.sleep(random.choice([0.2, 0.9]))
                os.kill(victim.pid, signal.SIGCONT)
    if wait_for_takeover(new, since) and new.poll() is None:
        old.append(current)
        current = new
        done += 1
    else:
        code = new.wait()
        failed += 1
        if code not in (75, -9):
            counts.note(f"the new one ended with {code}")
        if current.poll() is not None:
            counts.note("the old one ended too")
            break
    old = [process for process in old if process.poll() is None]
    while len(old) > 20:
        time.sleep(0.05)
        old = [process for process in old if process.poll() is None]
    time.sleep(arguments.pause)
took = time.monotonic() - begun
stopping.set()
for thread in threads:
    thread.join()
current.terminate()
for process in old + [current]:
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        counts.note("an old one did not end")

print(f"takeovers {done}, of {arguments.takeovers}, in {took:.0f} s; given up {failed}; connections {counts.served}, the slowest greeted after "
      f"{counts.worst * 1000:.0f} ms, later than 1 s {counts.late}; long transfers {counts.long}; hurt {counts.bad or 'none'}")
wrong = {what: count for what, count in counts.bad.items() if not what.startswith("killed")}
if wrong or (counts.late and not arguments.faults) or not done:
    os.system(f"tail -n 20 {folder.name}/log | grep -v '\"message\":\"connection\"' >&2")
    sys.exit(1)
