/// What a server takes from the stream block around it where it says nothing itself.
struct NginxSettings {
    var proxyProtocol: NginxDirective?
    var proxyProtocolVersion: NginxDirective?
    var connectTimeout: NginxDirective?
    var timeout: NginxDirective?
    var preread: NginxDirective?
    var prereadTimeout: NginxDirective?
    var bind: NginxDirective?
    var realIP: [NginxDirective] = []
    /// `allow` and `deny` in their order.
    var access: [NginxDirective] = []
    /// A server's own list takes the place of the one around it.
    private var ownsAccess = false
    private var ownsRealIP = false
    /// What cannot be expressed, with the reason.
    private(set) var refused: [(directive: NginxDirective, reason: String)] = []

    /// Settings that tune what here tunes itself, or that say what happens here anyway.
    private static let harmless: Set<String> = [
        "access_log", "error_log", "log_format", "tcp_nodelay", "proxy_buffer_size", "proxy_socket_keepalive",
        "proxy_half_close", "resolver", "resolver_timeout", "preread_buffer_size", "map_hash_bucket_size",
        "map_hash_max_size",
        "variables_hash_bucket_size", "variables_hash_max_size", "proxy_protocol_timeout", "open_log_file_cache",
        "proxy_next_upstream", "proxy_next_upstream_tries", "proxy_next_upstream_timeout", "proxy_session_drop",
        "status_zone",
        "server_names_hash_bucket_size", "server_names_hash_max_size", "proxy_requests", "proxy_responses",
    ]

    /// Settings that ours cannot have, with the reason.
    private static let foreign: [String: String] = [
        "proxy_ssl":
            "Tailwart opens no TLS to an upstream; pass the client's TLS through, or keep this server with nginx",
        "limit_conn": "connections of one client are not limited here; let the firewall do it, and remove this",
        "proxy_download_rate": "rates are not limited here; remove it, or keep this server with nginx",
        "proxy_upload_rate": "rates are not limited here; remove it, or keep this server with nginx",
        "return": "nothing here answers by itself; keep this server with nginx",
        "js_access": "there are no scripts here; keep this server with nginx",
        "js_preread": "there are no scripts here; keep this server with nginx",
        "js_filter": "there are no scripts here; keep this server with nginx",
        "server_name": "a name of the server itself is not matched here; use a map on $ssl_preread_server_name",
        "pass": "connections are not handed to nginx's own http here; pass them to its address",
    ]

    /// Prefixes of settings that mean nothing without those of ``foreign`` or `listen … ssl`, which are refused.
    private static let details = ["ssl_", "proxy_ssl_", "limit_conn_", "js_"]

    /// Takes one setting; what is none of these and matters goes to ``refused``.
    mutating func read(_ directive: NginxDirective, isServer: Bool = false) {
        let name = directive.name.text
        switch name {
        case "proxy_protocol": proxyProtocol = directive
        case "proxy_protocol_version": proxyProtocolVersion = directive
        case "proxy_connect_timeout": connectTimeout = directive
        case "proxy_timeout": timeout = directive
        case "ssl_preread": preread = directive
        case "preread_timeout": prereadTimeout = directive
        case "proxy_bind": bind = directive
        case "set_real_ip_from":
            if isServer, !ownsRealIP { realIP = [] }
            ownsRealIP = ownsRealIP || isServer
            realIP.append(directive)
        case "allow", "deny":
            if isServer, !ownsAccess { access = [] }
            ownsAccess = ownsAccess || isServer
            access.append(directive)
        case _ where Self.harmless.contains(name) || directive.texts == ["off"]:
            break
        default:
            if let reason = Self.foreign[name] {
                refused.append((directive, reason))
            } else if !Self.details.contains(where: name.hasPrefix) {
                refused.append((directive, "it has no counterpart here; remove it, or keep this server with nginx"))
            }
        }
    }
}
