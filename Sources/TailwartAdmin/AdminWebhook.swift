import NIOHTTP1
import TailwartClient
import TailwartCore

/// Where a mail server says whom it bans: signed requests, on addresses that strangers do not reach.
package struct AdminWebhook: Sendable {
    package enum Outcome: Sendable, Equatable {
        /// All of it holds.
        case inForce
        /// It is known and will hold in a moment.
        case notYet
        /// Why the body is none, in a sentence.
        case unreadable(String)
    }

    /// What signs; nil where there is no key now.
    let key: @Sendable () -> [UInt8]?
    /// Takes a body whose signature is good; may wait some seconds.
    let take: @Sendable (_ body: [UInt8]) -> Outcome
    /// Somebody came without a good signature.
    let refused: @Sendable () -> Void

    package init(
        key: @escaping @Sendable () -> [UInt8]?, take: @escaping @Sendable ([UInt8]) -> Outcome,
        refused: @escaping @Sendable () -> Void
    ) {
        self.key = key
        self.take = take
        self.refused = refused
    }
}

extension AdminWebhook: AdminAnswering {
    func isQuick(_ request: AdminRequest) -> Bool { false }

    /// What is not answered with 200 is sent again by Stalwart, for five minutes.
    func answer(_ request: AdminRequest, from caller: AdminCaller) -> AdminRoutes.Outcome { .reply(reply(request)) }

    private func reply(_ request: AdminRequest) -> AdminReply {
        guard request.path == "/" else { return .refused(.notFound, "the webhook is only at /") }
        guard request.method == "POST" else {
            var reply = AdminReply.refused(.methodNotAllowed, "a webhook is posted")
            reply.fields = [("Allow", "POST")]
            return reply
        }
        guard let key = key(), !key.isEmpty else {
            return .refused(
                .serviceUnavailable, "there is no key to check the signature with", fix: "See the log of the edge.")
        }
        guard let code = request["x-signature"].flatMap({ Base64.decode($0) }),
            SHA256.isHMAC(code, key: key, of: request.body)
        else {
            refused()
            return .refused(.unauthorized, "the signature is not good", fix: "Set the same key on both sides.")
        }
        switch take(request.body) {
        case .inForce: return .text(.ok, "ok")
        case .notYet: return .refused(.serviceUnavailable, "it is not in force yet", fix: "Send it again.")
        case .unreadable(let why): return .refused(.badRequest, why)
        }
    }
}

extension AdminLimits {
    /// For ``AdminWebhook``.
    package static var webhook: AdminLimits {
        var limits = AdminLimits()
        limits.callers = 16
        limits.body = StalwartWebhook.byteLimit
        return limits
    }
}
