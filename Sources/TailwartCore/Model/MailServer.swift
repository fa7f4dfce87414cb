/// Mail servers, and one web server, of which we know what they are told, and how they greet.
package enum MailServer: String, CaseIterable, Sendable {
    case stalwart
    case postfix
    case dovecot
    case exim
    case opensmtpd
    case chasquid
    case nginx

    /// As in a sentence.
    package var name: String {
        switch self {
        case .stalwart: "Stalwart"
        case .postfix: "Postfix"
        case .dovecot: "Dovecot"
        case .exim: "Exim"
        case .opensmtpd: "OpenSMTPD"
        case .chasquid: "chasquid"
        case .nginx: "nginx"
        }
    }

    /// The one that names itself in a line of its greeting, such as `220 mx.example.org ESMTP Postfix`.
    ///
    /// The host that an SMTP server begins with (RFC 5321 section 4.3.1) is looked over: a Postfix may run on one that is called stalwart.
    package init?(greeting line: String) {
        var words = line.split { !($0.isLetter || $0.isNumber || "-._".contains($0)) }
        if line.first?.isNumber == true {
            // `220 mx` or `220-mx`.
            words.removeFirst(min(words.count, line.dropFirst(3).first == "-" ? 1 : 2))
        }
        let named = words.lazy.compactMap { word in
            Self(rawValue: (word.last == "." ? word.dropLast() : word).lowercased())
        }
        guard let server = named.first else { return nil }
        self = server
    }
}
