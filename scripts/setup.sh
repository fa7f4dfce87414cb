#!/bin/sh
# Installs the Debian packages that building, testing or measuring Tailwart needs, where they are missing.
#
#     scripts/setup.sh build | portable | arm64 | test | verify | bench | deb | release | deploy
#
# Installs nothing else, starts no service and removes no package. What tests and checks need of PyPI goes into .build and nowhere else, and Debian's
# CrowdSec, whose installation would register with its maker's server, unpacked into .build/debian. With nothing to do it says so in one line.
set -eu

build="libc-ares-dev libssl-dev libyaml-dev pkgconf g++ binutils git"
# Libraries that OpenSSL's own archive asks for, in some versions of Debian.
portable="zlib1g-dev libzstd-dev"
# Besides what scripts/make-sdk.sh unpacks.
arm64="binutils-aarch64-linux-gnu qemu-user"
# Real mail servers and clients; the tests start them on high ports, in a temporary folder.
test="postfix dovecot-core dovecot-imapd dovecot-pop3d dovecot-managesieved nginx libnginx-mod-stream haproxy swaks libnet-ssleay-perl
    libio-socket-inet6-perl libsasl2-modules curl fetchmail mutt openssl gnutls-bin python3 python3-jsonschema python3-yaml iproute2 iptables nftables procps strace
    bsdutils util-linux bind9-utils postgresql microsocks prometheus python3-prometheus-client python3-venv
    chromium chromium-driver python3-selenium fail2ban libsqlite3-0"
verify="spin gcc"
deb="dpkg-dev binutils gzip python3"
release="$deb apt-utils gpg gpg-agent xz-utils"
deploy="$release mandoc python3-venv strace debootstrap buildah systemd-container libcap2-bin docker.io nix-bin iptables iproute2"
bench="iproute2 haproxy nginx libnginx-mod-stream gcc python3 strace"

purpose=${1:-}
case $purpose in
build) wanted=$build ;;
portable) wanted="$build $portable" ;;
arm64) wanted="$build $arm64" ;;
test) wanted="$build $test" ;;
verify) wanted=$verify ;;
bench) wanted="$build $bench" ;;
deb) wanted="$deb" ;;
release) wanted="$release" ;;
deploy) wanted="$deploy" ;;
*)
    echo "usage: scripts/setup.sh build|portable|arm64|test|verify|bench|deb|release|deploy" >&2
    exit 2
    ;;
esac

say() { echo "setup: $*"; }

# Python packages that Debian does not have, in a folder of their own, beside Debian's.
python_packages() {
    case $purpose in
    test) list=python-packages.txt name=python ;;
    deploy) list=python-packages-deploy.txt name=python-deploy ;;
    *) return 0 ;;
    esac
    here=$(cd "$(dirname "$0")" && pwd)
    folder=${here%/*}/.build/$name
    cmp -s "$here/$list" "$folder/packages.txt" && return 0
    say "fetching from PyPI: $(grep -v '^#' "$here/$list" | tr '\n' ' ')"
    rm -rf "$folder"
    if ! /usr/bin/python3 -m venv --system-site-packages "$folder" ||
        ! "$folder/bin/pip" install --quiet --disable-pip-version-check --requirement "$here/$list"; then
        rm -rf "$folder"
        say "could not install scripts/$list into .build/$name; see the message above" >&2
        exit 1
    fi
    cp "$here/$list" "$folder/packages.txt"
}

# Debian packages that are unpacked, and not installed.
unpacked_packages() {
    [ "$purpose" = test ] || return 0
    here=$(cd "$(dirname "$0")" && pwd)
    folder=${here%/*}/.build/debian
    for package in crowdsec; do
        [ ! -d "$folder/$package" ] || continue
        say "unpacking into .build/debian: $package"
        rm -rf "$folder/new"
        mkdir -p "$folder/new"
        if ! (cd "$folder/new" && apt-get download --quiet "$package" && dpkg-deb --extract ./*.deb "$folder/new/$package"); then
            rm -rf "$folder/new"
            say "could not unpack $package; see the message above; perhaps: apt-get update" >&2
            exit 1
        fi
        mv "$folder/new/$package" "$folder/$package"
        rm -rf "$folder/new"
    done
}

if ! command -v swift >/dev/null 2>&1; then
    say "no 'swift' on the PATH; install the Swift 6.2 toolchain or newer: https://www.swift.org/install/linux" >&2
    exit 1
fi
if ! command -v dpkg-query >/dev/null 2>&1; then
    say "this is not a Debian system; these packages, or what they are called here, are needed:" $wanted
    exit 0
fi

missing=
for package in $wanted; do
    status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$status" = installed ] || missing="$missing $package"
done
missing=${missing# }
if [ -z "$missing" ]; then
    python_packages
    unpacked_packages
    say "everything for '$purpose' is installed"
    exit 0
fi

# --no-remove: a host that already runs another mail server keeps it, and the installation fails instead.
install="apt-get install --yes --no-install-recommends --no-remove $missing"
if [ "$(id -u)" = 0 ]; then
    root=
elif command -v sudo >/dev/null 2>&1 && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
    root=sudo
else
    say "missing: $missing" >&2
    say "this needs root; run: apt-get update && $install" >&2
    exit 1
fi

say "installing: $missing"

# Debian starts a server as soon as it is installed, unless this file says no (invoke-rc.d(8)).
policy=/usr/sbin/policy-rc.d
made_policy=
tidy() {
    [ -z "$made_policy" ] || $root rm -f "$policy"
}
trap tidy EXIT
trap 'exit 130' HUP INT TERM
if [ ! -e "$policy" ]; then
    made_policy=yes
    printf '#!/bin/sh\nexit 101\n' | $root tee "$policy" >/dev/null
    $root chmod 755 "$policy"
fi

update() {
    say "fetching the package lists"
    $root apt-get update
}
apt() {
    $root env DEBIAN_FRONTEND=noninteractive $install </dev/null
}
# fitting PACKAGE...: each in the version that goes with what is installed, which on a machine with two releases (.ci/toolchain makes such) may not be
# the one that apt would take.
fitting() {
    for package in "$@"; do
        for version in '' $(apt-cache madison "$package" | cut -d '|' -f 2); do
            fits=$package${version:+=$version}
            apt-get install --simulate --no-install-recommends --no-remove "$fits" >/dev/null 2>&1 && echo "$fits" && continue 2
        done
        echo "$package"
    done
}
# A fresh image has no package lists at all; lists that are out of date show only when a download fails.
for package in $missing; do
    apt-cache show "$package" >/dev/null 2>&1 || { update && break; }
done
if ! apt; then
    update
    install="${install%"$missing"}$(fitting $missing | tr '\n' ' ')"
    if ! apt; then
        say "could not install: $missing" >&2
        say "see apt's message above; by hand: apt-get update && $install" >&2
        exit 1
    fi
fi

# Nor at the next boot: these servers are here for the tests only. Those that were here before are left alone.
for service in postfix dovecot-core nginx haproxy postgresql microsocks prometheus fail2ban docker.io; do
    case " $missing " in
    *" $service "*)
        unit=${service%-core}
        unit=${unit%.io}
        $root systemctl disable --quiet "$unit" 2>/dev/null || $root update-rc.d "$unit" disable 2>/dev/null || true
        ;;
    esac
done
python_packages
unpacked_packages
say "done"
