import NIOHTTP1
import TailwartCore
package import TailwartSystem
package import TailwartWire

/// Who asks, as the kernel knows it.
package enum AdminCaller: Sendable, Equatable {
    /// Over the Unix socket, whose file has this group.
    case local(PeerCredentials?, group: UInt32)
    /// Over TCP, at this address of the host.
    case remote(at: InternetAddress)
}

/// Who may ask what: decisions without I/O.
struct AdminRules: Sendable {
    /// The user that the edge runs as.
    let user: UInt32
    /// What this host is called, in lower case.
    let names: [String]

    /// Why a request is not answered; nil if it is.
    ///
    /// - Parameter isOrder: whether it would change something.
    func refusal(of request: AdminRequest, from caller: AdminCaller, isOrder: Bool) -> AdminReply? {
        if let host = request["host"], !isOwn(host, caller) {
            // DNS rebinding: a page of a stranger's whose name leads here.
            return .refused(
                .misdirectedRequest, "\(host.quoted) is not a name of this edge",
                fix: "Ask for localhost, or for this host's own name or address.")
        }
        if let site = request["sec-fetch-site"], site != "same-origin", site != "none" {
            return .refused(.forbidden, "another site's page may not ask here")
        }
        if let origin = request["origin"], origin.lowercased() != "http://\(request["host"]?.lowercased() ?? "")" {
            return .refused(.forbidden, "a page of \(origin.quoted) may not ask here")
        }
        return isOrder ? refusalOfOrder(from: caller) : nil
    }

    private func refusalOfOrder(from caller: AdminCaller) -> AdminReply? {
        guard case .local(let peer, let group) = caller else {
            return .refused(
                .forbidden, "the admin interface is read-only over TCP",
                fix: "Give orders on its host, over the Unix socket.")
        }
        if let peer, peer.user == 0 || peer.user == user || peer.isMember(of: group) { return nil }
        let name = GroupNames.name(of: group) ?? "\(group)"
        return .refused(
            .forbidden, "orders are for root, the user that the edge runs as, and members of the group \(name)",
            fix: "Become root, or join that group: sudo usermod -aG \(name) \"$USER\", and log in anew.")
    }

    private func isOwn(_ host: String, _ caller: AdminCaller) -> Bool {
        guard let parts = try? HostAndPortText(host) else { return false }
        if let address = IPAddress(parts.host) {
            if address.reach == .thisHost { return true }
            guard case .remote(let own) = caller else { return false }
            return address.unmapped == own.ip.unmapped
        }
        let name = parts.host.lowercased()
        return name == "localhost" || names.contains(name.hasSuffix(".") ? String(name.dropLast()) : name)
    }
}
