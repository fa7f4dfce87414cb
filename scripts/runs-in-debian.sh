#!/bin/sh
# Whether Debian 12, the oldest that package and image are for, has a C library that is new enough for a program; prints the version that it needs:
#
#     scripts/runs-in-debian.sh PROGRAM
#
# A program of 'make static' needs one as new as the build host's, that of 'make portable' none.
set -eu

newest=$(readelf --wide --version-info "$1" | grep -o 'GLIBC_2\.[0-9]*' | sort --version-sort | tail -n 1)
echo "${newest:-none}"
[ "$(printf '%s\n' "$newest" GLIBC_2.36 | sort --version-sort | tail -n 1)" = GLIBC_2.36 ]
