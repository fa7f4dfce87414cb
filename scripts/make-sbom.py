#!/usr/bin/env python3
"""Writes the SBOM of a program, as CycloneDX 1.6 in JSON:

    scripts/make-sbom.py PROGRAM >tailwart.cdx.json

It names the Swift packages with the versions and commits of Package.resolved, which a build leaves, Swift's runtime, and the libraries of the
system with the versions of their Debian packages: those that the program asks for when it starts or, of the one file of 'make portable', those
that were put into it; of one for arm64 those of scripts/make-sdk.sh. LICENSES/components.json has the licences; what is not there is an error. The same input makes the same output;
SOURCE_DATE_EPOCH gives its time.
"""

import fnmatch
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import time
import uuid

ROOT = pathlib.Path(__file__).resolve().parent.parent
SDK = ROOT / ".build/swift-sdks/tailwart-arm64.artifactbundle/root"
COMPONENTS = json.loads((ROOT / "LICENSES/components.json").read_text())["components"]


def fail(message):
    sys.exit(f"sbom: {message}")


def output(*command):
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout
    except FileNotFoundError:
        fail(f"'{command[0]}' is missing")
    except subprocess.CalledProcessError as error:
        fail(f"{' '.join(command)}: {error.stderr.strip()}")


def described(component, version, purl=None, **more):
    license = component["license"]
    reference = purl or f"{component['name']}@{version}".replace(" ", "-")
    return {
        "type": "library",
        "bom-ref": reference,
        "name": component["name"],
        **({"version": version} if version else {}),
        "licenses": [{"expression": license}] if " " in license else [{"license": {"id": license}}],
        "copyright": component["copyright"],
        **({"purl": purl} if purl else {}),
        "externalReferences": [{"type": "website", "url": component["url"]}],
        **more,
    }


def with_parts(name):
    """The copies of other works in this one; nobody says which versions they are."""
    parts = [described(one, "") for one in COMPONENTS if one.get("of") == name]
    return {"components": parts} if parts else {}


def packages():
    """Of SwiftPM."""
    resolved = ROOT / "Package.resolved"
    if not resolved.exists():
        fail("there is no Package.resolved; a build leaves it, and so does 'swift package resolve'")
    known = {one["name"]: one for one in COMPONENTS if one["kind"] == "package"}
    for pin in json.loads(resolved.read_text())["pins"]:
        name, state = pin["identity"], pin["state"]
        if name not in known:
            fail(f"LICENSES/components.json has no '{name}'")
        place = re.sub(r"^https://|\.git$", "", pin["location"])
        yield described(
            known[name],
            state["version"],
            f"pkg:swift/{place}@{state['version']}",
            # Fetched for another package and not in the program.
            scope="required" if known[name].get("linked", True) else "excluded",
            properties=[{"name": "git:commit", "value": state["revision"]}],
            **with_parts(name),
        )


def about(what, program, *arguments):
    """It may be for another processor."""
    return output(ROOT / "scripts/program.sh", what, program, *arguments)


def runtime(program):
    """Swift's, with the version that the program names; a program that has none of it inside asks for it from the host."""
    if not re.search(r"^tailwart", first := about("run", program, "version").split("\n")[0]):
        first = output("swift", "--version").replace("Swift version", "Swift")
    version = (re.search(r"Swift (?:version )?([0-9.]+)", first) or fail("no version of Swift")).group(1)
    return [
        described(one, version, **with_parts(one["name"]))
        for one in COMPONENTS
        if one["kind"] == "runtime" and "of" not in one
    ]


def debian_packages(program):
    """The system's packages that have what the program asks for; of one that asks for nothing, those that it was linked with."""
    needed = re.findall(r"\(NEEDED\).*\[(.+)\]", output("readelf", "--dynamic", "--wide", program))
    installed, names = {}, set()
    fields = "${Package}\t${Version}\t${Architecture}\t${source:Package}\t${db:Status-Status}\n"
    foreign = about("architecture", program).strip() != output("dpkg", "--print-architecture").strip()
    database = [f"--admindir={SDK}/var/lib/dpkg"] if foreign else []
    for line in output("dpkg-query", *database, "--show", f"--showformat={fields}").splitlines():
        package, version, architecture, source, status = line.split("\t")
        if status == "installed":
            installed[package] = (version, architecture, source)
    if needed:
        paths = dict(re.findall(r"(\S+) => (/\S+)", output("ldd", program)))
        paths |= {path.rsplit("/", 1)[-1]: path for path in re.findall(r"^\s*(/\S+) \(", output("ldd", program), re.M)}
        for library in needed:
            # Swift's own, where the program does not hold them.
            if "/swift/" in paths.get(library, "") or library.startswith("libswift"):
                continue
            path = os.path.realpath(paths.get(library) or fail(f"no {library} on this host"))
            names.add(output("dpkg-query", "--search", path).split(":")[0])
    else:
        # Of several versions of gcc, the newest, which the linker takes too.
        for pattern in (pattern for one in COMPONENTS for pattern in one.get("debian", []) if pattern.endswith("-dev")):
            found = [package for package in installed if re.fullmatch(pattern.replace("+", r"\+").replace("*", "[0-9]+"), package)]
            names |= set(sorted(found, key=lambda package: [int(digits) for digits in re.findall("[0-9]+", package)])[-1:])
    for name in sorted(names):
        version, architecture, source = installed[name]
        component = next((one for one in COMPONENTS if any(fnmatch.fnmatch(name, pattern) for pattern in one.get("debian", []))), None)
        if component is None:
            fail(f"LICENSES/components.json has no '{name}', which the program asks for")
        yield described(
            component,
            version,
            f"pkg:deb/debian/{name}@{version.replace(':', '%3A').replace('+', '%2B')}?arch={architecture}",
            properties=[
                {"name": "debian:source", "value": source},
                {"name": "tailwart:linked", "value": "dynamically" if needed else "statically"},
            ],
        )


def main():
    if len(sys.argv) != 2:
        print("usage: scripts/make-sbom.py PROGRAM >tailwart.cdx.json", file=sys.stderr)
        sys.exit(2)
    program = str(pathlib.Path(sys.argv[1]).resolve())
    if not os.access(program, os.X_OK):
        fail(f"there is no program '{sys.argv[1]}'")
    version = re.search(r'^ *version: "([0-9.]+)"', (ROOT / "Sources/TailwartControl/Version.swift").read_text(), re.M).group(1)
    digest = hashlib.sha256(pathlib.Path(program).read_bytes()).hexdigest()
    components = [*packages(), *runtime(program), *debian_packages(program)]
    itself = f"pkg:generic/tailwart@{version}"
    moment = time.gmtime(int(os.environ.get("SOURCE_DATE_EPOCH", time.time())))
    json.dump(
        {
            "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
            "bomFormat": "CycloneDX",
            "specVersion": "1.6",
            # Another program has another one, and the same has the same.
            "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, itself + digest)}",
            "version": 1,
            "metadata": {
                "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", moment),
                "tools": {"components": [{"type": "application", "name": "scripts/make-sbom.py", "version": version}]},
                "component": {
                    "type": "application",
                    "bom-ref": itself,
                    "name": "tailwart",
                    "version": version,
                    "purl": itself,
                    "licenses": [{"license": {"id": "Apache-2.0"}}],
                    "hashes": [{"alg": "SHA-256", "content": digest}],
                },
            },
            "components": components,
            "dependencies": [
                {"ref": itself, "dependsOn": [one["bom-ref"] for one in components if one.get("scope") != "excluded"]},
                *({"ref": one["bom-ref"]} for one in components),
            ],
        },
        sys.stdout,
        indent=2,
        ensure_ascii=False,
    )
    print()


if __name__ == "__main__":
    main()
