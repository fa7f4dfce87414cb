"""Processes that the harness starts, and the certainty that it ends them."""

import atexit
import ctypes
import json
import os
import random
import resource
import signal
import socket
import subprocess
import time

from harness.tree import Tree

_running = []
_libc = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1

DESCRIPTORS = min(resource.getrlimit(resource.RLIMIT_NOFILE)[1], 20_000)


class Failure(Exception):
    """Something that ends the run, in words for the reader."""


def _prepare_child():
    # Without the harness nobody would end the child.
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))


class Service:
    """A process that runs until it is stopped."""

    def __init__(self, command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=None, env=None):
        self.process = subprocess.Popen(
            command, stdin=stdin, stdout=stdout, stderr=stderr, text=True, bufsize=1, preexec_fn=_prepare_child,
            start_new_session=True, env={**os.environ, **(env or {})})
        self.tree = Tree(self.process.pid)
        _running.append(self)

    def stop(self):
        if self not in _running:
            return
        _running.remove(self)
        pids = self.tree.pids()
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(2)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        # Workers that outlive their master; the session is ours alone.
        for pid in pids[1:]:
            try:
                if os.getsid(pid) == self.process.pid:
                    os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                pipe.close()


@atexit.register
def stop_all():
    for service in reversed(list(_running)):
        service.stop()


def end_on_signals():
    def end(number, _):
        raise SystemExit(128 + number)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)


def load(tool, mode, under=(), **options):
    """Runs the load tool once, under a command that starts others if there is one, and returns what it measured."""
    command = [*under, tool, mode]
    for name, value in options.items():
        command += [f"--{name}", str(value)]
    done = subprocess.run(command, capture_output=True, text=True, preexec_fn=_prepare_child, timeout=300)
    if done.returncode != 0:
        raise Failure(f"{' '.join(command[1:])}: {done.stderr.strip()}")
    result = json.loads(done.stdout)
    if result.get("errors"):
        raise Failure(f"{' '.join(command[1:])}: {result['errors']} of {result['connections']} connections failed. "
                      f"{done.stderr.strip()[:200]}")
    return result


_taken = set()


def free_port():
    """A port on which nothing listens, below the ephemeral range so that no outgoing connection can take it."""
    with open("/proc/sys/net/ipv4/ip_local_port_range") as file:
        top = int(file.read().split()[0])
    while True:
        port = random.randrange(max(1024, top - 12_000), top)
        if port in _taken:
            continue
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        _taken.add(port)
        return port


def _listening():
    """Ports on which something listens. Looking them up spares the contender a first connection."""
    ports = set()
    for name in ("/proc/net/tcp", "/proc/net/tcp6"):
        with open(name) as file:
            for line in file.readlines()[1:]:
                fields = line.split()
                if fields[3] == "0A":
                    ports.add(int(fields[1].rpartition(":")[2], 16))
    return ports


def await_ports(ports, service, name, log, limit=15.0):
    end = time.monotonic() + limit
    while time.monotonic() < end and service.process.poll() is None:
        if set(ports) <= _listening():
            return
        time.sleep(0.02)
    with open(log, errors="replace") as file:
        text = file.read().strip()[-800:]
    raise Failure(f"{name} does not listen. It said: {text or 'nothing'}")
