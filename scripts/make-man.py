#!/usr/bin/env python3
"""Writes the manual page: deploy/man/tailwart.1.in with the commands and options that the program itself knows.

    scripts/make-man.py PROGRAM >tailwart.1

So the page cannot lack a command. SOURCE_DATE_EPOCH gives its date.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import time


def roff(text):
    """Text as roff source: no character of it is a request or a hyphen that may break."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("`", "")
    return "\n".join("\\&" + line if line[:1] in (".", "'") else line for line in text.splitlines())


def names(argument):
    """An option or argument as it is typed, with what it takes."""
    typed = [("-" if name["kind"] == "short" else "--") + name["name"] for name in argument.get("names") or []]
    value = "\\fI" + roff(argument.get("valueName") or "value") + "\\fR"
    if argument["kind"] == "positional":
        return value + (" ..." if argument["isRepeating"] else "")
    shown = ", ".join("\\fB" + roff(name) + "\\fR" for name in typed)
    return shown + (" " + value if argument["kind"] == "option" else "")


def described(command, path):
    """One command, then those below it."""
    path = path + [command["commandName"]]
    lines = [".SS " + roff(" ".join(path)), roff(command.get("abstract") or "")]
    for paragraph in (command.get("discussion") or "").splitlines():
        lines += [".br", roff(paragraph)]
    for argument in command.get("arguments") or []:
        # --help and --version are everywhere and said once.
        if not argument["shouldDisplay"] or argument.get("valueName") in ("help", "version"):
            continue
        lines += [".TP", names(argument), roff(argument.get("abstract") or "")]
        if argument.get("defaultValue"):
            lines.append("Default: " + roff(argument["defaultValue"]) + ".")
    for below in command.get("subcommands") or []:
        if below["shouldDisplay"] and below["commandName"] != "help":
            lines += described(below, path)
    return lines


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: scripts/make-man.py PROGRAM >tailwart.1")
    program = sys.argv[1]
    ask = lambda *arguments: subprocess.run([program, *arguments], check=True, capture_output=True, text=True).stdout
    commands = json.loads(ask("--experimental-dump-help"))["command"]["subcommands"]
    lines = ["Every command has", ".B \\-\\-help", "with an example."]
    for command in commands:
        if command["shouldDisplay"] and command["commandName"] != "help":
            lines += described(command, ["tailwart"])

    date = time.gmtime(int(os.environ.get("SOURCE_DATE_EPOCH", time.time())))
    page = (pathlib.Path(__file__).parent.parent / "deploy/man/tailwart.1.in").read_text()
    page = page.replace("@DATE@", time.strftime("%Y-%m-%d", date))
    page = page.replace("@VERSION@", json.loads(ask("version", "--json"))["version"])
    page = page.replace("@COMMANDS@", "\n".join(line for line in lines if line))
    if left := re.search(r"@[A-Z]+@", page):
        sys.exit(f"make-man: nothing was put in place of {left[0]}")
    sys.stdout.write(page)


if __name__ == "__main__":
    main()
