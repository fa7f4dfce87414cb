/// Where the self-test finds the edge.
package struct EdgePorts: Sendable, Equatable {
    /// The IPv4 address that the edge listens on. Other client addresses than 127.0.0.1 can be tried on loopback only.
    package var host: String
    package var smtp: UInt16
    package var submissions: UInt16
    package var imaps: UInt16
    package var https: UInt16
    /// A plain listener in front of the sandbox's echo.
    package var echo: UInt16
    /// The SMTP port on ::1; nil if the edge does not listen there, which the self-test accepts only on a host without ::1.
    package var smtpV6: UInt16?

    package init(
        host: String = "127.0.0.1", smtp: UInt16, submissions: UInt16, imaps: UInt16, https: UInt16, echo: UInt16,
        smtpV6: UInt16? = nil
    ) {
        self.host = host
        self.smtp = smtp
        self.submissions = submissions
        self.imaps = imaps
        self.https = https
        self.echo = echo
        self.smtpV6 = smtpV6
    }
}
