#!/bin/sh
# The part of check-deploy.sh that runs a Docker engine, as the first process of namespaces that unshare has made: whatever it starts is gone
# with it. $work has the images, the files and a 'docker-compose'. Both compose files come up; then each part falls, and mail must flow again.
set -eu
[ $$ = 1 ] || exit 2
work=$1
fakes=$PWD/scripts/check-deploy-engine.py
say() { echo "deploy: $*"; }
fail() {
    say "not so: $*" >&2
    say "--- engine" >&2 && tail -n 15 "$work/engine.log" >&2
    for part in edge mailbox; do say "--- $part" >&2 && compose $part ps --all >&2 && compose $part logs --tail 12 >&2; done
    exit 1
}
seconds() { cut -d . -f 1 /proc/uptime; }
# fall WHAT: what is done to it from now on.
fall() {
    since=$(seconds)
    say "$1"
}
# soon WHAT COMMAND...: it succeeds within two minutes of the fall.
soon() {
    what=$1
    shift
    until "$@" >"$work/output" 2>&1; do
        [ $(($(seconds) - since)) -lt 120 ] || { cat "$work/output" >&2 && fail "$what"; }
        sleep 0.2
    done
    say "✓ $what, after $(($(seconds) - since)) s"
}

# ---- the engine

export DOCKER_HOST="unix://$work/docker.sock" DOCKER_CONFIG="$work/docker-config"
parent=/tailwart-check
start_engine() {
    dockerd --data-root "$work/engine" --exec-root /run/engine --host "$DOCKER_HOST" --pidfile /run/engine.pid --cgroup-parent $parent \
        >>"$work/engine.log" 2>&1 &
    engine=$!
    for _ in $(seq 300); do docker version >/dev/null 2>&1 && return; sleep 0.1; done
    fail "the engine starts"
}
stop_engine() { kill "$engine" && wait "$engine" || true; }

# As when the power fails: no process of the engine's and of the containers' is left, no mount, nothing in /run.
cut_power() {
    for process in /proc/[0-9]*; do
        id=${process#/proc/}
        case " $$ $outside " in *" $id "*) ;; *) kill -KILL "$id" 2>/dev/null || true ;; esac
    done
    wait "$engine" || true
    awk -v engine="$work/engine" 'index($5, engine) == 1 || index($5, "/run/engine") == 1 { print $5 }' /proc/self/mountinfo | sort -r |
        while read -r mount; do umount --lazy "$mount"; done
    rm -rf /run/engine /run/engine.pid
}

# ---- the hosts

compose() {
    folder=$1
    shift
    (cd "$work/$folder" && "$work/docker-compose" --progress quiet "$@" </dev/null)
}
# From another host than the edge's, over a wire of its own.
mail() { nsenter --net="/proc/$client/ns/net" python3 "$fakes" send 203.0.113.1 "$@"; }
one_mail() { mail 1 0 && mails=$((mails + 1)); }
start_database() {
    python3 "$fakes" postgres 100.64.0.9 >"$work/database.log" 2>&1 &
    database=$!
    outside="$tailnet $client $database"
}
stop_database() { kill "$database" && wait "$database" || true; }

mount -t tmpfs tmpfs /run
ip link set lo up
python3 "$fakes" tailscaled --hub >"$work/tailnet.log" 2>&1 &
tailnet=$!
unshare --net sleep infinity &
client=$!
mails=0
for _ in $(seq 50); do [ "$(readlink /proc/$client/ns/net)" = "$(readlink /proc/self/ns/net)" ] || break; sleep 0.1; done
ip link add wire type veth peer name wire netns "$client"
ip address add 203.0.113.1/24 dev wire
ip link set wire up
nsenter --net="/proc/$client/ns/net" sh -c 'ip address add 203.0.113.50/24 dev wire && ip link set wire up'
for _ in $(seq 50); do grep -q connected "$work/tailnet.log" && break; sleep 0.1; done
start_database

start_engine
say "engine $(docker version --format '{{.Server.Version}}'), compose $("$work/docker-compose" version --short)"
docker load --quiet --input "$work/tailwart.tar" >/dev/null
docker tag "$(docker images --quiet | head -n 1)" tailwart:latest
fake() { # NAME CHANGE...
    name=$1
    shift
    docker import "$@" "$work/fakes.tar" "$name" >/dev/null
}
fake docker.io/tailscale/tailscale:stable --change 'ENTRYPOINT ["/usr/local/bin/fake", "tailscaled"]'
fake docker.io/stalwartlabs/stalwart:v0.16 --change 'ENTRYPOINT ["/usr/local/bin/stalwart"]' --change 'USER stalwart'

# ---- what must be so

healthy() { compose "$1" ps --format '{{.Health}}' "$2" | grep -qx healthy; }
logged() { compose mailbox logs --no-log-prefix stalwart >"$work/logged" 2>&1 && grep -q "$@" "$work/logged"; }
restarted() { [ "$(docker inspect --format '{{.RestartCount}}' mailbox-stalwart-1)" = "$1" ]; }
of_sidecar() { docker inspect --format '{{.State.Pid}}' mailbox-ts-stalwart-1; }

fall "the edge's compose file as init writes it and the mailbox's, unchanged but for .env"
compose mailbox up --detach || fail "the mailbox's compose file comes up"
compose edge up --detach || fail "the edge's compose file comes up"
say "✓ they come up"
soon "a mail goes through both" one_mail
seen() { logged 'client [0-9]* 203.0.113.50'; }
soon "the mailbox knows whose it was" seen
soon "the edge is healthy" healthy edge edge
soon "the mailbox is healthy" healthy mailbox stalwart
no_orphan() {
    compose mailbox exec -T stalwart sh -c 'cat /proc/[0-9]*/stat 2>/dev/null' >"$work/processes"
    grep -q '^1 (tailwart)' "$work/processes" && ! grep ') Z ' "$work/processes"
}
soon "no orphan of its stays behind" no_orphan
knows_itself() {
    compose edge exec -T edge tailwart check --host >"$work/check" 2>&1 || true
    grep -q 'edge that runs.*listens there' "$work/check" || { cat "$work/check" && return 1; }
    ! grep -e 'The edge cannot listen here' -e 'calls itself' "$work/check"
}
soon "check --host takes the edge that runs for what it is" knows_itself
takes_v6() { python3 -c 'import socket; socket.create_connection(("fd7a:115c:a1e0::7", 25), 5)'; }
soon "the mailbox takes connections at its IPv6 address of the tailnet" takes_v6

fall "the sidecar is away for ten seconds"
docker stop mailbox-ts-stalwart-1 >/dev/null
sleep 10
waits() { logged 'waiting until tailscaled is connected elsewhere' && compose mailbox ps --services --status running | grep -qx stalwart; }
soon "the mail server is not ended meanwhile: its start would fail" waits
docker start mailbox-ts-stalwart-1 >/dev/null
soon "a mail goes through both" one_mail
soon "the mail server was ended for its dead network, once" restarted 1

fall "the sidecar is killed"
kill -KILL "$(of_sidecar)"
soon "a mail goes through both" one_mail
soon "the mail server was ended for its dead network, once" restarted 2

fall "the database is gone at boot"
stop_database
compose mailbox down
compose mailbox up --detach || fail "the mailbox comes up without its database"
soon "the mail server is held back" logged 'nothing listens at 100.64.0.9:5432, waiting'
if logged 'Startup failed'; then fail "it has not met the missing database"; fi
start_database
soon "a mail goes through both" one_mail

# What mailbox.service does when Docker's unit is started, and when it is stopped.
boot() { (cd "$work/mailbox" && sh -c "$(sed -n 's|^ExecStart=/usr/bin/docker compose|exec "$0" --progress quiet|p' mailbox.service)" "$work/docker-compose") </dev/null; }
halt() { compose mailbox stop; }
fall "the engine is restarted"
halt
stop_engine
start_engine
boot
soon "a mail goes through both" one_mail

fall "the power fails"
cut_power
start_engine
boot
soon "a mail goes through both" one_mail

fall "the edge is restarted while mail flows"
mail 50 0.1 >"$work/flow" 2>&1 &
flow=$!
sleep 1
compose edge restart
wait $flow || { cat "$work/flow" >&2 && fail "every mail is delivered"; }
say "✓ $(cat "$work/flow")"
mails=$((mails + 50))
all_there() { compose mailbox exec -T stalwart sh -c 'find /var/lib/stalwart/mail -name "*.eml" | wc -l' | tee /dev/stderr | grep -qx $mails; }
soon "the mailbox has each mail once, $mails in all" all_there

compose edge down
compose mailbox down
stop_engine
say "✓ all is taken down"
