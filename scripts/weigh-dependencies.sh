#!/bin/sh
# What each package costs: CPU seconds of a clean release build, and kilobytes of the stripped program, of a program that does nothing
# but import it, as the difference from one that imports nothing. Prints a table for docs/dependencies.md. Takes about ten minutes.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT INT TERM

# weigh NAME IMPORT PACKAGE-LINE PRODUCT-LINE: leaves "CPU-seconds kilobytes" in $folder/NAME.weight
weigh() {
    # Not the package's own name: the folder's is the identity of what is built.
    work=$folder/weigh-$1
    mkdir -p "$work/Sources/weigh"
    cat >"$work/Package.swift" <<MANIFEST
// swift-tools-version: 6.2
import PackageDescription
let package = Package(
    name: "weigh", dependencies: [$3], targets: [.executableTarget(name: "weigh", dependencies: [$4])])
MANIFEST
    printf '%s\nprint("weighed")\n' "$2" >"$work/Sources/weigh/main.swift"
    (
        cd "$work"
        swift package resolve >build.log 2>&1 || { cat build.log; exit 1; }
        # The shell's own account of its children: user and system time.
        bash -c 'TIMEFORMAT="%U %S"; time swift build -c release >build.log 2>&1' 2>time.log || { cat build.log; exit 1; }
        strip -o stripped .build/release/weigh
        awk -v bytes="$(stat -c %s stripped)" '{ printf "%d %d\n", $1 + $2, bytes / 1000 }' time.log >"../$1.weight"
    )
    rm -rf "$work"
}

package() { printf '.package(url: "https://github.com/%s", exact: "%s")' "$1" "$2"; }
product() { printf '.product(name: "%s", package: "%s")' "$1" "$2"; }

row() {
    read -r seconds size <"$folder/$1.weight"
    read -r base_seconds base_size <"$folder/nothing.weight"
    printf '| %s | %d | %d |\n' "$1" $((seconds - base_seconds)) $((size - base_size))
}

weigh nothing '' '' ''
echo "| package | CPU s of a clean release build | kB of the stripped program |"
echo "|---|--:|--:|"
weigh swift-argument-parser 'import ArgumentParser' "$(package apple/swift-argument-parser 1.8.2)" \
    "$(product ArgumentParser swift-argument-parser)"
row swift-argument-parser
weigh swift-nio 'import NIOPosix' "$(package apple/swift-nio 2.101.3)" "$(product NIOPosix swift-nio)"
row swift-nio
