"""Clients that stay for a while and speak now and then, and a mailbox that comes and goes."""

import random
import selectors
import socket
import threading
import time

from harness.service import free_port

LINE = b"NOOP still here\r\n"


class Crowd:
    """Opens so many connections a second, from one thread; each reads a banner, then has a line echoed every few seconds, and leaves."""

    # Seconds: the least, the mean and the most that one stays, and from one line to the next. Who left sooner might not have been greeted on a busy host.
    SHORTEST, STAY, LONGEST, EVERY = 5.0, 20.0, 120.0, 5.0

    def __init__(self, port, rate):
        self.port, self.rate = port, rate
        self.served = self.drained = 0
        self.wrong = {}
        # Until then a connection that the edge has ended is one that was drained.
        self.drains_until = 0.0
        self.random = random.Random(port)
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        selector, live = selectors.DefaultSelector(), {}
        begun = last = time.monotonic()
        opened = 0
        while not self._end.is_set():
            now = time.monotonic()
            for _ in range(min(int((now - begun) * self.rate) - opened, 50)):
                opened += 1
                client = socket.socket()
                client.setblocking(False)
                client.connect_ex(("127.0.0.1", self.port))
                # [when it leaves, when it speaks next, whether it was greeted]
                live[client] = [now + min(self.SHORTEST + self.random.expovariate(1 / (self.STAY - self.SHORTEST)), self.LONGEST),
                                now + self.EVERY, False]
                selector.register(client, selectors.EVENT_READ)
            for key, _ in selector.select(0.02):
                client = key.fileobj
                try:
                    if not client.recv(4096):
                        raise ConnectionResetError("closed by the edge")
                    live[client][2] = True
                except BlockingIOError:
                    continue
                except OSError as error:
                    if time.monotonic() < self.drains_until and live[client][2]:
                        self.drained += 1
                    else:
                        what = f"{type(error).__name__} {'after' if live[client][2] else 'before'} the greeting"
                        self.wrong[what] = self.wrong.get(what, 0) + 1
                    selector.unregister(client)
                    client.close()
                    del live[client]
            if now - last < 0.25:
                continue
            last = now
            for client, (leaves, speaks, greeted) in list(live.items()):
                if now >= leaves:
                    if greeted:
                        self.served += 1
                    else:
                        self.wrong["never greeted"] = self.wrong.get("never greeted", 0) + 1
                    selector.unregister(client)
                    client.close()
                    del live[client]
                elif now >= speaks and greeted:
                    live[client][1] = now + self.EVERY
                    try:
                        client.send(LINE)
                    except OSError:
                        # What it reads next says why.
                        pass
        for client in live:
            client.close()

    def stop(self):
        self._end.set()
        self._thread.join()


class FlakyMailbox:
    """Speaks as much SMTP as a probe wants to hear, and is gone for a while every now and then."""

    def __init__(self, here, away):
        self.port = free_port()
        self.here, self.away = here, away
        self.conversations = self.departures = 0
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        while not self._end.is_set():
            with socket.create_server(("127.0.0.1", self.port), backlog=100) as listening:
                listening.settimeout(0.5)
                until = time.monotonic() + self.here
                while time.monotonic() < until and not self._end.is_set():
                    try:
                        client, _ = listening.accept()
                    except TimeoutError:
                        continue
                    threading.Thread(target=self._serve, args=(client,), daemon=True).start()
            self.departures += 1
            self._end.wait(self.away)

    def _serve(self, client):
        self.conversations += 1
        try:
            with client, client.makefile("rb") as lines:
                client.settimeout(30)
                client.sendall(b"220 mail.example.org ESMTP\r\n")
                for line in lines:
                    if line.upper().startswith(b"QUIT"):
                        client.sendall(b"221 2.0.0 bye\r\n")
                        return
                    client.sendall(b"250-mail.example.org\r\n250 8BITMIME\r\n" if line.upper().startswith(b"EHLO") else b"250 2.0.0 ok\r\n")
        except OSError:
            pass

    def stop(self):
        self._end.set()
        self._thread.join()
