package import TailwartClient
package import TailwartCore

/// One endpoint on one port: how to get there, and what has to be found.
package struct ProbeQuestion: Sendable, Hashable {
    /// Of the upstream in the configuration.
    package var upstream: String
    /// As the operator wrote it.
    package var endpoint: String
    package var way: ProbeWay
    package var proto: ListenerProtocol
    /// Which header the endpoint wants. A probe sends LOCAL in version 2, and its own socket's addresses in version 1.
    package var proxyProtocol: ProxyProtocolOut.Version
    /// To ask for in the ClientHello; nil or an address: none.
    package var serverName: String?
    /// The certificate has to be for all of these. Empty: for ``serverName``, if there is one.
    package var expectedNames: [String]
    /// A PEM file of authorities; nil: the system's.
    package var trustRoots: String?
    /// How long to listen for a greeting before another connection is made to send a header; nil: as long as it takes to see who greets
    /// at once, and without another connection.
    package var listensFor: Duration?
    /// Of SMTP: whom to ask about now and then, to see whether mail is taken; nil: nobody.
    package var recipient: String?

    package init(
        upstream: String, endpoint: String, way: ProbeWay, proto: ListenerProtocol,
        proxyProtocol: ProxyProtocolOut.Version, serverName: String? = nil, expectedNames: [String] = [],
        trustRoots: String? = nil, listensFor: Duration? = nil, recipient: String? = nil
    ) {
        self.upstream = upstream
        self.endpoint = endpoint
        self.way = way
        self.proto = proto
        self.proxyProtocol = proxyProtocol
        self.serverName = serverName
        self.expectedNames = expectedNames
        self.trustRoots = trustRoots
        self.listensFor = listensFor
        self.recipient = recipient
    }
}

package typealias ProbeWay = DialWay

/// What clients show of a place, that a probe of it may go by.
package struct ProbeClues: Sendable {
    /// Of the last who said something on 25 none handed over a mail.
    package var getsNoMail = false
    /// Some were served lately behind a PROXY header, and none was not since.
    package var areServed = false
    /// How long ago that may be.
    package static let memory = Duration.seconds(120)

    package init() {}
}
