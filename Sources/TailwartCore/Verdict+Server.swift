/// What an operator is told to do where it is known which server answers. Without that no server is named: the advice would be about
/// somebody else's settings.
extension Verdict {
    /// What to set, and where.
    ///
    /// - Parameter server: the one that answered; nil where it did not say who it is.
    package func fix(of server: MailServer?) -> String { server.flatMap { special(to: $0) } ?? fix }

    /// Nil where there is nothing to say that is not true of all servers.
    private func special(to server: MailServer) -> String? {
        let how = "`tailwart trust \(server.rawValue)` prints how"
        switch (self, server) {
        case (.headerNotTrusted, _):
            return server.header.map {
                "In \(server.name), \($0.setting): \(how). \(Self.orNone)"
            }
        case (.headerRequired, _):
            return server.header.map {
                """
                Set proxy_protocol: \($0.version) for this upstream; or, where no header is meant to be sent, take \
                \($0.remains) in \(server.name).
                """
            }
        case (.banned, .stalwart):
            return """
                Delete this edge's address from BlockedIp in Stalwart and reload the blocked addresses (ReloadBlockedIps), and add \
                it to AllowedIp, which is read at the next start: \(how). \(Self.forwarded)
                """
        case (.banned, .dovecot):
            return """
                In Dovecot, add this edge's address to haproxy_trusted_networks, and take it off whatever bans addresses on \
                that host: \(how). \(Self.forwarded)
                """
        case (.refused, .stalwart):
            return """
                Enable the port in Stalwart (a new one has no listener on 587, 143 and 110), or take the listener out of \
                tailwart.yaml.
                """
        case (.booting, .stalwart):
            return """
                Wait a minute. If it stays so, read Stalwart's log: it is in bootstrap or recovery mode, as config.json is \
                missing or STALWART_RECOVERY_MODE is set.
                """
        case (.takesNoMail, .stalwart):
            return """
                See that Stalwart's database runs and can be reached, and that its disk has room; it goes on by itself \
                then. Its log has the reason.
                """
        case (.tlsFailed, .stalwart):
            return """
                Read Stalwart's log for the reason (tls.handshake-error or tls.no-certificates-available), and see that it has \
                a certificate for the name that is asked for and speaks TLS 1.2 or later.
                """
        case (.startTLSMissing, .stalwart):
            return "Give Stalwart a certificate, and set useTls of the listener."
        case (.startTLSMissing, .postfix):
            return "Give Postfix a certificate, and set smtpd_tls_security_level=may."
        case (.startTLSMissing, .dovecot):
            return "Give Dovecot a certificate, and set ssl=yes."
        case (.startTLSMissing, .exim):
            return "Give Exim a certificate, and set tls_advertise_hosts=*."
        case (.certificateFallback, .stalwart):
            return """
                If Stalwart has ordered no certificate, let it order one (ACME, in its domains' settings). If it has, \
                its log says why the order fails: most often a name of the order, such as its own host name, does not \
                reach it on 443.
                """
        case (.certificateLost, .stalwart):
            return """
                Restart Stalwart once its database answers, and start it after the database from now on (`tailwart gate \
                --postgres`).
                """
        case (.certificateExpired, .stalwart):
            return """
                Read Stalwart's log for acme errors: most often the key for the DNS provider is not accepted any more, \
                or a name does not reach it on 443. One that was put in by hand must be put in anew.
                """
        case (.certificateExpiring, .stalwart):
            return """
                Read Stalwart's log for acme errors: most often the key for the DNS provider is not accepted any more, \
                or a name does not reach it on 443.
                """
        case (.certificateExpired, _), (.certificateExpiring, _):
            return server.reload.map { command in
                """
                See whether it was renewed (`certbot certificates`, where certbot does it). If so, reload \(server.name), now \
                (`\(command)`) and after each renewal (`certbot renew --deploy-hook '\(command)'`). If not, renew it \
                (`certbot renew`), and read why that was not done.
                """
            }
        case (.certificateNotReloaded, _):
            return server.reload.map { command in
                """
                Reload \(server.name), now (`\(command)`) and after each renewal (`certbot renew --deploy-hook \
                '\(command)'`).
                """
            }
        default: return nil
        }
    }

    static let orNone =
        "Or set proxy_protocol: none for this upstream, as is right where a proxy on the way sends a header of its own."

    static let forwarded =
        "If it is neither, a container's port forward may accept connections for a server that does not run."
}

extension MailServer {
    /// What makes it read its certificate anew, on its host. Nil: it does so by itself.
    fileprivate var reload: String? {
        switch self {
        case .stalwart: nil
        case .postfix: "postfix reload"
        case .dovecot: "doveadm reload"
        case .exim: "systemctl reload exim4"
        case .opensmtpd: "systemctl restart opensmtpd"
        case .chasquid: "systemctl restart chasquid"
        case .nginx: "nginx -s reload"
        }
    }

    /// How it is told to take a PROXY header, what remains of that to take out, and the newest version that it reads. Nil for what does
    /// not greet.
    fileprivate var header: (setting: String, remains: String, version: String)? {
        switch self {
        case .stalwart:
            (
                "add this edge's addresses to overrideProxyTrustedNetworks of the listener",
                "this edge's addresses out of overrideProxyTrustedNetworks", "v2"
            )
        case .postfix:
            (
                "set smtpd_upstream_proxy_protocol=haproxy for the service",
                "smtpd_upstream_proxy_protocol out of the service", "v2"
            )
        case .dovecot:
            (
                "set haproxy=yes for the listener, and this edge's addresses in haproxy_trusted_networks",
                "haproxy=yes out of the listener", "v2"
            )
        case .exim: ("add this edge's addresses to hosts_proxy", "this edge's addresses out of hosts_proxy", "v2")
        case .opensmtpd: ("add proxy-v2 to the line of the listener", "proxy-v2 out of the line of the listener", "v2")
        case .chasquid:
            ("set haproxy_incoming: true, and here proxy_protocol: v1", "haproxy_incoming out of the settings", "v1")
        case .nginx: nil
        }
    }
}
