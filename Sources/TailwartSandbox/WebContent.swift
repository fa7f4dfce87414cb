/// What the two web servers of the sandbox say.
package enum WebContent: Sendable {
    case mailbox
    case webServer

    /// The first words of a plain answer, by which a client tells the two apart.
    var speaker: String {
        switch self {
        case .mailbox: "mailbox"
        case .webServer: "the web server"
        }
    }

    func answer(to request: WebRequest?) -> String {
        guard let request else { return Self.response("400 Bad Request", body: "this is not an HTTP request\n") }
        guard request.method == "GET" || request.method == "HEAD" else {
            return Self.response(
                "405 Method Not Allowed", headers: ["Allow: GET, HEAD"], body: "GET and HEAD are known\n")
        }
        let isHead = request.method == "HEAD"
        if self == .mailbox, request.path == Self.policyPath, request.host.hasPrefix("mta-sts.") {
            return Self.response("200 OK", body: Self.policy, isHead: isHead)
        }
        if self == .mailbox, request.path == Self.configurationPath, request.host.hasPrefix("autoconfig.") {
            return Self.response("200 OK", type: "text/xml", body: Self.configuration, isHead: isHead)
        }
        let body = "\(speaker) answers for \(request.host.isEmpty ? "no name" : request.host)\n"
        return Self.response("200 OK", body: body, isHead: isHead)
    }

    static func response(
        _ status: String, type: String = "text/plain", headers: [String] = [], body: String, isHead: Bool = false
    ) -> String {
        var lines = [
            "HTTP/1.1 \(status)", "Content-Type: \(type); charset=utf-8", "Content-Length: \(body.utf8.count)",
        ]
        lines += headers
        lines.append("Connection: close")
        return lines.joined(separator: "\r\n") + "\r\n\r\n" + (isHead ? "" : body)
    }

    static let policyPath = "/.well-known/mta-sts.txt"

    /// RFC 8461 section 3.2. `testing`, so that nobody's mail hangs on a sandbox.
    static let policy = "version: STSv1\r\nmode: testing\r\nmx: mail.example.org\r\nmax_age: 86400\r\n"

    static let configurationPath = "/mail/config-v1.1.xml"

    /// The format of Thunderbird's autoconfiguration, version 1.1.
    static let configuration = """
        <?xml version="1.0" encoding="UTF-8"?>
        <clientConfig version="1.1">
          <emailProvider id="example.org">
            <domain>example.org</domain>
            <displayName>Tailwart sandbox</displayName>
            <incomingServer type="imap">
              <hostname>mail.example.org</hostname>
              <port>993</port>
              <socketType>SSL</socketType>
              <username>%EMAILADDRESS%</username>
              <authentication>password-cleartext</authentication>
            </incomingServer>
            <outgoingServer type="smtp">
              <hostname>mail.example.org</hostname>
              <port>465</port>
              <socketType>SSL</socketType>
              <username>%EMAILADDRESS%</username>
              <authentication>password-cleartext</authentication>
            </outgoingServer>
          </emailProvider>
        </clientConfig>

        """
}
