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
            # Longer than 'drain' of the configuration (30 s by default), or connections are cut.
            stop_grace_period: 40s

            # Not root, writes only its bans, one capability. No 'no-new-privileges': it would take away the capability, which comes from the program's file.
            read_only: true
            cap_drop: [ALL]
            cap_add: [NET_BIND_SERVICE]
            tmpfs:
              - /run/tailwart:mode=0750,uid=65532,gid=65532

            environment:
              TS_TAILNET: ${TS_TAILNET:?write the name of your tailnet into .env}
              STALWART_MAGIC_NAME: ${STALWART_MAGIC_NAME:-stalwart}
            volumes:
              # The folder, not the file: editors write a new file, and a mounted file would stay the old one.
              - ./tailwart:/etc/tailwart:ro
              # The folder, not the socket, for the same reason: tailscaled makes a new socket whenever it starts. systemd even makes a new folder;
              # deploy/systemd/tailscaled.conf prevents that.
              - type: bind
                source: /run/tailscale
                target: /run/tailscale
                read_only: true
                bind: {create_host_path: true}
              # Bans survive a new container. A volume, not a folder of the host: Docker gives it the owner that the folder has in the image.
              - bans:/var/lib/tailwart

            healthcheck:
              # Is this host on the tailnet, and does the mailbox greet a client through this edge?
              test: [CMD, tailwart, gate, --once, --tailscale, --mail, "smtp://127.0.0.1:25"]
              interval: 1m
              timeout: 15s
              start_period: 30s
            # This driver rotates: an unlimited log fills a small disk.
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
