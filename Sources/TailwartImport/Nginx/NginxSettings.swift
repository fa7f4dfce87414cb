/// What a server says, and what the stream block around it says where it says nothing itself.
struct NginxSettings {
    let shared: [SourceStatement]
    let own: [SourceStatement]

    private static let words = WordTable(
        // The last two lines are read by code.
        harmless: """
            access_log error_log log_format tcp_nodelay proxy_buffer_size proxy_socket_keepalive proxy_half_close resolver
            resolver_timeout preread_buffer_size map_hash_bucket_size map_hash_max_size variables_hash_bucket_size
            variables_hash_max_size proxy_protocol_timeout open_log_file_cache proxy_next_upstream proxy_next_upstream_tries
            proxy_next_upstream_timeout proxy_session_drop status_zone server_names_hash_bucket_size
            server_names_hash_max_size proxy_requests proxy_responses
            proxy_protocol proxy_protocol_version proxy_connect_timeout proxy_timeout preread_timeout allow deny
            set_real_ip_from
            """,
        left: [
            "server_name": "it chooses among the servers of one address, and this one has the address to itself"
        ],
        refused: [
            "proxy_ssl": .opensTLS, "proxy_bind": .source, "limit_conn": .clients, "proxy_download_rate": .clients,
            "proxy_upload_rate": .clients,
            "return": .answers, "pass": .unknown, "set": .perConnection, "js_access": .content, "js_preread": .content,
            "js_filter": .content,
            "health_check": .unknown,
        ],
        // They mean nothing without those that are refused.
        details: ["ssl_", "proxy_ssl_", "limit_conn_", "js_"])

    /// Of a setting that holds one value, the last.
    subscript(name: String) -> SourceStatement? { (shared + own).last { $0.keyword == name } }

    func isOn(_ name: String) -> Bool { self[name]?.texts == ["on"] }

    var access: [SourceStatement] { list(["allow", "deny"]) }
    var realIP: [SourceStatement] { list(["set_real_ip_from"]) }

    /// A server's own list takes the place of the one around it.
    private func list(_ names: [String]) -> [SourceStatement] {
        let (own, shared) = (own.filter { names.contains($0.keyword) }, shared.filter { names.contains($0.keyword) })
        return own.isEmpty ? shared : own
    }

    /// Says what becomes of those that no code reads.
    func sayRest(_ findings: Findings) {
        for directive in shared + own.filter({ !["listen", "proxy_pass"].contains($0.keyword) })
        where directive.texts != ["off"] {
            Self.words.read(directive.keyword, at: directive.position, findings)
        }
    }
}
