#!/bin/sh
# Makes a Swift SDK for arm64, with which a Debian host of another processor compiles the one file of 'make portable' for arm64:
#
#     scripts/make-sdk.sh          makes .build/swift-sdks/tailwart-arm64.artifactbundle; with nothing to do it says so in one line
#
# All in it is Debian's, of the suite that Swift on this host came from, and is unpacked only: nothing is installed, and apt on this host learns of
# no other processor. It fetches 530 MB, nearly all of it Debian's Swift for arm64, and keeps 290 MB.
#
# A Swift that is not Debian's wants its own runtime: RUNTIME names the folder 'usr' of the same version's toolchain for arm64, unpacked. The C
# libraries are then of the suite that the C library on this host came from.
set -eu
here=$PWD
cd "$(dirname "$0")/.."

say() { echo "sdk: $*"; }
fail() { say "$*" >&2 && exit 1; }

command -v swift >/dev/null || fail "no 'swift' on the PATH; install the Swift 6.2 toolchain or newer: https://www.swift.org/install/linux"
for tool in dpkg-query dpkg-deb apt-get; do command -v "$tool" >/dev/null || fail "'$tool' is missing; the SDK is made of Debian's packages, on Debian"; done
[ "$(dpkg --print-architecture)" != arm64 ] || fail "this host is arm64 itself; 'make portable' makes the program"

bundle=.build/swift-sdks/tailwart-arm64.artifactbundle
toolchain=$(swift --version 2>/dev/null | grep -m 1 'Swift version')
if [ "$(cat "$bundle/toolchain" 2>/dev/null)" = "$toolchain" ]; then
    say "the SDK for arm64 is there"
    exit 0
fi

package=swiftlang
[ -z "${RUNTIME:-}" ] || package=libc6-dev
case ${RUNTIME:-} in /* | '') runtime=${RUNTIME:-} ;; *) runtime=$here/$RUNTIME ;; esac
[ -z "$runtime" ] || [ -d "$runtime/lib/swift_static/linux/aarch64" ] || fail "'$runtime' has no lib/swift_static/linux/aarch64; is it 'usr' of a toolchain for arm64?"
installed=$(dpkg-query --show --showformat '${Version}' "$package" 2>/dev/null) ||
    fail "this Swift is not Debian's, whose runtime for arm64 would fit; unpack the same version's toolchain for arm64, and give RUNTIME=FOLDER/usr"
# "http://deb.debian.org/debian unstable/main amd64 Packages"
origin=$(apt-cache madison "$package" | awk -F ' *[|] *' -v version="$installed" '$2 == version { print $3; exit }')
[ -n "$origin" ] || fail "apt does not know where $package $installed came from; apt-get update, then apt-get install $package"
set -- $origin

new=$PWD/.build/swift-sdks/new
rm -rf "$new" "$bundle"
trap 'rm -rf "$new"' EXIT
trap 'exit 130' HUP INT TERM
root=$new/bundle/root
mkdir -p "$new/apt/lists/partial" "$new/apt/archives/partial" "$root/var/lib/dpkg" "$root/usr/lib"
: >"$new/apt/status"
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $1 ${2%/*} main" >"$new/apt/sources.list"
# An apt of its own, on a host that is arm64 and has no package yet.
cat >"$new/apt.conf" <<END
APT::Architecture "arm64";
APT::Architectures { "arm64"; };
APT::Install-Recommends "false";
APT::Sandbox::User "root";
APT::Update::Error-Mode "any";
Acquire::Languages "none";
Dir::State "$new/apt";
Dir::State::status "$new/apt/status";
Dir::Cache "$new/apt";
Dir::Etc::sourcelist "$new/apt/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
END
APT_CONFIG=$new/apt.conf
export APT_CONFIG

say "fetching from $1 ${2%/*}, for arm64"
apt-get --quiet=2 update || fail "apt cannot read the list of packages; see the message above"
# g++ itself is a package that only names the current one.
gcc=$(apt-cache show g++ | sed -n 's/^Depends:.* g++-\([0-9][0-9]*\) .*/\1/p' | head -n 1)
# What scripts/setup.sh installs for 'build' and 'portable', as far as it is linked.
apt-get --quiet=2 install --download-only --yes libc-ares-dev libssl-dev libyaml-dev zlib1g-dev libzstd-dev "libstdc++-$gcc-dev" >/dev/null ||
    fail "apt cannot fetch the C libraries; see the message above"
for file in "$new"/apt/archives/*.deb; do
    dpkg-deb --extract "$file" "$root"
    # For the SBOM: dpkg-query --admindir.
    { dpkg-deb --field "$file" && printf 'Status: install ok installed\n\n'; } >>"$root/var/lib/dpkg/status"
done
# As on an installed system; the archive's "libc.so" says "/lib/…".
[ -e "$root/lib" ] || ln -s usr/lib "$root/lib"

if [ -z "$runtime" ]; then
    other=$(apt-cache show swiftlang | sed -n '1,/^Version/s/^Version: //p')
    [ "${other%%-*}" = "${installed%%-*}" ] || fail "Swift for arm64 is $other there, and $installed on this host; they must be one version: apt-get upgrade"
    (cd "$new" && apt-get --quiet=2 download swiftlang) || fail "apt cannot fetch swiftlang; see the message above"
    runtime=$new/usr/libexec/swift
    dpkg-deb --fsys-tarfile "$new"/swiftlang_*.deb | tar --extract --directory "$new" ./usr/libexec/swift/lib/swift_static ./usr/libexec/swift/lib/clang
fi
# clang's folder has headers of the compiler, to which swift_static leads.
cp -R "$runtime/lib/swift_static" "$runtime/lib/clang" "$root/usr/lib/"
rm -rf "$root/usr/share" "$root/etc"

cat >"$new/bundle/info.json" <<END
{"schemaVersion": "1.0", "artifacts": {"tailwart-arm64": {"type": "swiftSDK", "version": "1", "variants": [{"path": "."}]}}}
END
cat >"$new/bundle/swift-sdk.json" <<END
{"schemaVersion": "4.0", "targetTriples": {"aarch64-unknown-linux-gnu": {"sdkRootPath": "root", "swiftStaticResourcesPath": "root/usr/lib/swift_static"}}}
END
echo "$toolchain" >"$new/bundle/toolchain"
mv "$new/bundle" "$bundle"
say "made of $(grep -c '^Package: ' "$bundle/root/var/lib/dpkg/status") packages: $bundle, $(du -m -s "$bundle" | cut -f 1) MB"
