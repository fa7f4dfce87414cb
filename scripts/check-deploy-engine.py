#!/usr/bin/python3
"""What the containers of deploy/ meet in scripts/check-deploy-engine.sh, as small as it goes:

    check-deploy-engine.py tailscaled              tailscaled and the image's start of it, in the sidecar
    check-deploy-engine.py tailscaled --hub        the same on the host of the edge, and all that lies between the two
    check-deploy-engine.py stalwart --config FILE  the mail server, after its database has answered; mailbox.py lies beside it
    check-deploy-engine.py postgres ADDRESS        a database that asks for a password
    check-deploy-engine.py send HOST COUNT PAUSE   mails, each tried again until it is delivered or a minute is over

The tailnet is a device on each side, and packets between them in UDP, by way of the hub. A node says once a second who it is.
"""

import fcntl
import http.server
import json
import os
import select
import signal
import smtplib
import socket
import socketserver
import struct
import subprocess
import sys
import threading
import time
import uuid

SUFFIX = "tail1234.ts.net"
PORT = 41641
HUB = {"edge": 2, "the-record-prod": 9}
# Seconds without a word after which a node is offline.
PATIENCE = 4


def say(text):
    print(text, flush=True)


def addresses(number):
    return [f"100.64.0.{number}", f"fd7a:115c:a1e0::{number:x}"]


class Tailnet:
    """One tailscaled. `nodes` are all by name: number, where it was heard from, when."""

    def __init__(self, name, key, hub):
        self.name, self.key, self.hub = name, key, hub
        self.nodes = {}
        self.number = None
        self.tun = open("/dev/net/tun", "r+b", buffering=0)
        # IFF_TUN and IFF_NO_PI (linux/if_tun.h).
        fcntl.ioctl(self.tun, 0x400454CA, struct.pack("16sH22x", b"tailscale0", 0x1001))
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("0.0.0.0", PORT if hub is None else 0))

    def ip(self, *words):
        subprocess.run(["ip", *words], check=True)

    def come_up(self, numbers):
        for number in numbers:
            four, six = addresses(number)
            self.ip("address", "add", f"{four}/32", "dev", "tailscale0")
            self.ip("address", "add", f"{six}/128", "dev", "tailscale0", "nodad")
        self.ip("link", "set", "tailscale0", "mtu", "1280", "up")
        self.ip("route", "replace", "100.64.0.0/10", "dev", "tailscale0")
        self.ip("route", "replace", "fd7a:115c:a1e0::/48", "dev", "tailscale0")

    def carry(self):
        said = 0
        while True:
            if self.hub and time.monotonic() - said > 1:
                said = time.monotonic()
                self.udp.sendto(json.dumps({"name": self.name, "key": self.key}).encode(), self.hub)
            for ready in select.select([self.tun, self.udp], [], [], 1)[0]:
                try:
                    if ready is self.tun:
                        self.send(os.read(self.tun.fileno(), 65536))
                    else:
                        self.receive(*self.udp.recvfrom(65536))
                except OSError as error:
                    say(f"lost: {error}")

    def send(self, packet):
        self.udp.sendto(packet, self.hub) if self.hub else self.forward(packet)

    def forward(self, packet):
        family, address = (socket.AF_INET, packet[16:20]) if packet[0] >> 4 == 4 else (socket.AF_INET6, packet[24:40])
        text = socket.inet_ntop(family, address)
        for node in self.nodes.values():
            if text in addresses(node["number"]):
                self.udp.sendto(packet, node["at"]) if node["at"] else os.write(self.tun.fileno(), packet)

    def receive(self, packet, sender):
        if packet[:1] != b"{":
            return self.forward(packet) if self.hub is None else os.write(self.tun.fileno(), packet)
        word = json.loads(packet)
        if self.hub is None:
            node = next((node for node in self.nodes.values() if node["key"] == word["key"]), None)
            if node is None:
                node = {"key": word["key"], "number": 7 + len(self.nodes) - len(HUB)}
                # A second node of one name, as when the state was lost.
                name = word["name"] if word["name"] not in self.nodes else f"{word['name']}-{node['number']}"
                self.nodes[name] = node
            node.update(at=sender, heard=time.monotonic())
            numbers = {name: node["number"] for name, node in self.nodes.items()}
            self.udp.sendto(json.dumps({"you": node["number"], "nodes": numbers}).encode(), sender)
        elif self.number is None:
            self.number = word["you"]
            self.nodes = {name: {"number": number, "heard": None} for name, number in word["nodes"].items()}
            self.come_up([self.number])
            # In the place of MagicDNS.
            with open("/etc/hosts", "a") as hosts:
                for name, node in self.nodes.items():
                    hosts.write(f"{addresses(node['number'])[0]} {name}.{SUFFIX}\n")
            say(f"connected, has {addresses(self.number)}")

    def node(self, name, entry):
        heard = entry.get("heard")
        return {
            "ID": name, "HostName": name, "DNSName": f"{name}.{SUFFIX}.", "OS": "linux", "InNetworkMap": True,
            "TailscaleIPs": addresses(entry["number"]), "Relay": "fra", "CurAddr": "192.0.2.1:41641",
            "Online": heard is None or time.monotonic() - heard < PATIENCE,
        }

    @property
    def status(self):
        if self.number is None:
            return {"Version": "fake", "BackendState": "Starting", "TUN": True, "Peer": None}
        own = next(name for name, node in self.nodes.items() if node["number"] == self.number)
        return {
            "Version": "fake", "BackendState": "Running", "TUN": True, "Health": [], "MagicDNSSuffix": SUFFIX,
            "TailscaleIPs": addresses(self.number), "Self": self.node(own, self.nodes[own]),
            "CurrentTailnet": {"Name": "example.org", "MagicDNSSuffix": SUFFIX, "MagicDNSEnabled": True},
            "Peer": {f"nodekey:{name}": self.node(name, node) for name, node in self.nodes.items() if name != own},
        }

    def serve(self, path):
        tailnet = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                body = json.dumps(tailnet.status).encode() if self.path.startswith("/localapi/v0/status") else b""
                self.send_response(200 if body else 404)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_GET

            def address_string(self):
                return "local"

            def log_message(self, *words):
                pass

        os.makedirs(os.path.dirname(path), exist_ok=True)
        if os.path.exists(path):
            os.unlink(path)
        server = socketserver.ThreadingUnixStreamServer(path, Handler)
        server.daemon_threads = True
        os.chmod(path, 0o666)
        threading.Thread(target=server.serve_forever, daemon=True).start()


def tailscaled_hub():
    tailnet = Tailnet("edge", None, None)
    tailnet.nodes = {name: {"key": name, "number": number, "at": None} for name, number in HUB.items()}
    tailnet.number = HUB["edge"]
    tailnet.come_up(HUB.values())
    tailnet.serve("/run/tailscale/tailscaled.sock")
    say("connected")
    tailnet.carry()


def tailscaled():
    # The first process of a container has no default actions.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    variables = os.environ
    assert variables["TS_USERSPACE"] == "false" and variables["TS_ACCEPT_DNS"] == "true"
    say(f"tailscale up {variables['TS_EXTRA_ARGS']}")
    state = variables["TS_STATE_DIR"] + "/state"
    if not os.path.exists(state):
        if not variables.get("TS_AUTHKEY"):
            sys.exit("no state, and no TS_AUTHKEY")
        with open(state, "w") as file:
            file.write(str(uuid.uuid4()))
    with open("/proc/net/route") as file:
        gateway = next(line.split()[2] for line in file if line.split()[1] == "00000000")
    gateway = socket.inet_ntoa(struct.pack("<I", int(gateway, 16)))
    with open(state) as file:
        tailnet = Tailnet(variables["TS_HOSTNAME"], file.read(), (gateway, PORT))
    tailnet.serve(variables["TS_SOCKET"])
    tailnet.carry()


# Length 8 and the code 1234 5679.
SSL_REQUEST = struct.pack("!II", 8, 80877103)


def postgres(address):
    listener = socket.create_server((address, 5432))
    say("listening")
    while True:
        client, _ = listener.accept()
        with client:
            client.settimeout(2)
            try:
                if client.recv(8) == SSL_REQUEST:
                    client.sendall(b"N")
                    if client.recv(1024):
                        client.sendall(b"R" + struct.pack("!II", 23, 10) + b"SCRAM-SHA-256\0\0")
            except OSError:
                pass


def stalwart():
    import mailbox

    with open(sys.argv[sys.argv.index("--config") + 1]) as file:
        store = json.load(file)
    assert os.environ[store["authSecret"]["variableName"]], "no password"
    # As it ends where its tables cannot be created.
    try:
        with socket.create_connection((store["host"], store["port"]), 5) as database:
            database.sendall(SSL_REQUEST)
            assert database.recv(1) == b"N"
    except (OSError, AssertionError) as error:
        sys.exit(f"Startup failed: Failed to create tables: {error!r}")
    # An orphan: whoever is the first process has to ask how it ended.
    subprocess.run(["sh", "-c", "sleep 1 &"], check=True)
    checked = mailbox.Connection.header

    def header(self):
        # From its own container it wants none.
        return 0 if self.sock.getpeername()[0] == "::ffff:127.0.0.1" else checked(self)

    mailbox.Connection.header = header
    # The names of files begin anew with each start.
    folder = f"/var/lib/stalwart/mail/{time.time_ns()}"
    os.makedirs(folder)
    sys.argv[1:] = ["--mail", folder, "--name", os.environ["STALWART_HOSTNAME"], "smtp=25"]
    mailbox.main()


def send(host, count, pause):
    tried = served = 0
    for number in range(int(count)):
        deadline = time.monotonic() + 60
        while True:
            tried += 1
            try:
                with smtplib.SMTP(host, 25, "client.example.net", timeout=10) as server:
                    server.sendmail("ann@example.net", ["bob@example.org"], f"Subject: {number}\r\n\r\nhello\r\n")
                served += 1
                break
            # A smtplib that is told 421 raises one of these too.
            except (OSError, smtplib.SMTPException) as error:
                answer = getattr(error, "smtp_code", 400)
                assert 400 <= answer < 500 or answer == -1, f"refused for good: {error}"
                if time.monotonic() > deadline:
                    break
                time.sleep(0.5)
        time.sleep(float(pause))
    say(f"{served} of {count} delivered, in {tried} tries")
    sys.exit(0 if served == int(count) else 1)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["tailscaled", "--hub"]: tailscaled_hub()
        case ["tailscaled", *_]: tailscaled()
        case ["postgres", address]: postgres(address)
        case ["stalwart", *_]: stalwart()
        case ["send", host, count, pause]: send(host, count, pause)
        case _: sys.exit(__doc__)
