import TailwartCore

extension MailServer {
    /// How it is told its own public name, which it says in its greeting and needs in its certificate; nil for one that has no use for it.
    func naming(_ hostname: String) -> TrustGuide.Step? {
        switch self {
        case .stalwart:
            TrustGuide.Step(
                "Its public name, in its environment. Without it a Stalwart in a container greets with the container's name, which has no dot, "
                    + "and orders certificates for that.",
                "STALWART_HOSTNAME=\(hostname)\nSTALWART_PUBLIC_URL=https://\(hostname)")
        case .postfix:
            TrustGuide.Step("/etc/postfix/main.cf: its public name.", "myhostname = \(hostname)")
        case .exim:
            TrustGuide.Step("Main section of the configuration: its public name.", "primary_hostname = \(hostname)")
        case .opensmtpd:
            TrustGuide.Step("/etc/mail/mailname: its public name.", hostname)
        case .chasquid:
            TrustGuide.Step("/etc/chasquid/chasquid.conf: its public name.", "hostname: \"\(hostname)\"")
        case .dovecot, .nginx:
            nil
        }
    }
}
