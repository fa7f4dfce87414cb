#!/bin/sh
# Leaves a program as it is given away, and its debug symbols beside it, where a debugger looks for them:
#
#     scripts/strip-program.sh PROGRAM FOLDER      makes FOLDER/tailwart and FOLDER/tailwart.debug
#
# A program that was stripped like this before is copied, with its symbols.
set -eu

fail() {
    echo "strip: $*" >&2
    exit 1
}

[ $# = 2 ] || fail "usage: scripts/strip-program.sh PROGRAM FOLDER"
[ -x "$1" ] || fail "there is no program '$1'"
objcopy=$("$(dirname "$0")/program.sh" tool objcopy "$1")
command -v "$objcopy" >/dev/null || fail "'$objcopy' is missing; it is part of binutils, or of binutils for the program's processor"
mkdir -p "$2"
if [ -e "$1.debug" ]; then
    cp "$1" "$2/tailwart"
    cp "$1.debug" "$2/tailwart.debug"
    exit 0
fi
"$objcopy" --only-keep-debug "$1" "$2/tailwart.debug"
chmod 644 "$2/tailwart.debug"
# Made anew: a program that runs cannot be written.
rm -f "$2/tailwart"
# The link has the name and a check sum, so it is made where the symbols are.
program=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
(cd "$2" && "$objcopy" --strip-all --remove-section=.comment --remove-section=.note --add-gnu-debuglink=tailwart.debug "$program" tailwart)
