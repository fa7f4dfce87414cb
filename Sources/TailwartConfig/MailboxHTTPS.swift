import TailwartCore
import TailwartWire

/// What `mailbox.https` says.
struct MailboxHTTPS {
    var listen = Defaults.httpsPort
    var port = Defaults.httpsPort
    var names: [ServerNamePattern] = []
    var proxyProtocol = Defaults.proxyProtocol
    var position: TextPosition?
}

extension ValueType<MailboxHTTPS> {
    static var https: ValueType {
        .mapping("'https'") { reader in
            var https = MailboxHTTPS()
            https.listen = reader.value("listen", .port, or: https.listen, about: "The port of the edge.")
            https.port = reader.value("port", .port, or: https.port, about: "The port of the mailbox.")
            https.names = reader.value(
                "names", .list(of: .serverName, "a list of server names such as [mail.example.org]"), or: [],
                about: "More names for the mailbox, besides the derived ones: webmail, the server's own name.")
            https.proxyProtocol = reader.value(
                "proxy_protocol", .proxyProtocol, or: https.proxyProtocol,
                about: "The header for port 443, by default none.")
            https.position = reader.keyPosition(of: "proxy_protocol") ?? reader.position
            return https
        }
    }
}
