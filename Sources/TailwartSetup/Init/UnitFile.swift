/// `deploy/systemd/tailwart.service`, in the program so that `init` can write it; a test compares the two.
package enum UnitFile {
    package static let text = """
        [Unit]
        Description=Tailwart mail edge
        Documentation=man:tailwart(1)
        # Without a configuration a start does nothing and is not a failure.
        ConditionPathExists=/etc/tailwart/tailwart.yaml
        # Order only, for the shutdown: connections are drained while the network and the tailnet still work. At boot nothing is
        # waited for: neither an address nor a name is needed to start, and tailscaled counts as started before it is logged in.
        After=network.target tailscaled.service
        # Never give up. Whatever prevents the start, such as a missing address, may appear later.
        StartLimitIntervalSec=0

        [Service]
        # It reports when it serves, and after a takeover which process does.
        Type=notify
        NotifyAccess=all
        User=tailwart
        Group=tailwart
        EnvironmentFile=-/etc/default/tailwart
        # If an edge already runs, its listening sockets are taken over and it drains; else it starts.
        ExecStart=/usr/bin/tailwart run --takeover --config /etc/tailwart/tailwart.yaml
        # 'systemctl reload': the file is read again, and no connection is cut. The result is in the journal.
        ExecReload=/bin/sh -c 'kill -HUP $MAINPID'
        # 'systemctl restart' refuses no connection: systemd stops the old process before it starts the new one, so another one takes over first, serves
        # while the old one drains, and gives the sockets to the new one. Only root is told that a stop belongs to a restart. It is waited for until
        # the other has put its socket in the place of the old one's.
        ExecStop=+-/bin/sh -c 'systemctl list-jobs --no-legend | grep -q "%n *restart" && : >%t/tailwart/restarting'
        ExecStop=-/bin/sh -c 'cd %t/tailwart && rm restarting 2>/dev/null || exit 0; old=$$(stat -c %%i admin.sock.takeover); NOTIFY_SOCKET= /usr/bin/tailwart run --takeover --config /etc/tailwart/tailwart.yaml & for _ in $$(seq 100); do sleep 0.1; kill -0 $$! && [ "$$(stat -c %%i admin.sock.takeover)" = "$$old" ] || break; done'
        # The main process only, so that draining ones can finish.
        KillMode=process
        # A start after a crash gets the sockets, with all waiting clients.
        FileDescriptorStoreMax=1024
        # With a socket unit: else each start would make accepting block for the process that serves meanwhile.
        NonBlocking=yes
        WatchdogSec=30s
        Restart=always
        RestartSec=1s
        # 1 is a bad file, 2 a usage error: a retry does not help.
        RestartPreventExitStatus=1 2
        # More than 'drain' of the configuration (30 s by default): raise both together.
        TimeoutStopSec=2min
        # Two descriptors for a connection, six for one that moves bulk data.
        LimitNOFILE=524288

        # The admin socket's folder. It survives a restart: a container that has it mounted would otherwise keep the old, empty one.
        RuntimeDirectory=tailwart
        RuntimeDirectoryMode=0750
        RuntimeDirectoryPreserve=yes
        # The folder of the bans.
        StateDirectory=tailwart
        StateDirectoryMode=0750

        # The only capability that it needs: ports below 1024.
        AmbientCapabilities=CAP_NET_BIND_SERVICE
        CapabilityBoundingSet=CAP_NET_BIND_SERVICE
        NoNewPrivileges=yes

        # It writes nothing but its socket, and reads its file, certificates and tailscaled's socket.
        ProtectSystem=strict
        ProtectHome=yes
        PrivateTmp=yes
        PrivateDevices=yes
        PrivateIPC=yes
        PrivateMounts=yes
        ProtectProc=invisible
        ProtectClock=yes
        ProtectHostname=yes
        ProtectKernelTunables=yes
        ProtectKernelModules=yes
        ProtectKernelLogs=yes
        ProtectControlGroups=yes
        RemoveIPC=yes
        # The program sets the permissions of its sockets.
        UMask=0077

        # Netlink: the C library and 'check --host' ask it for this host's addresses.
        RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
        RestrictNamespaces=yes
        RestrictRealtime=yes
        RestrictSUIDSGID=yes
        LockPersonality=yes
        MemoryDenyWriteExecute=yes
        SystemCallArchitectures=native
        SystemCallFilter=@system-service
        # Of the system calls that set resources it needs only one: the descriptor limit.
        SystemCallFilter=~@privileged @resources
        SystemCallFilter=prlimit64 setrlimit
        SystemCallErrorNumber=EPERM

        [Install]
        WantedBy=multi-user.target

        """
}
