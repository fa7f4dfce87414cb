#!/bin/sh
# Builds and runs all tests, shows them as they go, and ends with one line: how many passed and how many failed.
# The line is also left in .build/test-results/counts. Fails if a test failed, was skipped or never came to its end.
set -eu
cd "$(dirname "$0")/.."

results=$PWD/.build/test-results
rm -rf "$results"
mkdir -p "$results"
say() { echo "test: $*"; }

say "building; the first time takes several minutes"
swift build --build-tests

status=0
# Only Swift Testing is used here; XCTest would report that it ran nothing.
plain="swift test --skip-build --disable-xctest"
# Postfix and Dovecot must be started by root. What swift test would start, so that root leaves nothing in .build.
root=$plain
if [ "$(id -u)" != 0 ] && command -v sudo >/dev/null 2>&1; then
    root="sudo $(swift build --show-bin-path)/tailwartPackageTests.xctest --testing-library swift-testing"
fi
# run NAME WHAT COMMAND SELECTION...
run() {
    name=$1
    command=$3
    say "$2"
    shift 3
    $command --xunit-output "$results/$name.xml" "$@" </dev/null || status=1
    # The file is written as the tests go; without its end their process has crashed.
    if ! grep -qs '</testsuites>' "$results/$name.xml"; then
        say "the tests' process ended early; the test that did it is among those above that only started"
        crashed=$((crashed + 1))
        status=1
    fi
}

crashed=0
# In processes of their own, since other tests hold threads that these need in time.
network='TailwartClientTests|TailwartSandboxTests|TailwartProbeTests|TailwartTailnetTests|TailwartGateTests|TailwartPreflightTests'
apart="$network|TailwartCommandTests|TailwartMailTests|TailwartNetworkTests"
run unit "everything but what follows" "$plain" --skip "^($apart)\\."
for target in $(echo "$network" | tr '|' ' '); do
    run "$target" "$target" "$plain" --filter "^$target\\."
done
run command "the program and its commands" "$plain" --filter '^TailwartCommandTests\.'
run network "a network of namespaces" "$root" --filter '^TailwartNetworkTests\.'
run mail "real mail servers and clients, one test after another" "$root" --filter '^TailwartMailTests\.'

set -- "$results"/*.xml
[ -e "$1" ] || set -- /dev/null
awk -v failed="$crashed" '
    /<testcase / { tests++; open = 1 }
    /<failure/ && open { failed++; tests--; open = 0 }
    /<skipped/ && open { skipped++; tests--; open = 0 }
    END {
        printf "%d passed, %d failed", tests, failed
        if (skipped) printf ", %d skipped", skipped
        printf "\n"
    }' "$@" | tee "$results/counts"
if grep -q skipped "$results/counts"; then
    say "no test may be skipped"
    status=1
fi
exit $status
