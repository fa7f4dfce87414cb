#!/usr/bin/env python3
"""Writes a manual page of what the program itself knows, so that it cannot lack a command or a key:

    scripts/make-man.py PROGRAM tailwart.1           deploy/man/tailwart.1.in with the commands and options
    scripts/make-man.py PROGRAM tailwart.yaml.5      deploy/man/tailwart.yaml.5.in with the keys of its schema, and examples/

SOURCE_DATE_EPOCH gives its date.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent


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


def commands(ask):
    lines = ["Every command has", ".B \\-\\-help", "with an example."]
    for command in json.loads(ask("--experimental-dump-help"))["command"]["subcommands"]:
        if command["shouldDisplay"] and command["commandName"] != "help":
            lines += described(command, ["tailwart"])
    return lines


def mappings(value, definitions, name=None):
    """The mappings that a value may be, each with its name in the schema and what is put behind the path to it."""
    if "$ref" in value:
        name = value["$ref"].rsplit("/", 1)[-1]
        yield from mappings(definitions[name], definitions, name)
        return
    for one in value.get("anyOf", []):
        yield from mappings(one, definitions, name)
    if "properties" in value:
        yield name, value, ""
    if "items" in value:
        yield from ((inner, found, "[]" + behind) for inner, found, behind in mappings(value["items"], definitions))
    if isinstance(value.get("additionalProperties"), dict):
        yield from ((inner, found, ".NAME" + behind) for inner, found, behind in mappings(value["additionalProperties"], definitions))


def keys(ask):
    """Every mapping of the file below a heading of its path; one that stands in several places is described in the first."""
    schema = json.loads(ask("config", "--schema"))
    definitions, seen = schema["$defs"], {}
    lines, waiting = [], [("", schema)]
    while waiting:
        path, mapping = waiting.pop(0)
        lines.append(".SS " + roff(path or "the file"))
        for key, value in mapping["properties"].items():
            place = f"{path}.{key}" if path else key
            lines += [".TP", ".B " + roff(key), roff(value.get("description") or "")]
            if "default" in value:
                default = value["default"]
                lines.append("Default: " + roff(default if isinstance(default, str) else json.dumps(default)) + ".")
            if key in mapping.get("required", []):
                lines.append("Required.")
            for name, found, behind in mappings(value, definitions):
                if name in seen:
                    lines.append("Keys: as of " + roff(seen[name]) + ".")
                else:
                    seen[name] = place + behind
                    waiting.append((place + behind, found))
    return lines


def examples():
    lines = []
    for path in sorted((ROOT / "examples").glob("*.yaml")):
        lines += [".SS " + roff(path.name), ".EX", roff(path.read_text()), ".EE"]
    return lines


def main():
    pages = ["tailwart.1", "tailwart.yaml.5"]
    if len(sys.argv) != 3 or sys.argv[2] not in pages:
        print("usage: scripts/make-man.py PROGRAM " + " | ".join(pages), file=sys.stderr)
        sys.exit(2)
    program, name = sys.argv[1:]
    ask = lambda *arguments: subprocess.run([program, *arguments], check=True, capture_output=True, text=True).stdout
    date = time.gmtime(int(os.environ.get("SOURCE_DATE_EPOCH", time.time())))
    page = (ROOT / f"deploy/man/{name}.in").read_text()
    page = page.replace("@DATE@", time.strftime("%Y-%m-%d", date))
    page = page.replace("@VERSION@", json.loads(ask("version", "--json"))["version"])
    for mark, made in (("@COMMANDS@", lambda: commands(ask)), ("@KEYS@", lambda: keys(ask)), ("@EXAMPLES@", examples)):
        if mark in page:
            page = page.replace(mark, "\n".join(line for line in made() if line))
    if left := re.search(r"@[A-Z]+@", page):
        sys.exit(f"make-man: nothing was put in place of {left[0]}")
    sys.stdout.write(page)


if __name__ == "__main__":
    main()
