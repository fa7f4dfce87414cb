#!/bin/sh
# Builds and runs all tests, shows what fails as they go, and ends with one line: how many passed and how many failed. Left in
# .build/test-results: that line (counts), and for each group all that its tests said (*.log) and its results (*.xml).
# Fails if a test failed, was skipped or never came to its end.
set -eu
cd "$(dirname "$0")/.."

results=$PWD/.build/test-results
rm -rf "$results"
mkdir -p "$results"
say() { echo "test: $*"; }

say "building; the first time takes several minutes"
swift build --build-tests

# Only Swift Testing is used here; XCTest would report that it ran nothing.
# Some groups run beside others.
plain="swift test --skip-build --ignore-lock --disable-xctest"
# Postfix and Dovecot must be started by root. What swift test would start, so that root leaves nothing in .build.
root=$plain
if [ "$(id -u)" != 0 ] && command -v sudo >/dev/null 2>&1; then
    root="sudo $(swift build --show-bin-path)/tailwartPackageTests.xctest --testing-library swift-testing"
fi

# Leaves out that a test began, with which argument, and that it passed: thousands of lines. An argument may be of several lines.
failures() {
    awk '
        function ends() { return $0 ~ / started\.$/ }
        /^(◇|✔|✘|↳|➜|⚠)/ { inside = 0 }
        inside { inside = !ends(); next }
        /^◇ Test case passing / { inside = !ends(); next }
        /^◇ / { next }
        /^✔ (Test|Suite) / && !/^✔ Test run / { next }
        { print; fflush() }'
}

# Tests that a group's log says began more often than ended.
unfinished() {
    awk '
        /^◇ Test (run|case) / { next }
        /^◇ Test .* started\.$/ { sub(/^◇ Test /, ""); sub(/ started\.$/, ""); began[$0]++ }
        /^(✔|✘) Test .* after [0-9.]+ seconds/ {
            sub(/^(✔|✘) Test /, ""); sub(/( with [0-9]+ test cases?)? (passed|failed) after [0-9.]+ seconds.*$/, "")
            began[$0]--
        }
        END { for (test in began) if (began[test] > 0) print "    " test }' "$1"
}

# run NAME WHAT COMMAND SELECTION...
run() (
    name=$1
    command=$3
    say "$2"
    shift 3
    { $command --xunit-output "$results/$name.xml" "$@" </dev/null 2>&1 || : >"$results/$name.failed"; } |
        tee "$results/$name.log" | failures
    # Without its last line the tests' process has crashed. Nor is the file of results to be believed without its end: a failure with a
    # null character in its message cuts it.
    if ! grep -q '^[^ ]* Test run with ' "$results/$name.log" || ! grep -qs '</testsuites>' "$results/$name.xml"; then
        say "the results are not complete; if the tests' process crashed, it did in one of these that had begun:"
        unfinished "$results/$name.log"
        : >"$results/$name.crashed"
    fi
)

# In processes of their own, since other tests hold threads that these need in time.
small='TailwartClientTests|TailwartSandboxTests|TailwartProbeTests|TailwartTailnetTests|TailwartGateTests|TailwartPreflightTests'
apart="$small|TailwartCommandTests|TailwartMailTests|TailwartNetworkTests"
# Most of it is waiting, in namespaces of its own: beside the others, and shown after them. What runs in the background does not hear of an interrupt.
trap 'trap "" INT; kill -INT 0; exit 1' INT TERM
run network "a network of namespaces" "$root" --filter '^TailwartNetworkTests\.' >"$results/network.shown" &
aside=$!
run unit "everything but what follows" "$plain" --skip "^($apart)\\."
for target in $(echo "$small" | tr '|' ' '); do
    run "$target" "$target" "$plain" --filter "^$target\\."
done
run command "the program and its commands" "$plain" --filter '^TailwartCommandTests\.'
run mail "real mail servers and clients, one test after another" "$root" --filter '^TailwartMailTests\.'
wait "$aside"
trap - INT TERM
cat "$results/network.shown"

status=0
crashed=0
for mark in "$results"/*.failed "$results"/*.crashed; do
    [ -e "$mark" ] || continue
    status=1
    case $mark in *.crashed) crashed=$((crashed + 1)) ;; esac
done
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
