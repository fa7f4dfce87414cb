import CTailwartTLS

/// What OpenSSL has to say when something fails.
enum OpenSSL {
    /// To be touched before anything else of the library.
    static let isReady = tls_initialize() == 1

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// - Parameter what: that was tried, for the error.
    /// - Returns: the pointer, which is not nil.
    static func made(_ pointer: OpaquePointer?, _ what: String) throws -> OpaquePointer {
        guard let pointer else { throw Failure(description: "\(what): \(takeReason() ?? "no memory")") }
        return pointer
    }

    static func check(_ result: Int32, _ what: String) throws {
        guard result > 0 else { throw Failure(description: "\(what): \(takeReason() ?? "it failed")") }
    }

    /// The first error in this thread's queue, which is the cause of the others, in OpenSSL's own words; the queue is empty afterwards.
    static func takeReason() -> String? {
        let error = ERR_get_error()
        defer { ERR_clear_error() }
        guard error != 0 else { return nil }
        guard let words = ERR_reason_error_string(error) else { return "error \(error)" }
        let reason = String(cString: words)
        // Version 3.2 has renamed "sslv3 alert …": the words are to be the same on every system.
        guard tls_is_alert(error) != 0, reason.hasPrefix("ssl/tls alert") else { return reason }
        return "sslv3" + reason.dropFirst("ssl/tls".count)
    }
}
