#!/usr/bin/env python3
"""Says what the program is made of and under which licences, from LICENSES/components.json:

    scripts/make-notice.py notice >NOTICE
    scripts/make-notice.py debian >copyright       the Debian package's, with the texts of what is inside its program
    scripts/make-notice.py portable >copyright     the same, if its program is the one file of 'make portable'
    scripts/make-notice.py check                   NOTICE is as the table says, each licence's text is there, each package is in the table
"""

import json
import pathlib
import re
import sys
import textwrap

ROOT = pathlib.Path(__file__).resolve().parent.parent
COMPONENTS = json.loads((ROOT / "LICENSES/components.json").read_text())["components"]
# Debian's names of licences, where they are others.
DEBIAN_NAMES = {"MIT": "Expat", "BSD-3-Clause": "BSD-3-clause"}

# Those whose texts Debian has; the others are given whole.
COMMON = {"Apache-2.0": "Apache-2.0", "LGPL-2.1-or-later": "LGPL-2.1", "GPL-3.0-or-later": "GPL-3"}


def texts(license):
    """The files with the texts of an SPDX expression; Apache's is the project's own."""
    return ["LICENSE" if name == "Apache-2.0" else f"LICENSES/{name}.txt" for name in re.split(r" (?:WITH|AND|OR) ", license)]


def linked(kinds):
    return [one for one in COMPONENTS if one["kind"] in kinds and one.get("linked", True)]


def entry(component):
    within = f" (inside {component['of']})" if "of" in component else ""
    return (
        f"{component['name']}{within}\n  {component['url']}\n"
        + textwrap.fill(f"Copyright {component['copyright']}", 92, initial_indent="  ", subsequent_indent="    ")
        + f"\n  {component['license']}: {', '.join(texts(component['license']))}\n"
    )


def debian_name(license):
    return DEBIAN_NAMES.get(license, re.sub(" WITH (.*)-exception", r" with \1 exception", license))


def notice():
    parts = [
        "Tailwart\nCopyright 2026 the contributors to Tailwart\n\n"
        "Licensed under the Apache License, Version 2.0: LICENSE\n\n"
        "This file is made of LICENSES/components.json by scripts/make-notice.py.\n",
        "Inside every program\n--------------------\n",
        *(entry(one) for one in linked(["package", "part"])),
        "Inside a program that has the Swift runtime in it: the Debian package, the image, the one file\n"
        "---------------------------------------------------------------------------------------------\n",
        *(entry(one) for one in linked(["runtime"])),
        "Inside the one file of 'make portable'; all others take them from the system\n"
        "----------------------------------------------------------------------------\n\n"
        "glibc is under the LGPL. Who wants another version of it in the one file links it anew: the\n"
        "sources are Tailwart's, and 'make portable' is all that there is to it.\n",
        *(entry(one) for one in linked(["library"])),
    ]
    return "\n".join(parts)


def debian(kinds=("package", "part", "runtime")):
    lines = [
        "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/",
        "Upstream-Name: Tailwart",
        "Comment: Swift programs are made of the sources of the packages that they use, and Debian has no shared",
        " libraries of Swift. So the program holds what stands below beside its own sources, by the names of their",
        " repositories. Other libraries are Debian's." if "library" not in kinds else " repositories.",
        "",
        "Files: *",
        "Copyright: 2026 the contributors to Tailwart",
        "License: Apache-2.0",
        "",
    ]
    used = {"Apache-2.0"}
    for one in linked(kinds):
        used.add(one["license"])
        lines += [
            f"Files: {re.sub('[^A-Za-z0-9._-]+', '-', one['name'])}/*",
            f"Copyright: {one['copyright']}",
            f"License: {debian_name(one['license'])}",
            f"Comment: {one['url']}",
            "",
        ]
    for license in sorted(used):
        lines.append(f"License: {debian_name(license)}")
        for index, part in enumerate(license.split(" WITH ")):
            if part in COMMON:
                lines.append(f" On Debian systems the whole text is in /usr/share/common-licenses/{COMMON[part]}.")
            else:
                if index:
                    lines.append(" .")
                lines += [" " + line if line.strip() else " ." for line in (ROOT / f"LICENSES/{part}.txt").read_text().splitlines()]
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def check():
    wrong = []
    if (ROOT / "NOTICE").read_text() != notice():
        wrong.append("NOTICE is not what the table says; scripts/make-notice.py notice >NOTICE")
    for one in COMPONENTS:
        wrong += [f"{one['name']}: there is no {text}" for text in texts(one["license"]) if not (ROOT / text).exists()]
    known = {one["name"] for one in COMPONENTS if one["kind"] == "package"}
    named = set(re.findall(r'\.package\(url: "[^"]*/([^"/]+)"', (ROOT / "Package.swift").read_text()))
    resolved = ROOT / "Package.resolved"
    if resolved.exists():
        named |= {pin["identity"] for pin in json.loads(resolved.read_text())["pins"]}
    wrong += [f"LICENSES/components.json has no '{name}'" for name in sorted(named - known)]
    sys.exit("\n".join(wrong) if wrong else 0)


if __name__ == "__main__":
    made = {
        "notice": notice,
        "debian": debian,
        "portable": lambda: debian(("package", "part", "runtime", "library")),
        "check": check,
    }
    if len(sys.argv) != 2 or sys.argv[1] not in made:
        print("usage: scripts/make-notice.py notice | debian | portable | check", file=sys.stderr)
        sys.exit(2)
    sys.stdout.write(made[sys.argv[1]]() or "")
