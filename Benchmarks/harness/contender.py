"""Who is measured, and how each of them is started."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass, replace

from harness.service import DESCRIPTORS, Failure, Service, await_ports, free_port, load

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.path.join(HERE, ".build")
LOAD = os.path.join(BUILD, "load")
RELAY = os.path.join(BUILD, "relay")

ROUTED_NAME = "mta-sts.example.org"
OTHER_NAME = "www.example.org"
BULK_FIGURES = frozenset({"gigabyte", "throughput"})

NAMES = {"tailwart": "Tailwart", "haproxy": "HAProxy", "nginx": "nginx", "caddy": "caddy-l4", "floor": "floor (C)"}
TEMPLATES = {"tailwart": "tailwart.yaml", "haproxy": "haproxy.cfg", "nginx": "nginx.conf", "caddy": "caddy.json"}
LOGS = {
    "haproxy": ("", "log stdout format raw local0\n    option tcplog"),
    "nginx": ("access_log off;",
              "log_format basic '$remote_addr $status $bytes_sent $bytes_received $session_time';\n"
              "    access_log /dev/null basic;"),
}


def compile_tools(*targets):
    """The load tool and the floor, or those of them that are named."""
    os.makedirs(BUILD, exist_ok=True)
    for target, folder in ((LOAD, "load"), (RELAY, "floor")):
        if targets and target not in targets:
            continue
        sources = sorted(os.path.join(HERE, folder, name) for name in os.listdir(os.path.join(HERE, folder))
                         if name.endswith(".c"))
        subprocess.run(["cc", "-O2", "-std=gnu11", "-Wall", "-Wextra", "-Werror", "-pthread", "-o", target, *sources],
                       check=True)


@dataclass(frozen=True)
class Contender:
    key: str  # unique in a run: the kind, and a number for a further version
    kind: str
    path: str
    version: str
    buffer_kib: int = 16  # HAProxy and nginx: size of their buffers; 16 is the default of both
    only: frozenset = frozenset()  # the figures it takes part in; all if empty

    @property
    def label(self):
        further = self.key.removeprefix(self.kind + "-")
        note = f"({self.buffer_kib} KiB)" if self.buffer_kib != 16 else f"({further})" if further.isdigit() else ""
        return " ".join(word for word in (NAMES[self.kind], self.version, note) if word)

    def takes_part_in(self, figures):
        return not self.only or bool(self.only & figures)


def _output(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=30)
    return done.stdout


def _version(kind, path):
    if kind == "floor":
        return ""
    flag = {"tailwart": "version", "haproxy": "-v", "nginx": "-v", "caddy": "version"}[kind]
    match = re.search(r"\d+\.\d+(\.\d+)?(-dev\d*)?", _output(path, flag))
    return match.group(0) if match else ""


def _usable(kind, path):
    if kind == "caddy":
        return "layer4.handlers.proxy" in _output(path, "list-modules")
    return True


def find(say, large_buffers):
    """All contenders of this run: Tailwart first, the floor last.

    With `large_buffers`, HAProxy and nginx take part in the bulk figures a second time with buffers of 64 KiB: they
    then need less time per byte and more memory per connection.
    """
    defaults = {
        "tailwart": os.path.join(os.path.dirname(HERE), ".build", "release", "tailwart"),
        "haproxy": shutil.which("haproxy", path="/usr/sbin:/usr/bin:" + os.environ.get("PATH", "")),
        "nginx": shutil.which("nginx", path="/usr/sbin:/usr/bin:" + os.environ.get("PATH", "")),
        "caddy": shutil.which("caddy"),
        "floor": RELAY,
    }
    found = []
    for kind in NAMES:
        named = os.environ.get(kind.upper()) if kind != "floor" else None
        paths = [named or defaults[kind]]
        paths += [path for path in os.environ.get(f"{kind.upper()}_EXTRA", "").split(":") if path]
        for number, path in enumerate(paths):
            if not path or not os.access(path, os.X_OK):
                if named or number:
                    raise Failure(f"{path} is not an executable {NAMES[kind]}")
                if kind != "caddy":
                    say(f"without {NAMES[kind]}: {path or kind} is not there (set {kind.upper()}=PATH)")
            elif not _usable(kind, path):
                say(f"without {path}: it has no layer4 module")
            else:
                one = Contender(kind + (f"-{number}" if number else ""), kind, path, _version(kind, path))
                found.append(one)
                if large_buffers and kind in ("haproxy", "nginx") and number == 0:
                    found.append(replace(one, key=f"{one.key}-64k", buffer_kib=64, only=BULK_FIGURES))
    return found


class Instance:
    """One running contender with a backend of its own."""

    def __init__(self, contender, logged=False):
        self.contender = contender
        self.folder = os.path.join(BUILD, "run", contender.key + ("-logged" if logged else ""))
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder)
        os.chmod(self.folder, 0o755)
        names = ("plain", "held", "sni", "bulk")
        self.port = {name: free_port() for name in names}
        behind = {name: free_port() for name in names + ("web",)}
        self.backend = Service(
            [LOAD, "backend", f"banner:{behind['plain']}", f"banner:{behind['held']}", f"hello:A:{behind['sni']}",
             f"hello:B:{behind['web']}", f"bulk:{behind['bulk']}"], stdout=subprocess.PIPE)
        self.backend.process.stdout.readline()
        log = os.path.join(self.folder, "output")
        with open(log if not logged else os.devnull, "w") as output:
            self.service = Service(self._command(behind, logged), stdout=output, stderr=output, env={"GOMAXPROCS": "2"})
        await_ports(self.port.values(), self.service, contender.label, log)
        self.tree = self.service.tree
        self.tree.settle()

    def _command(self, behind, logged):
        kind, path = self.contender.kind, self.contender.path
        if kind == "floor":
            return [path, f"{self.port['plain']}={behind['plain']},proxy",
                    f"{self.port['held']}={behind['held']},proxy",
                    f"{self.port['sni']}=sni:{ROUTED_NAME}:{behind['sni']}:{behind['web']}",
                    f"{self.port['bulk']}={behind['bulk']}"]
        values = {name.upper(): port for name, port in self.port.items()}
        values.update({f"{name.upper()}_UPSTREAM": port for name, port in behind.items()})
        values.update(FOLDER=self.folder, DESCRIPTORS=DESCRIPTORS, MAXIMUM=(DESCRIPTORS - 1000) // 2,
                      BUFFER=self.contender.buffer_kib * 1024,
                      LEVEL="info" if logged else "warning", MODULE="", LOG=LOGS.get(kind, ("", ""))[logged])
        if kind == "nginx":
            built = _output(path, "-V")
            if "--with-stream=dynamic" in built:
                modules = re.search(r"--modules-path=(\S+)", built)
                values["MODULE"] = f"load_module {modules.group(1)}/ngx_stream_module.so;"
        with open(os.path.join(HERE, "peers", TEMPLATES[kind])) as file:
            text = re.sub(r"@([A-Z_]+)@", lambda match: str(values[match.group(1)]), file.read())
        configuration = os.path.join(self.folder, TEMPLATES[kind])
        with open(configuration, "w") as file:
            file.write(text)
        return {
            "tailwart": [path, "run", "--config", configuration],
            "haproxy": [path, "-db", "-f", configuration],
            "nginx": [path, "-p", self.folder, "-c", configuration],
            "caddy": [path, "run", "--config", configuration],
        }[kind]

    def verify(self):
        """A few connections of each sort: a wrong route or PROXY header ends the run before anything is timed."""
        load(LOAD, "connections", port=self.port["plain"], count=40, concurrency=4, verify=1)
        load(LOAD, "connections", port=self.port["sni"], count=40, concurrency=4, hello=ROUTED_NAME, tag="A")
        load(LOAD, "connections", port=self.port["sni"], count=40, concurrency=4, hello=OTHER_NAME, tag="B")
        load(LOAD, "bulk", port=self.port["bulk"], streams=2, bytes=1_000_000)

    def stop(self):
        self.service.stop()
        self.backend.stop()
