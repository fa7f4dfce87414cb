import TailwartCore

/// What the conversation with a server came to, without the certificate.
struct Finding: Sendable, Equatable {
    var verdict: Verdict
    /// A sentence.
    var detail: String
    /// What to say before closing; nil where the server is gone, or has not understood anything so far.
    var goodbye: String?
    /// Nothing was sent that a server could take for a bad command: only its greeting was read.
    var isFree = false
    /// The server closed as soon as it had the header, without a byte.
    var isClosedOnHeader = false

    init(_ verdict: Verdict, _ detail: String, goodbye: String? = nil, isFree: Bool = false) {
        self.isFree = isFree
        self.verdict = verdict
        self.detail = detail
        self.goodbye = goodbye
    }
}
