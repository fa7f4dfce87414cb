#!/usr/bin/python3
"""The commands of Headscale 0.29 that a first hour needs, as the real one was seen to answer.

    headscale.py FOLDER users list
    headscale.py FOLDER preauthkeys create --user ID --tags TAG
    headscale.py FOLDER policy check --file FILE

The files in FOLDER are the devices that have joined: a file's name is the device's, its text the tags. An owner of a tag is a user
('alice@') or a group of them, and a test needs a device for each tag that it names: a policy that is wrong in one place is refused whole.
"""

import json
import os
import re
import sys

USERS = {"1": "alice"}


def refuse(text):
    sys.exit(f"Error: {text}")


def standard_json(text):
    """HuJSON has comments and commas behind the last member."""
    text = re.sub(r'("(?:\\.|[^"\\])*")|//[^\n]*|/\*.*?\*/', lambda match: match.group(1) or "", text, flags=re.DOTALL)
    return re.sub(r'("(?:\\.|[^"\\])*")|,(?=\s*[}\]])', lambda match: match.group(1) or "", text)


def tags_of_devices(folder):
    tags = set()
    for name in os.listdir(folder):
        with open(os.path.join(folder, name)) as file:
            tags |= set(file.read().split())
    return tags


def check(policy, there):
    for key in policy:
        if key not in ("groups", "hosts", "tagOwners", "acls", "grants", "tests", "autoApprovers", "ssh"):
            refuse(f"unknown field {key!r}")
    owners = policy.get("tagOwners", {})
    for tag, names in owners.items():
        for name in names:
            if not re.fullmatch(r"[\w.-]+@[\w.-]*|group:\w+|tag:[\w-]+", name):
                refuse(f"tagOwners {tag!r}: invalid owner format: {name!r}")
            if name.endswith("@") and name[:-1] not in USERS.values():
                refuse(f"tagOwners {tag!r}: user not found: {name!r}")
    for rule in policy.get("grants", []) + policy.get("acls", []):
        for alias in rule["src"] + [word.rsplit(":", 1)[0] if word.count(":") > 1 else word for word in rule["dst"]]:
            if alias.startswith("tag:") and alias not in owners:
                refuse(f"tag not found: {alias!r}")
    for test in policy.get("tests", []):
        for kind, alias in [("source", test["src"])] + [
            ("destination", word.rsplit(":", 1)[0]) for word in test.get("accept", []) + test.get("deny", [])
        ]:
            if alias.startswith("tag:") and alias not in there:
                refuse(f"{kind} {alias!r} resolved to no IP addresses".replace("'", '"'))


def main():
    folder, *words = sys.argv[1:]
    match words:
        case ["users", "list"]:
            for number, name in USERS.items():
                print(f"{number} | {name}")
        case ["preauthkeys", "create", "--user", number, "--tags", tag]:
            if number not in USERS:
                refuse(f"user not found: {number}")
            print(f"hskey-auth-{tag.removeprefix('tag:')}")
        case ["policy", "check", "--file", path]:
            with open(path) as file:
                check(json.loads(standard_json(file.read())), tags_of_devices(folder))
            print("Policy is valid")
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main()
