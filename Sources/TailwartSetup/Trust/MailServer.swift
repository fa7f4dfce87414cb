/// Mail servers, and one web server, of which we know how they are told to take PROXY headers.
package enum MailServer: String, CaseIterable, Sendable {
    case stalwart
    case postfix
    case dovecot
    case exim
    case opensmtpd
    case chasquid
    case nginx

    package var title: String {
        switch self {
        case .stalwart: "Stalwart 0.16"
        case .postfix: "Postfix"
        case .dovecot: "Dovecot"
        case .exim: "Exim"
        case .opensmtpd: "OpenSMTPD"
        case .chasquid: "chasquid"
        case .nginx: "nginx"
        }
    }
}
