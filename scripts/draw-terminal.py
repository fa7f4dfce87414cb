#!/usr/bin/env python3
"""Draws docs/images/try.svg: a real session of 'tailwart try', with the first command that it prints run in another terminal.

    scripts/draw-terminal.py PROGRAM            draws it anew
    scripts/draw-terminal.py PROGRAM --check    ends with 1 if what the program prints is no longer what is drawn

Times, ports and sizes differ from run to run and are not compared; nor is who of two sides closes first.
"""

import hashlib
import html
import os
import pathlib
import pty
import re
import select
import signal
import socket
import subprocess
import sys
import time

PICTURE = pathlib.Path(__file__).resolve().parent.parent / "docs/images/try.svg"
COLUMNS, CHARACTER, LINE, MARGIN, TITLE = 124, 7.3, 17, 14, 30
PATIENCE = 30
ANSI = re.compile(r"\x1b\[([0-9;]*)m")
CLASSES = {"1": "strong", "2": "faint", "31": "red", "32": "green", "33": "yellow", "35": "prompt", "36": "cyan"}

STYLE = """
    .page { fill: #ffffff; stroke: #d0d7de } .bar { fill: #f1f3f5 } .dot { fill: #c2571a } .rest { fill: #d0d7de }
    text { font: 12px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #24292f; white-space: pre }
    .title { font: 12px system-ui, sans-serif; fill: #57606a } .strong { font-weight: 700 } .faint { fill: #6e7781 }
    .red { fill: #cf222e } .green { fill: #1a7f37 } .yellow { fill: #9a6700 } .cyan { fill: #0b6e99 } .prompt { fill: #c2571a }
    @media (prefers-color-scheme: dark) {
      .page { fill: #0d1117; stroke: #3d444d } .bar { fill: #161b22 } .dot { fill: #f0883e } .rest { fill: #3d444d }
      text { fill: #e6edf3 } .title { fill: #9198a1 } .faint { fill: #8b949e }
      .red { fill: #ff7b72 } .green { fill: #3fb950 } .yellow { fill: #d29922 } .cyan { fill: #56c2e6 } .prompt { fill: #f0883e }
    }"""


class Session:
    """The program on a terminal of its own."""

    def __init__(self, program):
        self.text = ""
        self.child, self.terminal = pty.fork()
        if self.child == 0:
            environment = {key: value for key, value in os.environ.items() if key != "NO_COLOR"}
            os.execve(program, ["tailwart", "try"], environment | {"TERM": "xterm-256color"})

    def read_until(self, pattern):
        """What has come so far, once the pattern is in it; the end of the program is an end too."""
        deadline = time.monotonic() + PATIENCE
        while not re.search(pattern, self.text):
            ready, _, _ = select.select([self.terminal], [], [], max(0, deadline - time.monotonic()))
            try:
                chunk = os.read(self.terminal, 65536) if ready else b""
            except OSError:
                chunk = b""
            if not chunk:
                sys.exit(f"draw-terminal: the program does not say /{pattern}/ but:\n{self.text}")
            self.text += chunk.decode().replace("\r\n", "\n")
        return self.text

    def end(self):
        if self.child:
            os.kill(self.child, signal.SIGKILL)
            os.waitpid(self.child, 0)


def plain(text):
    return ANSI.sub("", text)


def run(program):
    """The lines of both terminals."""
    session = Session(program)
    try:
        introduction = session.read_until(r"Ctrl-C stops\.\n\n?")
        command = next(line.strip() for line in plain(introduction).splitlines() if "curl -kv" in line)
        said = subprocess.run(["sh", "-c", command + " 2>&1"], capture_output=True, text=True, timeout=PATIENCE).stdout
        session.read_until(r"closed by|ended by|by client|by upstream")
        # What a person types.
        os.write(session.terminal, b"\x03")
        session.read_until(r"stopped after .*\n")
    finally:
        session.end()
    # What curl calls itself is this host's name, and what the server can do is said at length.
    said = re.sub(rf"\b{re.escape(socket.gethostname())}\b", "laptop", said)
    said = re.sub(r"(< 250[- ][A-Z0-9 ]+\s+)+", "< 250-…\n", said)
    answers = [line.rstrip() for line in said.splitlines() if re.match(r"[<>] [^ ]", line)]
    if not any("stored as message" in line for line in answers):
        sys.exit(f"draw-terminal: the mail was not taken:\n{said}")
    lines = [line for line in session.text.rstrip("\n").splitlines()]
    return ["$ tailwart try"] + lines, ["$ " + command] + answers


def essence(terminals):
    """What may not differ between the picture and the program."""
    lines = [plain(line) for terminal in terminals for line in terminal]
    lines = [re.sub(r"[0-9.]+ (k?M?B|m?s)\b", "0 U", line) for line in lines]
    # Both say goodbye at the same time.
    lines = [re.sub(r"closed by (client|upstream)", "closed", line) for line in lines]
    lines = sorted(re.sub(r"\s+", " ", re.sub(r"[0-9a-f]*[0-9]+[0-9a-f]*", "0", line)) for line in lines)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def runs(line):
    """A line in lines of the terminal's width, each as pieces of (column, text, class)."""
    pieces, column, kind = [[]], 0, ""
    if line.startswith("$ "):
        line = "\x1b[35m$\x1b[0m" + line[1:]
    for part in re.split(r"(\x1b\[[0-9;]*m)", line):
        if part.startswith("\x1b["):
            kind = CLASSES.get(part[2:-1], "")
            continue
        while part:
            taken, part = part[: COLUMNS - column], part[COLUMNS - column :]
            pieces[-1].append((column, taken, kind))
            column += len(taken)
            if part:
                pieces.append([])
                column = 0
    return pieces


def window(title, lines, top):
    rows = [row for line in lines for row in runs(line)]
    width, height = round(COLUMNS * CHARACTER) + 2 * MARGIN, TITLE + MARGIN + len(rows) * LINE + MARGIN // 2
    parts = [
        f'<rect class="page" x="0.5" y="{top + 0.5}" width="{width - 1}" height="{height}" rx="8"/>',
        f'<path class="bar" d="M1 {top + TITLE}V{top + 9}a8 8 0 0 1 8 -8H{width - 9}a8 8 0 0 1 8 8V{top + TITLE}z"/>',
        f'<circle class="dot" cx="18" cy="{top + 15}" r="5"/><circle class="rest" cx="35" cy="{top + 15}" r="5"/>'
        f'<circle class="rest" cx="52" cy="{top + 15}" r="5"/>',
        f'<text class="title" x="{width / 2:.0f}" y="{top + 19}" text-anchor="middle">{html.escape(title)}</text>',
    ]
    for number, row in enumerate(rows):
        y = top + TITLE + MARGIN + 6 + number * LINE
        for column, text, kind in row:
            # Blanks at both ends are places and not text; each piece is as wide as its characters, whatever the font.
            begin = column + len(text) - len(text.lstrip())
            text = text.strip()
            if text:
                name = f' class="{kind}"' if kind else ""
                parts.append(
                    f'<text{name} x="{MARGIN + begin * CHARACTER:.1f}" y="{y}" textLength="{len(text) * CHARACTER:.1f}" '
                    f'lengthAdjust="spacingAndGlyphs">{html.escape(text, quote=False)}</text>'
                )
    return parts, width, top + height


def draw(terminals):
    first, width, bottom = window("tailwart try", terminals[0], 0)
    second, _, bottom = window("another terminal: the first command that it prints", terminals[1], bottom + 14)
    label = "A session of tailwart try: what it prints, a mail sent with curl, and the lines that it logs"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {bottom + 1}" width="{width}" height="{bottom + 1}" '
        f'role="img" aria-label="{label}">\n  <!-- scripts/draw-terminal.py drew it; {essence(terminals)} -->\n  <style>{STYLE}\n  </style>\n  '
        + "\n  ".join(first + second)
        + "\n</svg>\n"
    )


def main():
    arguments = sys.argv[1:]
    if not arguments or arguments[1:] not in ([], ["--check"]):
        print("usage: scripts/draw-terminal.py PROGRAM [--check]", file=sys.stderr)
        sys.exit(2)
    terminals = run(str(pathlib.Path(arguments[0]).resolve()))
    if arguments[1:]:
        if essence(terminals) not in PICTURE.read_text():
            print("\n".join(plain(line) for terminal in terminals for line in terminal))
            sys.exit(f"draw-terminal: {PICTURE.name} shows another session; draw it anew: scripts/draw-terminal.py PROGRAM")
        return
    PICTURE.write_text(draw(terminals))
    print(f"drew {PICTURE}")


if __name__ == "__main__":
    main()
