#!/bin/sh
# Checks what is in deploy/, each part as far as a machine without a tailnet can:
#
#     scripts/check-deploy.sh files                 texts that must agree with each other; seconds, no root
#     scripts/check-deploy.sh release PROGRAM       a release with a key of its own: signatures, apt, SBOM, manual pages; a minute, no root
#     scripts/check-deploy.sh portable PROGRAM      the one file of 'make portable' in a root that has nothing else; seconds
#     scripts/check-deploy.sh arm64 PROGRAM         that of 'make portable-arm64' under qemu-user, and its package
#     scripts/check-deploy.sh package PROGRAM       the Debian package in a fresh Debian without systemd: lintian, install, run, upgrade, remove, purge
#     scripts/check-deploy.sh service PROGRAM       the same in one that boots systemd, with the unit at work
#     scripts/check-deploy.sh image PROGRAM         Dockerfile.prebuilt built by buildah, and the image at work
#     scripts/check-deploy.sh engine PROGRAM        the compose files of init and of deploy/mailbox on a Docker engine with a fake tailnet, and what falls there
#
# The PROGRAM of release, package, service and image was built with --static-swift-stdlib ('make static'), that of engine by 'make portable'. Of several
# the first is taken that Debian 12 can run: 'make static' makes one that asks for a C library as new as the build host's. The parts take one to four
# minutes each, need the packages that 'scripts/setup.sh deploy' installs, and fetch Debian packages. All but the first two need root. They change nothing
# outside a temporary folder.
set -eu
here=$PWD
cd "$(dirname "$0")/.."
# One for all packages of a run, also where there is no git to ask for it.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}
export SOURCE_DATE_EPOCH

say() { echo "deploy: $*"; }
fail() {
    echo "deploy: $*" >&2
    exit 1
}
need() {
    for tool in "$@"; do
        command -v "$tool" >/dev/null || fail "'$tool' is missing; scripts/setup.sh deploy installs what this needs"
    done
}
# wants WHAT COMMAND...: the command must succeed.
wants() {
    what=$1
    shift
    "$@" >"$work/output" 2>&1 || { cat "$work/output" >&2 && fail "not so: $what"; }
    say "✓ $what"
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' HUP INT TERM

# ---- files

# From its marker to its end; the one line that differs is where the program comes from.
final_stage() { sed -n '/^# From here on/,$p' "$1" | sed -e '/^# From here on/d' -e '/^RUN --mount=type=bind,/d'; }

same_stages() {
    final_stage deploy/edge/Dockerfile >"$work/compiled"
    final_stage deploy/edge/Dockerfile.prebuilt >"$work/prebuilt"
    [ -s "$work/compiled" ] && diff "$work/compiled" "$work/prebuilt"
}

# The plugin of docker, or the program of its own; version 1 does not know the format.
compose() {
    if docker compose version >/dev/null 2>&1; then
        docker compose "$@"
    else
        "${DOCKER_COMPOSE:-docker-compose}" "$@"
    fi
}

compose_files() {
    (cd deploy/edge && compose --env-file .env.example config --quiet) &&
        (cd deploy/mailbox && STALWART_DB_PASSWORD=x compose --env-file .env.example config --quiet)
}

# Each of the secrets that the texts name is empty or a name of a variable.
no_secrets() {
    python3 - <<'PYTHON'
import json, re, sys
store = json.load(open("deploy/mailbox/stalwart/config.json"))
assert store["@type"] == "PostgreSql", store
assert store["authSecret"] == {"@type": "EnvironmentVariable", "variableName": "STALWART_DB_PASSWORD"}, store["authSecret"]
assert "." in store["host"], "the database is not named in full"
assert f"POSTGRES_HOST={store['host']}\n" in open("deploy/mailbox/.env.example").read(), "two names for the database"
for line in open("deploy/mailbox/.env.example"):
    assert not re.match(r"(TS_AUTHKEY|STALWART_DB_PASSWORD)=\S", line), line
PYTHON
}

# Docker 20.10 refuses the first, and a host with a low hard limit the second.
no_new_keys() { ! grep -E '^ *(start_interval|ulimits):' deploy/edge/compose.yaml deploy/mailbox/compose.yaml; }

# The folders that the unit, tmpfiles and the images name are the same; so are drain and what waits for it.
same_places() {
    grep -q '^RuntimeDirectory=tailwart$' deploy/systemd/tailwart.service &&
        grep -q '^d /run/tailwart ' deploy/systemd/tmpfiles.conf &&
        grep -q '/run/tailwart:' deploy/edge/compose.yaml &&
        grep -q '^ConditionPathExists=/etc/tailwart/tailwart.yaml$' deploy/systemd/tailwart.service &&
        grep -q -- 'run --takeover --config /etc/tailwart/tailwart.yaml$' deploy/systemd/tailwart.service
}

# systemd-analyze wants the programs that the units start.
units() {
    mkdir -p "$work/units"
    cp deploy/systemd/tailwart.service deploy/mailbox/mailbox.service "$work/units/"
    sed -i -e 's|^ExecStart=[^ ]*|ExecStart=/bin/true|' -e 's|^ExecStop=[^ ]*|ExecStop=/bin/true|' -e '/^Requires=docker/d' \
        -e 's|^Documentation=.*||' "$work/units"/*.service
    systemd-analyze verify --man=no "$work/units"/*.service 2>&1 | tee "$work/verify" | grep -v '^$' >&2 || true
    ! grep -q "$work/units" "$work/verify"
}

# Those of 'scripts/setup.sh deploy', else what is installed.
PATH=$PWD/.build/python-deploy/bin:$PATH

# sbom_valid FILE: by CycloneDX's own schema, with every licence and address in its form.
sbom_valid() {
    python3 - "$1" <<'PYTHON'
import sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(open(sys.argv[1]).read())
sys.exit(error and str(error))
PYTHON
}

# Of any program: what it asks for is the C library alone.
sbom() { scripts/make-sbom.py /bin/true >"$work/sbom.json" && sbom_valid "$work/sbom.json"; }

role() {
    # Its own cache stays out of the tree.
    cp -R deploy/ansible "$work" && (cd "$work/ansible" && HOME=$work ANSIBLE_HOME=$work/.ansible &&
        export HOME ANSIBLE_HOME && ansible-lint --offline --profile production . &&
        ansible-playbook --syntax-check --inventory inventory.yaml edge.yaml)
}

nix_parses() { for file in deploy/nix/*.nix; do nix-instantiate --parse "$file" || return 1; done; }
nix_evaluates() {
    lib=
    ! nix-instantiate --find-file nixpkgs >/dev/null 2>&1 || lib='lib = import <nixpkgs/lib>;'
    nix-instantiate --eval --strict --expr "import ./deploy/nix/check.nix { $lib }"
}

# Of the oldest version that docs/deploy.md names, and of the newest.
manifests() {
    for version in 1.30 ''; do
        kubernetes-validate --strict ${version:+--kubernetes-version $version} deploy/kubernetes/namespace.yaml deploy/kubernetes/edge.yaml || return 1
    done
}

# The same ports, everywhere in it; and the folders of the image.
same_in_kubernetes() {
    python3 - <<'PYTHON'
import yaml
service, deployment, _ = yaml.safe_load_all(open("deploy/kubernetes/edge.yaml"))
pod = deployment["spec"]["template"]["spec"]
edge = pod["containers"][0]
assert service["spec"]["externalTrafficPolicy"] == "Local", "the edge would see nodes and not clients"
assert [one["targetPort"] for one in service["spec"]["ports"]] == [one["containerPort"] for one in edge["ports"]]
places = {one["mountPath"] for one in edge["volumeMounts"]}
assert places == {"/etc/tailwart", "/run/tailwart", "/var/lib/tailwart"}, places
assert pod["terminationGracePeriodSeconds"] > 30 + edge["lifecycle"]["preStop"]["sleep"]["seconds"]
users = {one["name"] for one in pod["volumes"]}
assert users == {one["name"] for one in edge["volumeMounts"]}, users
PYTHON
}

# From 0, locked in, to 100; what is left is in docs/deploy.md.
exposure() { systemd-analyze security --offline=true --threshold=18 --no-pager deploy/systemd/tailwart.service; }

check_files() {
    wants "NOTICE, licences and packages agree" scripts/make-notice.py check
    wants "both Dockerfiles end in the same image" same_stages
    wants "Stalwart's configuration and .env.example hold no secret and name one database" no_secrets
    wants "neither compose file has a key that keeps it from starting on older engines and small hosts" no_new_keys
    wants "unit, tmpfiles, compose file and image use the same places" same_places
    for script in deploy/debian/postinst deploy/debian/prerm deploy/debian/postrm; do sh -n "$script"; done
    if compose version --short 2>/dev/null | grep -q '^v\{0,1\}[2-9]'; then
        wants "compose accepts both compose files" compose_files
    else
        say "- compose files: not checked, there is no 'docker compose', or it is version 1"
    fi
    if command -v systemd-analyze >/dev/null; then
        wants "systemd accepts the units" units
    else
        say "- units: not checked, there is no 'systemd-analyze'"
    fi
    if systemd-analyze security --help 2>/dev/null | grep -q offline; then
        wants "systemd rates the unit's exposure at most 1.8 of 10" exposure
    else
        say "- the unit's exposure: not checked, there is no 'systemd-analyze security --offline'"
    fi
    if command -v ansible-lint >/dev/null; then
        wants "ansible-lint and ansible-playbook accept the role" role
    else
        say "- the role of Ansible: not checked, there is no 'ansible-lint'"
    fi
    if python3 -c 'import yaml' 2>/dev/null; then
        wants "the manifests of Kubernetes agree with each other and with the image" same_in_kubernetes
    else
        say "- the manifests' values: not checked, Python has no 'yaml'"
    fi
    if command -v kubernetes-validate >/dev/null; then
        wants "the schemas of Kubernetes accept the manifests" manifests
    else
        say "- the manifests' schemas: not checked, there is no 'kubernetes-validate'"
    fi
    if command -v nix-instantiate >/dev/null; then
        wants "nix reads the module" nix_parses
        wants "and evaluates it" nix_evaluates
    else
        say "- the module of NixOS: not checked, there is no 'nix-instantiate'"
    fi
    if [ ! -e Package.resolved ] || ! command -v dpkg-query >/dev/null; then
        say "- SBOM: not checked, there is no Package.resolved yet, or this is no Debian"
    elif python3 -c 'import cyclonedx.validation.json' 2>/dev/null; then
        wants "an SBOM is made, and CycloneDX accepts it" sbom
    else
        say "- SBOM: not checked, Python has no 'cyclonedx'"
    fi
}

# ---- release

# with_key COMMAND...: gpg has one key, that of a releaser.
with_key() { GNUPGHOME=$work/gpg "$@"; }

# apt_here COMMAND...: an apt of its own, which knows the repository of the release and nothing else.
apt_here() {
    mkdir -p "$work/apt-here/lists/partial" "$work/apt-here/archives/partial"
    apt-get --option Dir::Etc::SourceList="$work/tailwart.list" --option Dir::Etc::SourceParts=/dev/null --option Dir::Etc::PreferencesParts=/dev/null \
        --option Dir::State="$work/apt-here" --option Dir::State::Lists="$work/apt-here/lists" --option Dir::Cache="$work/apt-here" \
        --option APT::Sandbox::User=root --option Acquire::Languages=none --option APT::Update::Error-Mode=any "$@"
}

downloads() {
    mkdir -p "$work/download" && (cd "$work/download" && apt_here download tailwart) && cmp "$work"/download/tailwart_*.deb "$work"/release/tailwart_*.deb
}

manual_pages() {
    dpkg-deb --extract "$work"/release/*.deb "$work/in-package"
    zcat "$work/in-package/usr/share/man/man1/tailwart.1.gz" >"$work/tailwart.1" && zcat "$work/in-package/usr/share/man/man5/tailwart.yaml.5.gz" >"$work/tailwart.yaml.5" &&
        mandoc -T lint -W warning "$work/tailwart.1" "$work/tailwart.yaml.5" &&
        for key in $("$program" config --schema | python3 -c 'import json, sys; print(*json.load(sys.stdin)["properties"])'); do
            grep -qFx ".B $key" "$work/tailwart.yaml.5" || { echo "tailwart.yaml(5): no '$key'" && return 1; }
        done
}

# Links to the sources, and to what is beside them, lead to the repository's files, which the package has not.
documents_complete() {
    (cd "$work/in-package/usr/share/doc/tailwart" && find . -name '*.md' | while read -r page; do
        grep -oE '\]\([^): ]+' "$page" | sed -e 's/^](//' -e 's/#.*//' | sort -u | while read -r link; do
            case $link in '' | https | *Sources/* | *Tests/* | *Benchmarks/* | *Verify/* | *scripts/* | *Package.swift | *CHANGELOG.md | *LICENSE*) continue ;; esac
            [ -e "$(dirname "$page")/$link" ] || echo "$page: $link"
        done
    done) >"$work/missing" && cat "$work/missing" && [ ! -s "$work/missing" ]
}

check_release() {
    need gpg apt-ftparchive dpkg-scanpackages mandoc
    mkdir -m 700 "$work/gpg"
    with_key gpg --batch --quiet --passphrase '' --quick-generate-key 'A releaser <release@tailwart.test>' ed25519 sign never 2>"$work/output" ||
        { cat "$work/output" >&2 && fail "gpg makes no key"; }
    key=$(with_key gpg --list-keys --with-colons | awk -F: '/^fpr/ { print $10; exit }')
    make() { REHEARSAL=yes KEY=$key DEBEMAIL=release@tailwart.test FOLDER=$1 with_key scripts/make-release.sh "$program"; }
    TOOL=${TOOL:-false}
    export TOOL
    wants "a release is made" make "$work/release"
    wants "its check sums are right" sh -c "cd '$work/release' && sha256sum --check --strict SHA256SUMS"
    wants "and signed by the releaser" with_key gpg --verify "$work/release/SHA256SUMS.asc" "$work/release/SHA256SUMS"
    wants "and cover every file" sh -c "cd '$work/release' && for file in *.deb *.debug *.json; do grep -q \"  \$file\$\" SHA256SUMS || exit 1; done"
    echo "deb [signed-by=$work/release/apt/tailwart.asc] file:$work/release/apt stable main" >"$work/tailwart.list"
    # apt asks about keys as a user of its own.
    chmod 755 "$work"
    wants "apt trusts the repository by its key" apt_here update
    wants "and finds the package in it" downloads
    sed -i 's/^Version: /&9/' "$work/release/apt/dists/stable/main/binary-amd64/Packages"
    rm -rf "$work/apt-here" "$work/release/apt/dists/stable/main/binary-amd64/Packages.gz"
    refuses() { ! apt_here update; }
    wants "and refuses one that was changed" refuses
    wants "CycloneDX accepts the SBOM" sbom_valid "$(echo "$work"/release/*.cdx.json)"
    wants "mandoc accepts the manual pages, and they have every key" manual_pages
    wants "the documents of the package are complete" documents_complete
    unsigned() { env -u KEY FOLDER="$work/unsigned" scripts/make-release.sh "$program" && [ ! -e "$work/unsigned/SHA256SUMS.asc" ] && [ ! -e "$work/unsigned/apt/dists/stable/InRelease" ]; }
    wants "without a key it is made and not signed" unsigned
    strange() { ! KEY=0000000000000000000000000000000000000000 DEBEMAIL=x@tailwart.test FOLDER="$work/strange" with_key scripts/make-release.sh "$program" && [ ! -e "$work/strange" ]; }
    wants "with a key that gpg has not, nothing is made" strange
}

# ---- portable

# bare COMMAND...: in a root that has the program, /dev/null, /proc and /tmp: no library, no /etc, no shell.
bare() {
    strace --follow-forks --seccomp-bpf --trace=execve,open,openat,openat2 --output "$work/opened" \
        unshare --mount sh -c 'mount --bind /proc "$0/proc" && exec chroot "$0" "$@"' "$work/bare" "$@" </dev/null
}

# Neither another program's loader nor libraries.
alone() { readelf --wide --program-headers --dynamic "$program" >"$work/headers" && ! grep -E 'INTERP|NEEDED' "$work/headers"; }

# At a random address, with nothing that can be both written and run, and with all that the loader fills in closed afterwards.
hardened() {
    readelf --wide --file-header --program-headers --dynamic "$program" >"$work/headers" && grep -q 'Type: *DYN' "$work/headers" &&
        grep -q GNU_RELRO "$work/headers" && grep -q 'FLAGS.*NOW' "$work/headers" && ! grep -E ' RWE |GNU_STACK.*E ' "$work/headers"
}

# A program without a loader can still load: by dlopen, and by the C library's getaddrinfo, which asks the modules that nsswitch.conf names. Then
# what the last command tried to open shows it.
loaded_nothing() {
    # What unshare, mount and chroot opened stands before.
    sed '1,/execve("\/tailwart"/d' "$work/opened" >"$work/opened-by-it"
    [ -s "$work/opened-by-it" ] && ! grep -E '\.so|gconv|ossl-modules|openssl\.cnf' "$work/opened-by-it"
}

# Nobody listens on port 1 of it.
finds_names() { ! bare /tailwart gate --once --tcp mailbox.example:1 && grep -q "nothing listens at 127.0.0.1:1" "$work/output"; }

check_portable() {
    need unshare chroot readelf strace
    for folder in dev proc tmp; do mkdir -p "$work/bare/$folder"; done
    mknod -m 666 "$work/bare/dev/null" c 1 3
    install "$program" "$work/bare/tailwart"
    cp examples/usual.yaml "$work/bare/tailwart.yaml"
    export TS_TAILNET=tail1234.ts.net
    say "size: $(stat -c %s "$program") bytes"
    wants "it needs no loader and no library" alone
    wants "and is hardened" hardened
    wants "it runs where there is nothing else" bare /tailwart version
    wants "and reads a configuration there" bare /tailwart check --config /tailwart.yaml
    wants "and does the job" bare /tailwart try --selftest
    wants "and has loaded nothing for it" loaded_nothing
    mkdir "$work/bare/etc"
    echo '127.0.0.1 mailbox.example' >"$work/bare/etc/hosts"
    wants "and finds a name, where there is a hosts file" finds_names
    wants "and has loaded nothing for it" loaded_nothing
}

# ---- arm64

for_arm64() { readelf --wide --file-header "$program" | grep 'Machine:.*AArch64'; }
foreign() { scripts/program.sh run "$program" "$@"; }

# Of the one file: it depends on no library.
package_for_arm64() {
    [ "$(dpkg-deb --field "$work"/release/*_arm64.deb Architecture)" = arm64 ] && ! dpkg-deb --field "$work"/release/*_arm64.deb Depends | grep -w 'lib[a-z]*'
}

names_arm64() { grep -q 'arch=arm64' "$work/arm64.cdx.json" && ! grep 'arch=amd64' "$work/arm64.cdx.json" && sbom_valid "$work/arm64.cdx.json"; }

check_arm64() {
    need readelf dpkg-deb debootstrap systemd-nspawn
    export TS_TAILNET=tail1234.ts.net
    say "size: $(stat -c %s "$program") bytes"
    wants "it is for arm64" for_arm64
    wants "it needs no loader and no library" alone
    wants "it runs" foreign version
    wants "and reads a configuration" foreign check --config examples/usual.yaml
    wants "and does the job" foreign try --selftest
    wants "its package is made" scripts/make-deb.sh "$program" "$work/release"
    wants "and is for arm64" package_for_arm64
    linted "$work"/release/*_arm64.deb
    scripts/make-sbom.py "$program" >"$work/arm64.cdx.json"
    wants "CycloneDX accepts the SBOM, which names arm64's libraries" names_arm64
}

# ---- a fresh Debian

fresh_debian() {
    if [ ! -d "$work/base" ]; then
        say "fetching a fresh Debian"
        debootstrap --variant=minbase bookworm "$work/base" "${DEBIAN_MIRROR:-http://deb.debian.org/debian}" >"$work/debootstrap.log" 2>&1 ||
            { tail -n 20 "$work/debootstrap.log" >&2 && fail "debootstrap failed"; }
        rm -rf "$work/base"/var/cache/apt/archives/*.deb "$work/base"/var/lib/apt/lists/*
    fi
}

# debian NAME PACKAGE...: a copy of it in $work/NAME.
debian() {
    name=$1
    shift
    fresh_debian
    cp -a "$work/base" "$work/$name"
    inside "$name" apt-get update --quiet
    [ $# = 0 ] || inside "$name" apt-get install --quiet --yes --no-install-recommends "$@"
}

# inside NAME COMMAND...: in that Debian, with no systemd running; the output is shown if it fails.
inside() {
    container=$1
    shift
    container_run "$container" "$@" >"$work/output" 2>&1 || { cat "$work/output" >&2 && fail "in a fresh Debian this failed: $*"; }
}
container_run() {
    root=$work/$1
    shift
    systemd-nspawn --quiet --register=no --keep-unit --as-pid2 --setenv=DEBIAN_FRONTEND=noninteractive --directory "$root" "$@" </dev/null
}

# Every file of a Debian that is not a list, a log or a cache.
files_of() {
    (cd "$work/$1" && find . -xdev \( -path ./proc -o -path ./sys -o -path ./dev -o -path ./run -o -path ./tmp -o -path ./root \
        -o -path ./var/lib/apt -o -path ./var/lib/dpkg -o -path ./var/cache -o -path ./var/log -o -name '*-' \) -prune -o -print | sort)
}

# Two packages, the second one newer and with a changed /etc/default/tailwart.
packages() {
    need dpkg-deb debootstrap systemd-nspawn
    mkdir -p "$work/first" "$work/second"
    scripts/make-deb.sh "$program" "$work/first" >/dev/null 2>"$work/output" || { cat "$work/output" >&2 && exit 1; }
    first=$(echo "$work"/first/*.deb)
    dpkg-deb --raw-extract "$first" "$work/unpacked"
    sed -i 's/^Version: .*/&+next/' "$work/unpacked/DEBIAN/control"
    echo '# a line that the next version adds' >>"$work/unpacked/etc/default/tailwart"
    dpkg-deb --root-owner-group -Zgzip -z1 --build "$work/unpacked" "$work/second/tailwart.deb" >/dev/null
}

offered() { # as the man page and the shells must
    commands=$("$program" --experimental-dump-help |
        python3 -c 'import json, sys
for command in json.load(sys.stdin)["command"]["subcommands"]: print(command["commandName"])')
    page=$(zcat "$work/unpacked/usr/share/man/man1/tailwart.1.gz")
    for command in $commands; do
        [ "$command" = help ] || echo "$page" | grep -qFx ".SS tailwart $(echo "$command" | sed 's/-/\\-/g')" || { echo "man page: no '$command'" && return 1; }
        grep -q "$command" "$work/unpacked/usr/share/bash-completion/completions/tailwart" || { echo "completion: no '$command'" && return 1; }
    done
}

reproducible() {
    mkdir -p "$work/again"
    scripts/make-deb.sh "$program" "$work/again" && cmp "$first" "$work/again/$(basename "$first")"
}

# linted PACKAGE, by Debian's own lintian: the host's may not be installable beside a toolchain of another release. The builder has no real address,
# which it minds.
linted() {
    debian lint lintian
    cp "$1" "$work/lint/root/linted.deb"
    wants "lintian finds no error and warns of nothing" container_run lint lintian --allow-root --no-cfg --color never --fail-on warning \
        --suppress-tags bogus-mail-host,bogus-mail-host-in-debian-changelog /root/linted.deb
    rm -rf "$work/lint"
}

# ---- package

check_package() {
    packages
    wants "the program is hardened" hardened
    linted "$first"
    wants "the manual page and the completions have every command" offered
    wants "the same program makes the same package, byte for byte" reproducible
    debian plain
    files_of plain >"$work/before"
    cp "$first" "$work/plain/root/first.deb"
    cp "$work/second/tailwart.deb" "$work/plain/root/second.deb"

    # What it depends on stays when it goes, and is no leftover of its own.
    inside plain apt-get install --quiet --yes --no-install-recommends /root/first.deb
    wants "installs where there is no systemd, with what it depends on" container_run plain dpkg --verify tailwart
    wants "the program runs" container_run plain tailwart version
    wants "and does the job, as its own user" container_run plain setpriv --reuid=tailwart --regid=tailwart --clear-groups \
        tailwart try --selftest
    wants "the user is there" container_run plain getent passwd tailwart

    inside plain sh -c 'echo TS_TAILNET=tail1234.ts.net >>/etc/default/tailwart'
    cp examples/usual.yaml "$work/plain/etc/tailwart/tailwart.yaml"
    wants "the configuration that it was given is good" container_run plain env TS_TAILNET=tail1234.ts.net tailwart check
    wants "and so is that of the compose file" env TS_TAILNET=tail1234.ts.net "$program" check --config deploy/edge/tailwart/tailwart.yaml
    wants "and that of Kubernetes" "$program" check --config deploy/kubernetes/tailwart.yaml
    inside plain apt-get install --quiet --yes -o Dpkg::Options::=--force-confold /root/second.deb
    wants "an upgrade keeps a changed /etc/default/tailwart" grep -q '^TS_TAILNET=tail1234' "$work/plain/etc/default/tailwart"
    wants "and the configuration" cmp examples/usual.yaml "$work/plain/etc/tailwart/tailwart.yaml"

    inside plain apt-get remove --quiet --yes tailwart
    wants "removed: the configuration is kept" cmp examples/usual.yaml "$work/plain/etc/tailwart/tailwart.yaml"
    wants "removed: the program is gone" test ! -e "$work/plain/usr/bin/tailwart"
    # What it needs is still there, and so are the package's settings.
    cp "$program" "$work/plain/root/tailwart"
    masked() { ! container_run plain /root/tailwart install; }
    wants "then the program does not install itself over the mask that Debian leaves" masked
    inside plain env DPKG_MAINTSCRIPT_PACKAGE=tailwart deb-systemd-helper unmask tailwart.service
    wants "and does without it" container_run plain /root/tailwart install
    wants "and is there" container_run plain /usr/local/bin/tailwart version
    unchanged() { container_run plain /root/tailwart install | grep "nothing was changed"; }
    wants "and changes nothing the second time" unchanged
    wants "and takes itself away" container_run plain /root/tailwart install --uninstall
    rm "$work/plain/root/tailwart"
    inside plain apt-get purge --quiet --yes --auto-remove tailwart
    files_of plain >"$work/after"
    wants "purged: no file is left" diff "$work/before" "$work/after"
    say "left: $(grep '^tailwart:' "$work/plain/etc/passwd" || echo 'no user')"
}

# ---- service

check_service() {
    packages
    debian booted systemd systemd-sysv dbus iproute2 python3-minimal libpython3-stdlib libc-ares2 libssl3 libyaml-0-2 libstdc++6
    cp "$first" "$work/booted/root/first.deb"
    cp "$work/second/tailwart.deb" "$work/booted/root/second.deb"
    # An address that nobody answers: the edge must not mind.
    echo 'mailbox: {address: 192.0.2.1, connect_timeout: 1s}' >"$work/booted/root/mail.yaml"
    install -m 755 scripts/check-deploy-service.sh "$work/booted/root/check"
    # Minbase has no sudo, and needs none.
    sed -n '/^## systemd by hand/,/^## [^s]/p' docs/deploy.md | sed -n '/^```sh/,/^```/p' | sed -e '/^```/d' -e 's/^sudo //' -e 's/&& sudo /\&\& /' >"$work/booted/root/by-hand"
    mkdir "$work/booted/root/deploy"
    cp -R deploy/systemd "$work/booted/root/deploy/"
    printf '%s\n' '[Unit]' 'After=multi-user.target' '[Service]' 'Type=oneshot' 'TimeoutStartSec=300' 'ExecStart=/root/check' \
        'ExecStopPost=/bin/systemctl poweroff' >"$work/booted/etc/systemd/system/check.service"
    mkdir -p "$work/booted/etc/systemd/system/multi-user.target.wants"
    # Not a dependency that boot waits for: started by a timer once the system is up.
    printf '%s\n' '[Timer]' 'OnBootSec=1s' 'AccuracySec=100ms' 'Unit=check.service' >"$work/booted/etc/systemd/system/check.timer"
    ln -s ../check.timer "$work/booted/etc/systemd/system/multi-user.target.wants/check.timer"
    say "booting systemd"
    timeout 360 systemd-nspawn --quiet --register=no --keep-unit --private-network --boot --directory "$work/booted" \
        </dev/null >"$work/boot.log" 2>&1 || true
    [ -s "$work/booted/root/report" ] || { tail -n 40 "$work/boot.log" >&2 && fail "systemd did not come up"; }
    sed 's/^/deploy: /' "$work/booted/root/report"
    ! grep -q '^✗' "$work/booted/root/report" && grep -q '^✓ nothing is left' "$work/booted/root/report"
}

# ---- image

build_image() {
    need buildah debootstrap systemd-nspawn
    storage="--root $work/storage --runroot $work/runroot --storage-driver vfs"
    fresh_debian
    # The base image's name, as the Dockerfile has it, for a Debian that was made here.
    container=$(buildah $storage from scratch)
    buildah $storage add --quiet "$container" "$work/base" / >/dev/null
    buildah $storage commit --quiet "$container" docker.io/library/debian:bookworm-slim >/dev/null
    buildah $storage rm "$container" >/dev/null
    mkdir "$work/context"
    scripts/strip-program.sh "$program" "$work/context"

    buildah $storage bud --isolation chroot --pull-never --format docker --file deploy/edge/Dockerfile.prebuilt --tag tailwart \
        "$work/context" >"$work/build.log" 2>&1 || { tail -n 40 "$work/build.log" >&2 && fail "the image was not built"; }
    grep -q 'This binary does the job' "$work/build.log" || fail "the build did not run the self-test"
    say "✓ the image is built, and its build ran the self-test"
}

check_image() {
    build_image
    container=$(buildah $storage from --pull-never localhost/tailwart)
    root=$(buildah $storage mount "$container")
    size=$(du -s -m --apparent-size "$root" | cut -f 1)
    base=$(du -s -m --apparent-size "$work/base" | cut -f 1)
    say "size: $size MB, of which $base MB are this Debian"
    wants "buildah runs it" buildah $storage run --isolation chroot "$container" -- tailwart version
    wants "it is not root" test "$(buildah $storage run --isolation chroot "$container" -- id -u)" = 65532
    wants "no program of it may become another user" test -z "$(find "$root" -xdev -type f -perm /6000)"
    wants "it says what it is" sh -c "buildah $storage inspect --type image localhost/tailwart | grep -q org.opencontainers.image.licenses"
    wants "its health check is a gate" sh -c "buildah $storage inspect --type image localhost/tailwart | grep -q '\"gate\"'"
    wants "the program may open ports below 1024" sh -c "getcap '$root/usr/bin/tailwart' | grep -q cap_net_bind_service=ep"

    # As compose.yaml runs it: read-only, one capability, an empty folder of its own for the socket.
    echo 'mailbox: {address: 192.0.2.1}' >"$root/etc/tailwart/tailwart.yaml"
    chmod 755 "$root/etc/tailwart"
    as_compose() {
        systemd-nspawn --quiet --register=no --keep-unit --private-network --read-only --as-pid2 --directory "$root" \
            --tmpfs=/run/tailwart:mode=0777 setpriv --reuid=65532 --regid=65532 --clear-groups --bounding-set=-all,+net_bind_service "$@" </dev/null
    }
    wants "read-only and with one right it does the job" as_compose tailwart try --selftest
    wants "read-only and with one right it listens on 25, and its health check tells that the mailbox is away" as_compose sh -c '
        tailwart run >/run/tailwart/log 2>&1 & edge=$!
        for _ in 1 2 3 4 5 6 7 8 9 10; do grep -q "listens on" /run/tailwart/log && break; sleep 0.5; done
        cat /run/tailwart/log; grep -q "listens on .*25" /run/tailwart/log || exit 1
        tailwart gate --once --tcp 127.0.0.1:25 || exit 1
        # The health check: the edge is there, the mailbox is not.
        tailwart gate --once --mail smtp://127.0.0.1:25; [ $? = 1 ] || exit 1
        kill $edge && wait $edge'
    # A container's first process gets no signal that it does not handle (pid_namespaces(7)).
    first_process() {
        unshare --net --pid --fork --mount-proc="$root/proc" chroot "$root" setpriv --reuid=65532 --regid=65532 --clear-groups tailwart run >"$work/log" 2>&1 &
        starter=$!
        for _ in $(seq 100); do grep -q "listens on" "$work/log" && break; sleep 0.1; done
        kill -TERM "$(tr -d ' ' <"/proc/$starter/task/$starter/children")"
        wait $starter && cat "$work/log" && grep -q SIGTERM "$work/log"
    }
    wants "as the first process it stops in order" first_process
    # Why compose.yaml gives NET_BIND_SERVICE to the gate as well, and why it does not say 'no-new-privileges'.
    unbound() { ! systemd-nspawn --quiet --register=no --keep-unit --as-pid2 --directory "$root" \
        setpriv --reuid=65532 --regid=65532 --clear-groups --bounding-set=-all tailwart version </dev/null; }
    wants "without that right the program does not start" unbound
    no_new() { ! as_compose setpriv --no-new-privs timeout 5 tailwart run </dev/null; }
    wants "with no-new-privileges it has no right to port 25" no_new
    buildah $storage umount "$container" >/dev/null
    buildah $storage rm "$container" >/dev/null
}

# ---- engine

# Version 2 in $work: the one that is there, or that of a newer Debian, unpacked and not installed.
find_compose() {
    if compose version --short 2>/dev/null | grep -q '^v\{0,1\}[2-9]'; then
        printf '#!/bin/sh\nexec %s "$@"\n' "$(docker compose version >/dev/null 2>&1 && echo docker compose || command -v "${DOCKER_COMPOSE:-docker-compose}")" \
            >"$work/docker-compose"
        chmod 755 "$work/docker-compose"
        return
    fi
    say "fetching Compose from a newer Debian"
    mkdir -p "$work/apt/lists/partial" "$work/apt/archives/partial"
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${DEBIAN_MIRROR:-http://deb.debian.org/debian} trixie main" \
        >"$work/apt/sources.list"
    newer() {
        apt-get --option Dir::Etc::SourceList="$work/apt/sources.list" --option Dir::Etc::SourceParts=/dev/null \
            --option Dir::Etc::PreferencesParts=/dev/null --option Dir::State::Lists="$work/apt/lists" \
            --option Dir::Cache="$work/apt" --option APT::Sandbox::User=root "$@" >"$work/output" 2>&1
    }
    { newer update && (cd "$work/apt" && newer download docker-compose) && dpkg-deb --extract "$work"/apt/docker-compose_*.deb "$work/apt/it"; } ||
        { cat "$work/output" >&2 && fail "there is no Compose of version 2 here, and Debian 13's could not be fetched; install the plugin, or name a docker-compose in DOCKER_COMPOSE"; }
    ln -s "$work/apt/it/usr/libexec/docker/cli-plugins/docker-compose" "$work/docker-compose"
}

check_engine() {
    need dockerd docker python3 unshare nsenter iptables ip
    find_compose
    DOCKER_COMPOSE=$work/docker-compose
    wants "compose accepts both compose files" compose_files
    build_image
    buildah $storage push --quiet localhost/tailwart "docker-archive:$work/tailwart.tar:tailwart:latest" >/dev/null 2>"$work/output" ||
        { cat "$work/output" >&2 && fail "the image cannot be handed on"; }

    say "making the images of the fakes"
    debian fakes python3 iproute2
    install scripts/check-deploy-engine.py "$work/fakes/usr/local/bin/fake"
    install Tests/TailwartNetworkTests/mailbox.py "$work/fakes/usr/local/bin/mailbox.py"
    printf '#!/bin/sh\nexec /usr/local/bin/fake stalwart "$@"\n' >"$work/fakes/usr/local/bin/stalwart"
    chmod 755 "$work/fakes/usr/local/bin/stalwart"
    inside fakes useradd --system --uid 2000 stalwart
    inside fakes install --directory --owner stalwart /etc/stalwart /var/lib/stalwart
    tar --create --directory "$work/fakes" --exclude './var/cache/*' --exclude './var/lib/apt/lists/*' --file "$work/fakes.tar" .

    # The edge's files are what a person gets for the answers of the quick start.
    "$program" init --domain example.org --hostname mail.example.org --mailbox stalwart --tailnet tail1234.ts.net --no-web --form compose \
        --into "$work/edge" >"$work/output" 2>&1 || { cat "$work/output" >&2 && fail "init writes the edge's files"; }
    cp "$work/edge/.env.example" "$work/edge/.env"
    cp -R deploy/mailbox "$work"
    sed -e 's/^TS_AUTHKEY=$/&tskey-auth-fake/' -e 's/^STALWART_DB_PASSWORD=$/&secret/' "$work/mailbox/.env.example" >"$work/mailbox/.env"
    install "$program" "$work/mailbox/tailwart"
    # Its cgroups are the host's.
    trap 'find /sys/fs/cgroup -depth -type d -path "*/tailwart-check*" -exec rmdir {} + 2>/dev/null; rm -rf "$work"' EXIT
    unshare --mount --net --pid --fork --kill-child=KILL --mount-proc scripts/check-deploy-engine.sh "$work" </dev/null
}

part=${1:-}
case $part in
files) check_files ;;
release | portable | arm64 | package | service | image | engine)
    shift
    program=
    for each in "$@"; do
        case $each in /*) ;; *) each=$here/$each ;; esac
        [ -x "$each" ] || fail "there is no program '$each'; 'make static' or 'make portable' builds one"
        case $part in package | service | image)
            newest=$(scripts/runs-in-debian.sh "$each") || { say "- $each: not used, it needs a newer C library than Debian 12 has ($newest)" && continue; }
            ;;
        esac
        program=$each
        break
    done
    [ $# -gt 0 ] || fail "usage: scripts/check-deploy.sh $part PROGRAM..."
    [ -n "$program" ] || fail "Debian 12 cannot run this program; give the one of 'make portable'"
    [ "$part" = release ] || [ "$(id -u)" = 0 ] || fail "this part needs root"
    "check_$part"
    ;;
*)
    echo "usage: scripts/check-deploy.sh files | release PROGRAM | portable PROGRAM | arm64 PROGRAM | package PROGRAM... |" \
        "service PROGRAM... | image PROGRAM... | engine PROGRAM" >&2
    exit 2
    ;;
esac
