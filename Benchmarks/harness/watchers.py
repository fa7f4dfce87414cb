"""Who looks at a running edge: a scraper, the page, a reader of events, and `tailwart status --watch` on a terminal."""

import contextlib
import fcntl
import http.client
import os
import pty
import socket
import struct
import subprocess
import termios
import threading
import time

from harness.service import Failure, Service

CHROMIUM = "/usr/bin/chromium"
DRIVER = "/usr/bin/chromedriver"
# What the page asks for, and how often (Sources/TailwartAdmin/page.html).
PAGE_ASKS = ("/status", "/connections?limit=200&sort=age")
PAGE_INTERVAL = 2.0
PAGE_EVENTS = "/events?records=unserved"
# Seconds that an answer may take.
PATIENCE = 10


class _LocalConnection(http.client.HTTPConnection):
    """HTTP to a Unix socket."""

    def __init__(self, path):
        super().__init__("localhost", timeout=PATIENCE)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def connect(address):
    """To an admin interface: a path, or a port of loopback."""
    return _LocalConnection(address) if isinstance(address, str) else http.client.HTTPConnection("127.0.0.1", address, timeout=PATIENCE)


class _Asker:
    """Asks again and again over one connection, until it is stopped. An edge that is being replaced is asked anew."""

    def __init__(self, address, paths, interval):
        self.address, self.paths, self.interval = address, paths, interval
        self.answers = self.failures = 0
        self.bytes = 0
        self.last = b""
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        connection = None
        due = time.monotonic()
        while not self._end.is_set():
            for path in self.paths:
                try:
                    connection = connection or connect(self.address)
                    connection.request("GET", path)
                    answer = connection.getresponse()
                    body = answer.read()
                    if answer.status not in (200, 503):
                        raise OSError(f"{path}: {answer.status}")
                    self.answers += 1
                    self.bytes += len(body)
                    self.last = body
                except (OSError, http.client.HTTPException):
                    self.failures += 1
                    if connection:
                        connection.close()
                    connection = None
            due = max(due + self.interval, time.monotonic())
            self._end.wait(due - time.monotonic())
        if connection:
            connection.close()

    def stop(self):
        self._end.set()
        self._thread.join()


class Scraper(_Asker):
    """GET /metrics each second."""

    def __init__(self, address):
        super().__init__(address, ("/metrics",), 1.0)


class EventsReader:
    """Reads events and records as they come; where the edge ends, from the next one."""

    def __init__(self, address, path="/events"):
        self.address, self.path = address, path
        self.bytes = self.streams = 0
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        while not self._end.is_set():
            with contextlib.suppress(OSError):
                connection = connect(self.address)
                connection.connect()
                with connection.sock as reader:
                    reader.settimeout(1.0)
                    reader.sendall(f"GET {self.path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
                    self.streams += 1
                    while not self._end.is_set():
                        with contextlib.suppress(TimeoutError):
                            part = reader.recv(65536)
                            if not part:
                                break
                            self.bytes += len(part)
            self._end.wait(0.2)

    def stop(self):
        self._end.set()
        self._thread.join()


class StatusScreen:
    """`tailwart status --watch` on a pseudo-terminal of 120 columns and 40 lines."""

    def __init__(self, program, admin):
        self.bytes = 0
        self.master, slave = pty.openpty()
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        self.service = Service([program, "status", "--watch", "--socket", admin], stdin=slave, stdout=slave,
                               stderr=subprocess.DEVNULL, env={"TERM": "xterm"})
        os.close(slave)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        # A terminal that nobody holds any more is an error for who reads it.
        with contextlib.suppress(OSError):
            while part := os.read(self.master, 65536):
                self.bytes += len(part)

    @property
    def is_running(self):
        return self.service.process.poll() is None

    def figures(self):
        """Its own (descriptors, threads)."""
        folder = f"/proc/{self.service.process.pid}"
        return len(os.listdir(f"{folder}/fd")), len(os.listdir(f"{folder}/task"))

    def stop(self):
        """Answers whether it was still there."""
        was_running = self.is_running
        self.service.stop()
        self._thread.join()
        os.close(self.master)
        return was_running


class Page:
    """The page in a headless Chromium, as the tests have it. Needs Debian's chromium-driver and python3-selenium."""

    what = "the page in headless Chromium"

    def __init__(self):
        from selenium import webdriver
        from selenium.webdriver.chrome.service import Service as Driver

        options = webdriver.ChromeOptions()
        options.binary_location = CHROMIUM
        for flag in ("headless=new", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-background-networking",
                     "disable-component-update", "disable-sync"):
            options.add_argument(f"--{flag}")
        self.browser = webdriver.Chrome(service=Driver(DRIVER), options=options)

    @staticmethod
    def is_there():
        try:
            import selenium  # noqa: F401
        except ImportError:
            return False
        return os.access(CHROMIUM, os.X_OK) and os.access(DRIVER, os.X_OK)

    def open(self, port):
        self.browser.get(f"http://127.0.0.1:{port}/")
        end = time.monotonic() + PATIENCE
        while not self.browser.execute_script("return document.querySelectorAll('#connections tbody tr').length"):
            if time.monotonic() > end:
                raise Failure("the page shows no connection")
            time.sleep(0.1)

    def leave(self):
        """The browser stays, so that it costs the host the same in all turns."""
        self.browser.get("about:blank")

    def stop(self):
        self.browser.quit()


class PageRequests:
    """What the page asks for, where there is no browser."""

    what = "what the page asks for, without a browser"

    def __init__(self):
        self.parts = []

    def open(self, port):
        self.parts = [_Asker(port, PAGE_ASKS, PAGE_INTERVAL), EventsReader(port, PAGE_EVENTS)]

    def leave(self):
        for part in self.parts:
            part.stop()
        self.parts = []

    def stop(self):
        self.leave()
