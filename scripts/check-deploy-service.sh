#!/bin/sh
# The part of check-deploy.sh that runs in the Debian it boots, as root under systemd; never on a host. Writes what it finds to /root/report,
# a tick or a cross for each, and shuts that Debian down.
systemd-detect-virt --quiet --container && [ -e /root/first.deb ] || exit 2
exec >/root/report 2>&1
ok() { what=$1; shift; if "$@" >/tmp/output 2>&1; then echo "✓ $what"; else echo "✗ $what: $*"; cat /tmp/output; fi; }
is() { [ "$1" = "$2" ] || { echo "'$1' is not '$2'"; return 1; }; }
property() { systemctl show --property "$1" --value tailwart; }
soon() { for _ in $(seq 100); do "$@" >/dev/null 2>&1 && return 0; sleep 0.1; done; "$@"; }
export DEBIAN_FRONTEND=noninteractive

ok "installs under systemd" dpkg --install /root/first.deb
ok "enabled" systemctl --quiet is-enabled tailwart
ok "not started without a configuration" is "$(property ActiveState)-$(property ConditionResult)" inactive-no

# The whole program under everything that the unit forbids.
mkdir -p /etc/systemd/system/tailwart.service.d
cp /root/mail.yaml /etc/tailwart/tailwart.yaml
printf '[Service]\nType=oneshot\nRestart=no\nExecStart=\nExecStart=/usr/bin/tailwart try --selftest\n' \
    >/etc/systemd/system/tailwart.service.d/selftest.conf
systemctl daemon-reload
ok "does the job within the unit's limits" systemctl start tailwart
journalctl --unit tailwart --output cat | grep -E '✗|cannot' && echo "✗ a cross in the self-test"
rm -r /etc/systemd/system/tailwart.service.d
systemctl daemon-reload

ok "starts, with nothing of the mailbox there" systemctl start tailwart
ok "listens on 25" soon sh -c 'ss -Hltn sport = :25 | grep -q .'
process=$(property MainPID)
ok "is not root" is "$(stat -c %U "/proc/$process")" tailwart
ok "has one right" is "$(sed -n 's/^CapEff:\t//p' "/proc/$process/status")" 0000000000000400
ok "may open enough files" is "$(property LimitNOFILE)" 524288
client() { python3 -c 'import socket; s = socket.create_connection(("127.0.0.1", 25), 5); s.settimeout(20); s.recv(100)'; }
client || true
ok "leaves a line for a connection" soon sh -c 'journalctl --unit tailwart --output cat | grep -q "\"message\":\"connection\""'

echo 'TS_TAILNET=tail1234.ts.net' >>/etc/default/tailwart
stat -c %i /run/tailwart >/tmp/folder
ok "upgrades" dpkg --install --force-confold /root/second.deb
ok "keeps the changed environment" grep -q '^TS_TAILNET' /etc/default/tailwart
ok "keeps the configuration" cmp /root/mail.yaml /etc/tailwart/tailwart.yaml
ok "is running again, anew" sh -c "systemctl --quiet is-active tailwart && [ $(property MainPID) != $process ]"
ok "keeps its folder over the restart" is "$(stat -c %i /run/tailwart)" "$(cat /tmp/folder)"

kill -9 "$(property MainPID)"
ok "comes back when it was killed" soon sh -c 'systemctl --quiet is-active tailwart && ss -Hltn sport = :25 | grep -q .'
python3 -c 'import socket, time; taken = socket.create_server(("", 2525)); time.sleep(60)' &
other=$!
systemctl stop tailwart
ok "stops in order" is "$(property Result)-$(property ExecMainStatus)" success-0
echo 'mailbox: {address: 192.0.2.1, ports: [2525]}' >/etc/tailwart/tailwart.yaml
ok "another program takes a port" soon sh -c 'ss -Hltn sport = :2525 | grep -q .'
systemctl start tailwart
ok "a taken port: it keeps trying" soon sh -c 'systemctl show --property SubState tailwart | grep -qx SubState=auto-restart'
kill $other
ok "and has it when it is free" soon sh -c 'systemctl --quiet is-active tailwart && ss -Hltnp sport = :2525 | grep -q tailwart'
systemctl stop tailwart
echo 'mialbox: {}' >/etc/tailwart/tailwart.yaml
systemctl start tailwart
ok "a bad file: it fails and says so" soon sh -c 'systemctl --quiet is-failed tailwart && journalctl --unit tailwart | grep -q "did you mean"'

cp /root/mail.yaml /etc/tailwart/tailwart.yaml
systemctl reset-failed tailwart
systemctl start tailwart
ok "removes while it runs" dpkg --remove tailwart
ok "and is stopped" sh -c '! ss -Hltn sport = :25 | grep -q .'
ok "purges" dpkg --purge tailwart
ok "nothing is left" sh -c '! find / -xdev \( -path /proc -o -path /root -o -path /var/lib/dpkg -o -path /var/log -o -path /var/lib/apt \) -prune -o -name "*tailwart*" -print | grep .'
systemctl poweroff
