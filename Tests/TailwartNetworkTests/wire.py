#!/usr/bin/python3
"""A tailnet of two: carries packets between a TUN device in one network namespace and another in a second one.

    wire.py SEED PID PID

The namespaces are those of two processes. What a tailnet does to packets is told on standard input, one command a line, each
answered by 'ok COMMAND':

    delay MS       one way
    loss PERCENT   each way; which packets are lost follows from the seed
    hole on|off    on: every packet is lost, and nobody is told
    count          answered by 'carried N lost N'

In user space, as tailscaled does it too, and because not every kernel has a queue that delays (sch_netem).
"""

import collections
import ctypes
import fcntl
import os
import random
import select
import struct
import sys
import time

DEVICE = b"tailscale0"
TUNSETIFF = 0x400454CA  # <linux/if_tun.h>
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000
CLONE_NEWNET = 0x40000000  # <linux/sched.h>
# Packets on their way in one direction; a sender that sends more loses them, as at any router.
QUEUE_LIMIT = 20_000
# Read from one device before the other gets its turn.
BURST = 64

libc = ctypes.CDLL(None, use_errno=True)


def open_tun(process):
    """A new TUN device in the namespace of the process. It stays there when this process moves on."""
    with open(f"/proc/{process}/ns/net") as namespace:
        if libc.setns(namespace.fileno(), CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "setns")
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH22x", DEVICE, IFF_TUN | IFF_NO_PI))
    return device


class Wire:
    def __init__(self, seed, devices):
        self.random = random.Random(seed)
        self.ends = {devices[0]: devices[1], devices[1]: devices[0]}
        self.queues = {device: collections.deque() for device in devices}
        self.delay = 0.0
        self.loss = 0.0
        self.has_hole = False
        self.carried = 0
        self.lost = 0

    def take(self, device):
        """Packets that want to go from this device to the other."""
        queue = self.queues[self.ends[device]]
        for _ in range(BURST):
            try:
                packet = os.read(device, 65536)
            except BlockingIOError:
                return
            except OSError:  # the device is down
                return
            if self.has_hole or len(queue) >= QUEUE_LIMIT or self.random.random() < self.loss:
                self.lost += 1
            else:
                queue.append((time.monotonic() + self.delay, packet))

    def deliver(self):
        """Hands over what is due; returns the seconds until there is more, None if nothing is on its way."""
        now = time.monotonic()
        rest = None
        for device, queue in self.queues.items():
            while queue and queue[0][0] <= now:
                packet = queue.popleft()[1]
                try:
                    # A hole swallows what is on its way too.
                    if not self.has_hole:
                        os.write(device, packet)
                        self.carried += 1
                except OSError:
                    self.lost += 1
            if queue:
                rest = min(rest or 3600, max(0, queue[0][0] - now))
        return rest

    def obey(self, line):
        word, _, value = line.partition(" ")
        if word == "delay":
            self.delay = float(value) / 1000
        elif word == "loss":
            self.loss = float(value) / 100
        elif word == "hole" and value in ("on", "off"):
            self.has_hole = value == "on"
        elif word == "count":
            return f"carried {self.carried} lost {self.lost}"
        else:
            return f"unknown command: {line}"
        return f"ok {line}"


def main():
    seed, first, second = sys.argv[1:]
    wire = Wire(int(seed), (open_tun(first), open_tun(second)))
    os.set_blocking(0, False)
    print(f"ready, seed {seed}", flush=True)
    commands = b""
    while True:
        readable, _, _ = select.select([0, *wire.ends], [], [], wire.deliver())
        for source in readable:
            if source != 0:
                wire.take(source)
                continue
            more = os.read(0, 4096)
            if not more:
                return
            *lines, commands = (commands + more).split(b"\n")
            for line in lines:
                print(wire.obey(line.decode()), flush=True)


main()
