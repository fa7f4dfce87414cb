/// A public address to listen on, as it will be written.
struct DraftBind: Hashable {
    /// An IP address without brackets, a reference to a variable, a path if ``isUnix``; empty for all addresses.
    var host: String
    /// Empty for a Unix socket.
    var port: String
    var isUnix = false
    /// All addresses as far as this family goes: `0.0.0.0` or `::`.
    var isAnyOfFamily: Bool { host == "0.0.0.0" || host == "::" }

    var text: String {
        if isUnix { return "unix:\(host)" }
        return host.contains(":") && !host.contains("$") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}

/// A route whose upstream stands in it, as other programs have them.
struct DraftRoute: Hashable {
    enum Target: Hashable {
        case close
        case dial(DraftDial)
    }

    var match: DraftMatch
    var target: Target
    var place: SourcePlace
}

/// A listener on its way from another program's file to ours.
struct DraftListener {
    struct ProxyProtocolIn: Hashable {
        var trusted: [String]
        var timeout: Duration?
    }

    /// What the source calls it.
    var name: String?
    var binds: [DraftBind]
    var routes: [DraftRoute]
    var place: SourcePlace
    var hello: Duration?
    /// Where ``hello`` stands.
    var helloPlace: SourcePlace?
    var idle: Duration?
    /// Where ``idle`` stands.
    var idlePlace: SourcePlace?
    var halfClosed: Duration?
    var proxyProtocolIn: ProxyProtocolIn?
    var maxConnections: Int?
    /// What there is to say about it.
    var notes: [Finding] = []
}

/// A whole file on its way.
struct Draft {
    var maxConnections: Int?
    var listeners: [DraftListener] = []
    /// What there is to say about no listener in particular.
    var notes: [Finding] = []
}
