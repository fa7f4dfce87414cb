#!/bin/sh
# What a program that may be for another processor needs to be looked at on this host:
#
#     scripts/program.sh architecture PROGRAM       prints Debian's name of the processor that it is for: amd64, arm64
#     scripts/program.sh tool NAME PROGRAM          prints what a tool of binutils, such as objcopy, is called for it here
#     scripts/program.sh run PROGRAM ARGUMENT...    runs it; a foreign one with qemu-user
set -eu

fail() {
    echo "program: $*" >&2
    exit 1
}

[ $# -ge 2 ] || fail "usage: scripts/program.sh architecture PROGRAM | tool NAME PROGRAM | run PROGRAM ARGUMENT..."
what=$1
shift
name=$1
[ "$what" != tool ] || shift
[ -r "$1" ] || fail "there is no program '$1'"
# The machine in the header of an ELF file.
case $(od -A n -t u2 -j 18 -N 2 "$1" | tr -d ' ') in
62) architecture=amd64 machine=x86_64 ;;
183) architecture=arm64 machine=aarch64 ;;
*) architecture=$(dpkg --print-architecture) machine=$(uname -m) ;;
esac
case $what in
architecture) echo "$architecture" ;;
tool) if [ "$machine" = "$(uname -m)" ]; then echo "$name"; else echo "$machine-linux-gnu-$name"; fi ;;
run)
    [ "$machine" != "$(uname -m)" ] || exec "$@"
    command -v "qemu-$machine" >/dev/null || fail "'$1' is for $architecture, and 'qemu-$machine' is missing; it is part of qemu-user"
    exec "qemu-$machine" "$@"
    ;;
*) fail "'$what' is not known" ;;
esac
