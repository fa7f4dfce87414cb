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
printf '[Service]\nType=oneshot\nRestart=no\nExecStart=\nExecStart=/usr/bin/tailwart try --selftest\nExecStop=\nWatchdogSec=0\n' \
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
ok "leaves a line for a connection" soon sh -c 'journalctl --unit tailwart --output cat | grep -q " smtp 127.0.0.1:"'

echo 'TS_TAILNET=tail1234.ts.net' >>/etc/default/tailwart
stat -c %i /run/tailwart >/tmp/folder
ok "upgrades" dpkg --install --force-confold /root/second.deb
ok "keeps the changed environment" grep -q '^TS_TAILNET' /etc/default/tailwart
ok "keeps the configuration" cmp /root/mail.yaml /etc/tailwart/tailwart.yaml
ok "is running again, anew" sh -c "systemctl --quiet is-active tailwart && [ $(property MainPID) != $process ]"
ok "keeps its folder over the restart" is "$(stat -c %i /run/tailwart)" "$(cat /tmp/folder)"

kill -9 "$(property MainPID)"
ok "comes back when it was killed" soon sh -c 'systemctl --quiet is-active tailwart && ss -Hltn sport = :25 | grep -q .'
systemctl stop tailwart

# Years of it in a minute: clients come all the time, one stays.
cat >/root/mailbox.py <<'PYTHON'
import socket, threading
def serve(client):
    try:
        with client:
            client.sendall(b"220 here\r\n")
            while client.recv(1000):
                client.sendall(b"250 ok\r\n")
    except OSError:
        pass
listening = socket.create_server(("127.0.0.1", 2599), backlog=500)
while True:
    threading.Thread(target=serve, args=(listening.accept()[0],), daemon=True).start()
PYTHON
# Says what went wrong for clients that come in so many seconds, and ends with 1 if one waited for longer than it may. 'killed': those that a process had
# taken are cut with it.
cat >/root/clients.py <<'PYTHON'
import socket, sys, threading, time
wrong, slowest, threads = [], 0, []
def client():
    global slowest
    begun = time.monotonic()
    try:
        with socket.create_connection(("127.0.0.1", 25), 30) as connection:
            connection.settimeout(30)
            if connection.recv(100) != b"220 here\r\n":
                raise ConnectionResetError("closed")
    except ConnectionResetError as error:
        if sys.argv[3] != "killed":
            wrong.append(str(error))
    except OSError as error:
        wrong.append(str(error))
    slowest = max(slowest, time.monotonic() - begun)
end = time.monotonic() + float(sys.argv[1])
while time.monotonic() < end:
    threads.append(threading.Thread(target=client))
    threads[-1].start()
    time.sleep(0.01)
for thread in threads:
    thread.join()
print(len(threads), "clients, the slowest after", round(slowest, 2), "s, wrong:", wrong[:5], len(wrong))
sys.exit(bool(wrong) or slowest > float(sys.argv[2]))
PYTHON
# Ends with 0 if a connection lives for so many seconds, with a word in each.
cat >/root/idle.py <<'PYTHON'
import socket, sys, time
connection = socket.create_connection(("127.0.0.1", 25))
for _ in range(int(sys.argv[1])):
    time.sleep(1)
    connection.sendall(b"NOOP\r\n")
    assert connection.recv(100)
PYTHON
python3 /root/mailbox.py &
mailbox=$!
printf '%s\n' 'drain: 8s' 'upstreams: {mailbox: {endpoints: ["127.0.0.1:2599"], health: off}}' \
    'listeners: [{name: smtp, bind: [":25"], protocol: smtp, routes: [{to: mailbox}]}]' >/etc/tailwart/tailwart.yaml
# meanwhile SECONDS LIMIT none|killed COMMAND...: while clients come, none of which may wait for longer than the limit.
meanwhile() {
    python3 /root/clients.py "$1" "$2" "$3" >/tmp/clients 2>&1 &
    clients=$!
    limit=$1
    shift 3
    sleep 1
    "$@" || { echo "failed: $*" && kill $clients && return 1; }
    wait $clients || { echo "in $limit s:" && cat /tmp/clients && return 1; }
}
ok "systemd waits until it serves" sh -c 'systemctl start tailwart && ss -Hltn sport = :25 | grep -q .'
ok "and knows what it does" sh -c 'systemctl status tailwart | grep -q "Status: .serves 1 listener"'

# Reload: a bad file, one with a listener more, and the one of before, while one client stays and others come.
says() { journalctl --unit tailwart --output cat | grep -q "$1"; }
greeted() { python3 -c 'import socket, sys
with socket.create_connection(("127.0.0.1", int(sys.argv[1])), 20) as client: sys.exit(client.recv(100) != b"220 here\r\n")' "$1"; }
python3 /root/idle.py 14 &
idle=$!
process=$(property MainPID)
cp /etc/tailwart/tailwart.yaml /root/good.yaml
echo 'mialbox: {}' >>/etc/tailwart/tailwart.yaml
ok "reloads a bad file while clients come" meanwhile 4 1 none systemctl reload tailwart
ok "and says what is wrong, and where" soon says "tailwart.yaml:4:1: error: unknown key 'mialbox'"
ok "and that all is as it was" says "reload failed, nothing has changed"
ok "and it is" sh -c "systemctl --quiet is-active tailwart && systemctl status tailwart | grep -q 'Status: .serves 1 listener'"
sed 's/^\(listeners: .*\)]$/\1, {name: submission, bind: [":587"], protocol: submission, routes: [{to: mailbox}]}]/' /root/good.yaml >/etc/tailwart/tailwart.yaml
ok "reloads a file with a listener more while clients come" meanwhile 4 1 none systemctl reload tailwart
ok "and says what has changed" soon says "reloaded: listener submission: new, on :587"
ok "and serves there" greeted 587
cp /root/good.yaml /etc/tailwart/tailwart.yaml
ok "reloads the file of before while clients come" meanwhile 4 1 none systemctl reload tailwart
ok "and listens there no longer" soon sh -c '! ss -Hltn sport = :587 | grep -q .'
ok "all in the same process" is "$(property MainPID)" "$process"
ok "and cut nobody off in all of it" wait $idle
python3 /root/idle.py 6 &
idle=$!
process=$(property MainPID)
ok "restarts while clients come, and refuses none" meanwhile 14 1 none systemctl restart tailwart
ok "by another process" sh -c "[ $(property MainPID) != $process ]"
ok "and cut nobody off" wait $idle
ok "killed while clients come, it is back with its sockets, and none was refused" meanwhile 6 4 killed sh -c 'kill -9 $(systemctl show --property MainPID --value tailwart)'
ok "running" systemctl --quiet is-active tailwart
mkdir -p /etc/systemd/system/tailwart.service.d
printf '[Service]\nWatchdogSec=2s\n' >/etc/systemd/system/tailwart.service.d/watchdog.conf
systemctl daemon-reload
systemctl restart tailwart
process=$(property MainPID)
sleep 5
ok "one that is well is left alone by the watchdog" is "$(property MainPID)" "$process"
ok "one that hangs is ended by the watchdog, and no client is refused" meanwhile 10 8 killed kill -STOP "$process"
ok "and replaced" sh -c "systemctl --quiet is-active tailwart && [ $(property MainPID) != $process ]"
rm -r /etc/systemd/system/tailwart.service.d
systemctl daemon-reload

# A socket unit: systemd listens, and the first client starts the edge.
systemctl stop tailwart
printf '[Socket]\nListenStream=25\n' >/etc/systemd/system/tailwart.socket
systemctl daemon-reload
ok "systemd listens for it" systemctl start tailwart.socket
ok "and no edge runs" sh -c "ss -Hltnp sport = :25 | grep -q systemd && [ $(property MainPID) = 0 ]"
ok "the first client starts it, and is served" greeted 25
process=$(property MainPID)
ok "with the socket of systemd" grep -qz '^LISTEN_FDS=[1-9]' "/proc/$process/environ"
ok "which both have" sh -c "ss -Hltnp sport = :25 | grep systemd | grep -q pid=$process"
python3 /root/idle.py 6 &
idle=$!
ok "restarts with it while clients come, and refuses none" meanwhile 14 1 none systemctl restart tailwart
ok "by another process, and systemd still has the socket" sh -c "[ $(property MainPID) != $process ] && ss -Hltnp sport = :25 | grep -q systemd"
ok "and cut nobody off" wait $idle
ok "killed while clients come, it is back with it, and none was refused" meanwhile 6 4 killed sh -c 'kill -9 $(systemctl show --property MainPID --value tailwart)'
systemctl stop tailwart
ok "stopped, the next client starts it again" greeted 25
systemctl stop tailwart tailwart.socket
rm /etc/systemd/system/tailwart.socket
systemctl daemon-reload
ok "and without the socket unit nobody listens" sh -c '! ss -Hltn sport = :25 | grep -q .'

journalctl --unit tailwart --output json --output-fields=PRIORITY,MESSAGE >/tmp/journal
ok "the journal knows what is grave" sh -c '! grep -q "\"PRIORITY\":\"[45]\".*listens on" /tmp/journal && grep -q "\"PRIORITY\":\"6\".*listens on\|listens on.*\"PRIORITY\":\"6\"" /tmp/journal'
kill $mailbox
systemctl stop tailwart

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
cp /usr/bin/tailwart /root/tailwart
ok "removes while it runs" dpkg --remove tailwart
ok "and is stopped" sh -c '! ss -Hltn sport = :25 | grep -q .'
ok "purges" dpkg --purge tailwart

# The program alone.
ok "the program installs itself" /root/tailwart install
ok "enabled" systemctl --quiet is-enabled tailwart
cp /root/good.yaml /etc/tailwart/tailwart.yaml
python3 /root/mailbox.py &
mailbox=$!
ok "starts" systemctl start tailwart
ok "from where it was put" sh -c "readlink /proc/$(property MainPID)/exe | grep -qx /usr/local/bin/tailwart"
ok "installed once more, nothing is changed" sh -c '/root/tailwart install | grep -qx "All of it is here already; nothing was changed."'
process=$(property MainPID)
echo >>/root/tailwart
ok "a newer program is installed while clients come, and none is refused" meanwhile 14 1 none /root/tailwart install
ok "and runs" sh -c "systemctl --quiet is-active tailwart && [ $(property MainPID) != $process ] && cmp /root/tailwart /proc/$(property MainPID)/exe"
kill $mailbox
ok "uninstalls itself while it runs" sh -c '/root/tailwart install --uninstall >/root/removal'
ok "and is stopped" sh -c '! ss -Hltn sport = :25 | grep -q .'
ok "and its socket's folder is gone" test ! -e /run/tailwart
ok "and what it kept goes as it said" sh -c "$(sed -n 's/.*To remove that too: sudo //p' /root/removal)"

# What the documents say of a host with neither.
cp /root/mail.yaml /root/tailwart.yaml
cd /root
userdel tailwart
ok "it is installed by hand as the documents say" sh -e /root/by-hand
ok "and serves" sh -c 'ss -Hltnp sport = :25 | grep -q tailwart && [ "$(stat -c %U "/proc/$(systemctl show --property MainPID --value tailwart)")" = tailwart ]'
systemctl disable --quiet --now tailwart
rm -rf /usr/bin/tailwart /etc/*/system/tailwart.service /etc/*.d/tailwart.conf /etc/tailwart /var/lib/tailwart
systemctl daemon-reload
ok "nothing is left" sh -c '! find / -xdev \( -path /proc -o -path /root -o -path /var/lib/dpkg -o -path /var/log -o -path /var/lib/apt \) -prune -o -name "*tailwart*" -print | grep .'
systemctl poweroff
