/// A key in what programs read of an event or a record; each has a row in docs/events.md.
package enum EventKey: String, CaseIterable, Sendable {
    // Of a record.
    case id
    case listener
    case proto = "protocol"
    case client
    case serverName = "server_name"
    case alpn
    case route
    case upstream
    case endpoint
    case upstreamAddress = "upstream_address"
    case inboundBytes = "bytes_in"
    case outboundBytes = "bytes_out"
    case toRoute = "route_ms"
    case toConnect = "connect_ms"
    case toFirstByte = "first_byte_ms"
    case total = "total_ms"
    case endedBy = "ended_by"
    case reason
    case refused

    // Of events.
    case version
    case addresses
    case limit
    case connections
    case name
    case source
    case failure
    case port
    case ports
    case standing
    case verdict
    case grade
    case detail
    case cause
    case fix
    case toConnectMicroseconds = "connect_us"
    case certificateSubject = "certificate_subject"
    case certificateIssuer = "certificate_issuer"
    case certificateNames = "certificate_names"
    case certificateNotAfter = "certificate_not_after"
    case certificateLifetimeLeft = "certificate_lifetime_left_percent"
    case change
    case names
    case networks
    case skipped
    case roundTrip = "round_trip_us"
    case lastHandshake = "last_handshake"
    case signal
    case changes
    case needsRestart = "needs_restart"
    case problems
    case to
    case notice
    case state
    case lost
    case network
    case layer
    case until
}

/// What a program reads under an ``EventKey``.
package enum EventValue: Sendable, Equatable {
    case text(String)
    case number(Int)
    case list([String])
    case numbers([Int])
    /// Microseconds, written as milliseconds with three decimals.
    case milliseconds(UInt64)
    case flag(Bool)
}
