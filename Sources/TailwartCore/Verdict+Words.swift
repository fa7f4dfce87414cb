/// What an operator is told: one or two sentences each, complete by themselves. The address, the port and what was seen are the
/// probe's to say.
extension Verdict {
    /// What is the matter.
    package var cause: String {
        switch self {
        case .well: "The mailbox answers as it should."
        case .nameUnknown:
            "The mailbox's name is not known: no grant lets this edge see it, or it has another name now."
        case .ownAddress:
            """
            The mailbox's address is one of this host's own, and the edge itself listens on this port there: each \
            connection would come back to it, so it is not dialled.
            """
        case .refused: "The host answers, but nothing listens on this port."
        case .timeout: "Nothing answers: the tailnet's policy drops this port, or the host is off."
        case .unreachable: "There is no route to the mailbox's network from here."
        case .proxyFailed: "The SOCKS proxy or tailscaled on the way to the mailbox does not connect."
        case .headerNotTrusted:
            """
            The mailbox does not expect a PROXY header from this edge and takes it for commands. It looks the same where a \
            proxy on the way sends a header of its own, and this edge's comes second.
            """
        case .headerRequired: "The mailbox waits for a PROXY header, and this edge is set to send none."
        case .headerLost:
            """
            The mailbox waits for a PROXY header, and the one that this edge sends does not reach it: a proxy on the way \
            keeps it and sends none, or the mailbox does not know its version.
            """
        case .headerUnwanted: "The web server on this port expects no PROXY header and takes it for a request."
        case .silent: "The mailbox accepts the connection and sends nothing."
        case .banned:
            """
            The mailbox accepts the connection and closes it without a byte: it has banned this edge's address, or \
            does not trust it as a proxy.
            """
        case .booting: "The mail server runs, but its mail ports are closed: it is starting, or not set up yet."
        case .wrongProtocol: "Another protocol answers on this port."
        case .mtuBlackHole:
            """
            Small packets reach the mailbox, and large ones are lost: the path's MTU is smaller than a host assumes, \
            and no ICMP message says so.
            """
        case .busy:
            """
            The mail server answers, but rejects this edge: it is shutting down, has too many connections, or a rule \
            rejects it.
            """
        case .slow: "The server's greeting is slow: senders wait for it, some mail programs do not."
        case .ehloRefused: "The mail server greets, but rejects this edge's name in EHLO."
        case .takesNoMail: "The mailbox greets, but accepts no mail at the moment."
        case .recipientUnknown: "The address that probes ask about (health.recipient) does not exist on the mailbox."
        case .tlsFailed: "The server answers, but the TLS handshake of a probe fails."
        case .nameRefused: "The web server answers, but has no site with this name."
        case .startTLSMissing: "The mail server does not offer STARTTLS, so mail and passwords pass without encryption."
        case .startTLSRefused:
            """
            The mail server offers STARTTLS but refuses it now, so senders continue without encryption and mail \
            programs give up.
            """
        case .certificateFallback:
            """
            The mail server shows the self-generated certificate of a Stalwart that has no other (rcgen), or has none \
            yet.
            """
        case .certificateLost:
            """
            The mail server showed a certificate before, and now Stalwart's self-generated one (rcgen): its settings \
            were lost while it started.
            """
        case .certificateSelfSigned: "The mail server's certificate is self-signed."
        case .certificateExpired: "The mail server's certificate has expired."
        case .certificateNotReloaded:
            """
            The mail server shows an old certificate on this port, and the renewed one on another port of the same \
            host: it was not loaded here.
            """
        case .certificateNotYetValid: "The mail server's certificate is not valid yet, or a clock is wrong."
        case .certificateExpiring: "The mail server's certificate expires soon, and its renewal is overdue."
        case .certificateNameMismatch: "The mail server's certificate is not for all names that clients ask for."
        case .certificateUntrusted: "The mail server's certificate was not issued by an authority that clients trust."
        case .unprobed: "This port is not probed: its protocol is unknown."
        }
    }

    /// What to set, and where.
    package var fix: String {
        switch self {
        case .well: "Nothing to do."
        case .nameUnknown:
            """
            Look for the mailbox in 'tailscale status'. If it came back as NAME-1, remove the old machine and rename \
            the new one; if it is missing, grant this edge's tag access to it in the policy file.
            """
        case .ownAddress:
            """
            Correct the name's record, or write the mailbox's tailnet name or address in tailwart.yaml; a mail server on \
            this same host needs a port that the edge does not listen on.
            """
        case .refused:
            "Enable the port in the mail server, or take the listener out of tailwart.yaml."
        case .timeout:
            """
            Add the port to the grant from this edge's tag to the mailbox's in the policy file (`tailwart acl` prints \
            it), and see that the mailbox is on.
            """
        case .unreachable:
            "See that the tailnet is up on this host ('tailscale status'), or correct the address in tailwart.yaml."
        case .proxyFailed:
            "See that tailscaled runs and that 'via' names its SOCKS address, or 'tailscale.socket' its Unix socket."
        case .headerNotTrusted:
            """
            Let the mail server take a PROXY header from this edge's addresses on this port: `tailwart trust` lists \
            servers and prints what to set. \(Self.orNone)
            """
        case .headerRequired:
            """
            Set proxy_protocol: v2 for this upstream; or, where no header is meant to be sent, take it out of the mail \
            server's settings.
            """
        case .headerLost:
            """
            Let the proxy on the way pass the header on, or send one of its own (send-proxy-v2, proxy_protocol on). If there is no \
            proxy, set proxy_protocol: v1 for this upstream.
            """
        case .headerUnwanted:
            """
            Let the web server take a PROXY header from this edge's addresses, or set proxy_protocol: none for what leads \
            to this port.
            """
        case .silent:
            """
            See whether the mail server hangs, or whether the port wants TLS from the first byte: then its protocol in \
            tailwart.yaml is submissions, imaps or pop3s. Where the upstream sends no PROXY header and the mail server \
            waits for one, set proxy_protocol: v2.
            """
        case .banned:
            """
            Lift the mail server's ban of this edge's address, add it to the allow list there, and let the server \
            trust it as a proxy: `tailwart trust` lists servers and prints what to set. \(Self.forwarded)
            """
        case .booting:
            "Wait a minute. If it stays so, read the mail server's log."
        case .wrongProtocol:
            """
            Correct the port of the upstream or the protocol of the listener in tailwart.yaml, or the listener of the \
            mail server. Where something else is meant to answer, such as SSH on 443, set health: off for this upstream.
            """
        case .mtuBlackHole:
            """
            Set the right MTU on the interface (`ip link set dev INTERFACE mtu 1280`), or clamp the MSS (`tcp option \
            maxseg size set 1220`, an nftables rule on both hosts), or let ICMP 'too big' messages pass.
            """
        case .busy:
            """
            Wait for the restart to end; else raise the mail server's connection limit and exempt this edge from \
            limits per client.
            """
        case .slow:
            """
            Nothing to do if it is intended (postscreen, greet_pause). Else look for a name server or an identd that \
            does not answer the mail server.
            """
        case .ehloRefused:
            """
            Set refusal.host under defaults in tailwart.yaml to this edge's public name, such as mx.example.org, which \
            probes then use too; or give the host itself a name with a dot.
            """
        case .takesNoMail:
            """
            Read the mail server's log for the reason: most often its disk is full, or its database or directory is \
            down.
            """
        case .recipientUnknown:
            """
            Give the domain a postmaster (RFC 5321 section 4.5.1), or name an existing address in health.recipient; \
            'off' turns this check off.
            """
        case .tlsFailed:
            """
            Read the server's log for the reason, and see that it has a certificate for the name that is asked for and \
            speaks TLS 1.2 or later.
            """
        case .nameRefused:
            "Nothing to do, unless clients ask for this name: then give the web server a site and a certificate for it."
        case .startTLSMissing:
            "Give the mail server a certificate, and enable STARTTLS."
        case .startTLSRefused:
            "Read the mail server's log: it may lack a certificate or entropy, or have too many sessions at the moment."
        case .certificateFallback:
            """
            If it has ordered no certificate, let it order one. If it has, its log says why the order fails: most \
            often a name of the order, such as its own host name, does not reach it on 443.
            """
        case .certificateLost:
            """
            Restart the mail server once its database answers, and start it after the database from now on (`tailwart \
            gate --postgres`).
            """
        case .certificateSelfSigned:
            """
            Give the mail server a certificate of a public authority, or put this one into trust_roots if it is \
            intended.
            """
        case .certificateExpired:
            """
            See whether it was renewed (`certbot certificates`, where certbot does it). If so, reload the server, which \
            still shows the old one; if not, renew it, and read why that was not done.
            """
        case .certificateNotReloaded:
            "Reload the server of this port, now and after each renewal."
        case .certificateNotYetValid:
            """
            Check the clocks of this host and of the mail server's (`timedatectl`). If they are right, use the \
            previous certificate until then.
            """
        case .certificateExpiring:
            """
            See whether it was renewed (`certbot certificates`, where certbot does it). If so, reload the server. If \
            not, read the log of what renews it: most often the key for the DNS provider is not accepted any more.
            """
        case .certificateNameMismatch:
            "Add the missing names to the certificate in the mail server, or correct health.names in tailwart.yaml."
        case .certificateUntrusted:
            """
            Serve the whole chain with the intermediate certificates; for a private authority set health.trust_roots.
            """
        case .unprobed: "Set the listener's protocol, if it is one of the mail protocols."
        }
    }
}
