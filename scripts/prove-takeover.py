#!/usr/bin/env python3
"""Takes over from a test edge again and again under load, and with faults, and counts what clients see.

    scripts/prove-takeover.py PROGRAM [--takeovers 200] [--rate 500] [--faults] [--hard 10]

A mailbox on loopback greets, echoes a line, and sends a long transfer. Clients come at the rate given; none may be refused, reset or served later than a
second after it came, and each byte of a long transfer must be right.

With --faults every other takeover is hurt: kill -9 or kill -STOP of the new process or of the old one, before or after each message of the handover in turn
(by strace, which sees them), and at a moment that wanders over it. A table says for each what was hurt, how often, and who served after. With --hard so
many takeovers (as root, in a network namespace of its own with short accept queues) are begun with the old process stopped, its queue filled up
with clients and more of them behind, and 50 silent clients waiting in the kernel under TCP_DEFER_ACCEPT: none may be refused or reset, and all
must be served. Ends with 1 if a client was hurt by more than the process that was killed.
"""
import argparse, contextlib, errno, hashlib, os, random, re, selectors, signal, socket, ssl, subprocess, sys, tempfile, threading, time

arguments = argparse.ArgumentParser()
arguments.add_argument("program")
arguments.add_argument("--takeovers", type=int, default=200)
arguments.add_argument("--rate", type=int, default=500)
arguments.add_argument("--faults", action="store_true")
arguments.add_argument("--hard", type=int, default=0)
arguments.add_argument("--seed", type=int, default=1)
arguments.add_argument("--pause", type=float, default=0.0, help="seconds between two takeovers")
arguments = arguments.parse_args()
random.seed(arguments.seed)
QUEUE = 128
if arguments.hard and "TAILWART_NAMESPACE" not in os.environ:
    # net.core.somaxconn is the namespace's: an edge's own backlog of 4096 would take as many clients to fill it.
    os.environ["TAILWART_NAMESPACE"] = "1"
    os.execvp("unshare", ["unshare", "--net", "sh", "-c", f'ip link set lo up && echo {QUEUE} >/proc/sys/net/core/somaxconn && exec "$@"', "sh",
                          sys.executable, *sys.argv])

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

    def __init__(self, *more, under=()):
        Edge.started += 1
        self.path = f"{folder.name}/log.{Edge.started}"
        with open(self.path, "wb") as log:
            self.process = subprocess.Popen([*under, arguments.program, "run", "--config", configuration, *more], stdout=log,
                                            stderr=log, stdin=subprocess.DEVNULL)

    @property
    def takeover_thread(self):
        """The one that speaks with a process which takes over."""
        end = time.monotonic() + 5
        while time.monotonic() < end:
            for task in os.listdir(f"/proc/{self.process.pid}/task"):
                with contextlib.suppress(OSError), open(f"/proc/{self.process.pid}/task/{task}/comm") as file:
                    if file.read().strip() == "takeover":
                        return int(task)
            time.sleep(0.01)
        sys.exit(f"no thread waits for a takeover in a process that said: {self.text()[-600:].decode()}")

    @property
    def is_stopped(self):
        with contextlib.suppress(OSError), open(f"/proc/{self.process.pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] in "Tt"
        return False

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
        # What is being hurt, and by that what became of takeovers and clients.
        self.fault = None
        self.by_fault = {}

    def note(self, what):
        with self.lock:
            self.bad[what] = self.bad.get(what, 0) + 1
            self.tell(self.fault, "hurt")

    def tell(self, fault, what):
        if fault:
            row = self.by_fault.setdefault(fault, {})
            row[what] = row.get(what, 0) + 1


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
            time.sleep(0.1)


current = Edge()
if not current.begins():
    sys.exit("the edge did not start: " + current.text().decode())
threads = [threading.Thread(target=target, daemon=True) for target in [short_clients] + [long_client] * 3]
for thread in threads:
    thread.start()

# ---- faults

# The messages of a handover in the order of each side: each is one sendmsg, and nothing else that the thread does is one.
NEW_SAYS, OLD_SAYS = ("hello", "ready", "taken"), ("welcome", "doors", "released")
# At the entry of a call a kill leaves it undone, and a stop comes when it is done.
STEPS = [(side, number + 1, kind) for side, words in (("new", NEW_SAYS), ("old", OLD_SAYS)) for number in range(len(words)) for kind in ("KILL", "STOP")]
ANYTIME = [(side, None, kind) for side in ("new", "old") for kind in ("KILL", "STOP")]
STRACE = ["strace", "-I2", "-qq", "-e", "trace=sendmsg", "-o", "/dev/null"]


def label(side, number, kind):
    what = "killed" if kind == "KILL" else "stopped"
    if number is None:
        return f"the {side} one {what} at some moment"
    word = (NEW_SAYS if side == "new" else OLD_SAYS)[number - 1]
    return f"the {side} one {what} {'before' if kind == 'KILL' else 'after'} it says '{word}'"


def stop_for_a_while(victim):
    """For one that is stopped, or will be in a moment."""
    end = time.monotonic() + 5
    while not victim.is_stopped and not victim.has_ended() and time.monotonic() < end:
        time.sleep(0.002)
    time.sleep(random.choice([0.2, 0.9]))
    victim.signal(signal.SIGCONT)


def begin_hurt(old, side, number, kind):
    """Starts a process that takes over, and hurts it or the other one."""
    if kind == "KILL":
        allowed.set()
    if number is None:
        new = Edge("--takeover")
        time.sleep(random.uniform(0, 0.08))
        victim = new if side == "new" else old
        victim.signal(getattr(signal, f"SIG{kind}"))
    else:
        inject = ["-e", f"inject=sendmsg:signal=SIG{kind}:when={number}"]
        if side == "old":
            thread = old.takeover_thread
            begun = subprocess.Popen([*STRACE, *inject, "-p", str(thread)])
            while begun.poll() is None and not tracer_of(thread):
                time.sleep(0.005)
        new = Edge("--takeover", under=[*STRACE, "-D", "-f", *inject] if side == "new" else ())
        victim = new if side == "new" else old
    if kind == "KILL":
        with contextlib.suppress(subprocess.TimeoutExpired):
            victim.process.wait(10)
    else:
        stop_for_a_while(victim)
    return new


def tracer_of(thread):
    """The process that traces it, or 0."""
    with contextlib.suppress(OSError), open(f"/proc/{thread}/status") as file:
        return int(re.search(r"^TracerPid:\s+(\d+)$", file.read(), re.MULTILINE).group(1))
    return 0


def leave_alone(edge):
    """Ends what traces any of its threads: for each of them it would count again."""
    with contextlib.suppress(OSError):
        for tracer in {tracer_of(task) for task in os.listdir(f"/proc/{edge.process.pid}/task")} - {0}:
            os.kill(tracer, signal.SIGTERM)
            end = time.monotonic() + 5
            while time.monotonic() < end and any(tracer_of(task) == tracer for task in os.listdir(f"/proc/{edge.process.pid}/task")):
                time.sleep(0.005)


# ---- hard conditions

SILENT, BEHIND = 50, 60


def hello():
    """What a TLS client says first to a.example."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname="a.example")
    with contextlib.suppress(ssl.SSLWantReadError):
        tls.do_handshake()
    return outgoing.read()


def waiting(port, state="listening"):
    """(how many wait in the accept queue, how many may) of a port; of another state how many there are."""
    lines = subprocess.run(["ss", "-Htan", "state", state, "sport", "=", f":{port}"], capture_output=True, text=True).stdout.splitlines()
    return tuple(int(word) for word in lines[0].split()[:2]) if state == "listening" else len(lines)


def client_of(port):
    client = socket.socket()
    client.setblocking(False)
    client.connect_ex(("127.0.0.1", port))
    return client


def expect_greeting(clients, what):
    """Each is greeted, by whichever process; how many were."""
    greeted = 0
    for client in clients:
        try:
            client.settimeout(20)
            # What a client has said already comes back behind it.
            if not client.recv(100).startswith(b"220 here\r\n"):
                raise ConnectionResetError(0, "closed before it was served")
            greeted += 1
        except OSError as error:
            counts.note(f"{what}: {errno.errorcode.get(error.errno or 0, 'closed')}")
        client.close()
    return greeted


def hard_takeover(old):
    """The old process is stopped while its queues fill. Returns the new one, and the figures of a line."""
    old.signal(signal.SIGSTOP)
    queued = []
    while waiting(PORT)[0] <= waiting(PORT)[1] and len(queued) < 10 * QUEUE:
        queued += [client_of(PORT) for _ in range(20)]
        time.sleep(0.01)
    queued += [client_of(PORT) for _ in range(BEHIND)]
    silent = [client_of(TLS_PORT) for _ in range(SILENT)]
    time.sleep(0.05)
    figures = {"queue": waiting(PORT), "deferred": waiting(TLS_PORT, "syn-recv"), "clients": len(queued)}
    new = Edge("--takeover")
    # It has said hello by then, and is not answered.
    time.sleep(0.15)
    old.signal(signal.SIGCONT)
    if not new.begins():
        return new, figures
    figures["deferred at the end"] = waiting(TLS_PORT, "syn-recv")
    for client in silent[:SILENT // 2]:
        client.sendall(HELLO)
    time.sleep(1.5)
    for client in silent[SILENT // 2:]:
        client.sendall(HELLO)
    figures["silent served"] = expect_greeting(silent, "silent client")
    figures["served"] = expect_greeting(queued, "client in the queue")
    return new, figures


HELLO = hello()
old = []
done = failed = died = 0
begun = time.monotonic()


def await_old_ones(limit):
    """Waits until no more than so many drain: an edge takes over beside seven at most."""
    global old
    while len(old := [edge for edge in old if not edge.has_ended()]) > limit:
        time.sleep(0.05)


for number in range(arguments.hard):
    await_old_ones(2)
    new, figures = hard_takeover(current)
    print(f"hard {number + 1}: {figures['queue'][0]} in an accept queue of {figures['queue'][1]}, {figures['clients']} clients there and behind, {SILENT} silent ones of "
          f"which the kernel held {figures['deferred']}, and {figures.get('deferred at the end')} when the new one served; served "
          f"{figures.get('served')} and {figures.get('silent served')}", flush=True)
    if figures.get("served") != figures["clients"] or figures.get("silent served") != SILENT or figures["queue"][0] <= figures["queue"][1]:
        counts.note("a hard takeover")
    if new.begins():
        old.append(current)
        current = new
        done += 1
    else:
        failed += 1
for number in range(arguments.takeovers):
    fault = None
    if arguments.faults:
        await_old_ones(5)
    if arguments.faults and number % 2 == 1:
        steps = STEPS + ANYTIME
        fault = steps[number // 2 % len(steps)]
        counts.fault = label(*fault)
        new = begin_hurt(current, *fault)
    else:
        new = Edge("--takeover")
    if new.begins() and not new.has_ended():
        old.append(current)
        current = new
        done += 1
        counts.tell(counts.fault, "new")
    else:
        code = new.process.wait()
        failed += 1
        if allowed.is_set():
            # Until the other has said what became of it.
            time.sleep(0.3)
        if current.has_ended() or current.is_given():
            # Killed as the server that it was by then: nobody else is there.
            died += 1
            counts.tell(counts.fault, "neither")
            old.append(current)
            current = Edge("--takeover")
            if not current.begins():
                sys.exit(f"nobody serves: {current.text()[-600:].decode()}")
        else:
            counts.tell(counts.fault, "old")
            if code not in (75, -signal.SIGKILL):
                counts.note(f"the new one ended with {code}: {new.text()[-300:]}")
    if allowed.is_set():
        # What was cut is seen within a moment.
        time.sleep(0.3)
        allowed.clear()
    counts.fault = None
    for edge in [new, current] + old[-1:]:
        leave_alone(edge)
    await_old_ones(20)
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
if counts.by_fault:
    print(f"{'':58}{'the old one':>13}{'the new one':>13}{'neither, but':>14}{'clients':>9}")
    print(f"{'hurt':50}{'times':>8}{'went on':>13}{'served':>13}{'a third one':>14}{'hurt':>9}")
    for step in STEPS + ANYTIME:
        row = counts.by_fault.get(label(*step), {})
        times = sum(row.get(who, 0) for who in ("old", "new", "neither"))
        print(f"{label(*step):50}{times:8}{row.get('old', 0):13}{row.get('new', 0):13}{row.get('neither', 0):14}{row.get('hurt', 0):9}")
wrong = {what: count for what, count in counts.bad.items() if not what.startswith("killed")}
if wrong or (counts.late and not arguments.faults and not arguments.hard) or not done:
    for line in current.text().decode().splitlines()[-20:]:
        if '"message":"connection"' not in line:
            print(line, file=sys.stderr)
    sys.exit(1)
