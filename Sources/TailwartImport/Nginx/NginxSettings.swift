/// What a server takes from the stream block around it where it says nothing itself.
struct NginxSettings {
    /// Those that hold one value, the last of each.
    private var single: [String: SourceStatement] = [:]
    /// `allow` and `deny` in their order, and `set_real_ip_from`: a server's own list takes the place of the one around it.
    private var lists: [String: [SourceStatement]] = [:]
    private var owned: Set<String> = []
    /// What no code reads.
    private(set) var others: [SourceStatement] = []

    private static let singles: Set<String> = [
        "proxy_protocol", "proxy_protocol_version", "proxy_connect_timeout", "proxy_timeout", "ssl_preread",
        "preread_timeout",
    ]

    static let words = WordTable(
        harmless: """
            access_log error_log log_format tcp_nodelay proxy_buffer_size proxy_socket_keepalive proxy_half_close resolver
            resolver_timeout preread_buffer_size map_hash_bucket_size map_hash_max_size variables_hash_bucket_size
            variables_hash_max_size proxy_protocol_timeout open_log_file_cache proxy_next_upstream proxy_next_upstream_tries
            proxy_next_upstream_timeout proxy_session_drop status_zone server_names_hash_bucket_size
            server_names_hash_max_size proxy_requests proxy_responses
            """,
        refused: [
            "proxy_ssl": .opensTLS, "proxy_bind": .source, "limit_conn": .clients, "proxy_download_rate": .clients,
            "proxy_upload_rate": .clients,
            "return": .answers, "pass": .unknown, "set": .perConnection, "js_access": .content, "js_preread": .content,
            "js_filter": .content,
            "server_name": .unknown, "health_check": .unknown,
        ])

    /// Prefixes of settings that mean nothing without those that are refused.
    private static let details = ["ssl_", "proxy_ssl_", "limit_conn_", "js_"]

    subscript(name: String) -> SourceStatement? { single[name] }

    func isOn(_ name: String) -> Bool { single[name]?.texts == ["on"] }

    var access: [SourceStatement] { lists["access"] ?? [] }
    var realIP: [SourceStatement] { lists["set_real_ip_from"] ?? [] }

    mutating func read(_ directive: SourceStatement, isServer: Bool = false) {
        let name = directive.keyword
        if Self.singles.contains(name) {
            single[name] = directive
        } else if ["allow", "deny", "set_real_ip_from"].contains(name) {
            let list = name == "set_real_ip_from" ? name : "access"
            if isServer, owned.insert(list).inserted { lists[list] = [] }
            lists[list, default: []].append(directive)
        } else if directive.texts != ["off"],
            name == "js_access" || name == "js_preread" || name == "js_filter"
                || !Self.details.contains(where: name.hasPrefix)
        {
            others.append(directive)
        }
    }
}
