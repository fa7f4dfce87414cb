/// `deploy/edge/compose.yaml`, in the program so that `init` can write it; a test compares the two.
package enum ComposeFile {
    /// As in the repository, where the image can be built.
    package static let text = """
        # The edge on a host that is on the tailnet already. Why each line is there: docs/deploy.md
        name: tailwart

        services:
          edge:
            image: ${TAILWART_IMAGE:-tailwart:latest}
            build:
              context: ../..
              dockerfile: deploy/edge/Dockerfile
            # The host's own addresses and routes: clients keep their addresses, IPv6 included, and the tailnet is the host's.
            network_mode: host
            restart: unless-stopped
            # Longer than 'drain' of the configuration (30 s unless it says otherwise), or connections are torn.
            stop_grace_period: 40s

            # Not root, nothing to write but its bans, one right. No 'no-new-privileges': it would take that right away, which the program has from its file.
            read_only: true
            cap_drop: [ALL]
            cap_add: [NET_BIND_SERVICE]
            tmpfs:
              - /run/tailwart:mode=0750,uid=65532,gid=65532

            environment:
              TS_TAILNET: ${TS_TAILNET:?write the name of your tailnet into .env}
              STALWART_MAGIC_NAME: ${STALWART_MAGIC_NAME:-stalwart}
            volumes:
              # The folder and not the file: editors write a new file, and a mounted file would stay the old one.
              - ./tailwart:/etc/tailwart:ro
              # The folder and not the socket, for the same reason: tailscaled makes a new socket whenever it starts. systemd even makes a new folder;
              # deploy/systemd/tailscaled.conf stops it from that.
              - type: bind
                source: /run/tailscale
                target: /run/tailscale
                read_only: true
                bind: {create_host_path: true}
              # Bans survive a new container. A volume and not a folder of the host: Docker gives it the owner that the folder has in the image.
              - bans:/var/lib/tailwart

            healthcheck:
              # Is this host on the tailnet, and does the mailbox greet a client that comes to this edge?
              test: [CMD, tailwart, gate, --once, --tailscale, --mail, "smtp://127.0.0.1:25"]
              interval: 1m
              timeout: 15s
              start_period: 30s
            # This driver rotates: a log without an end fills a small disk.
            logging: {driver: local}

        volumes:
          bans:

        """

    /// For a folder outside the repository: the image is built or loaded beforehand, so `build` is left out.
    static let onHost: String = {
        var isBuild = false
        return text.split(separator: "\n", omittingEmptySubsequences: false).filter { line in
            let indentation = line.prefix { $0 == " " }.count
            isBuild = isBuild ? line.isEmpty || indentation > buildIndentation : line == buildKey
            return !isBuild
        }.joined(separator: "\n")
    }()

    private static let buildKey = "    build:"
    private static let buildIndentation = 4
}
