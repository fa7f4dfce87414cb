import TailwartClient

/// A line of a server, without its end.
struct ServerLine: Sendable, Equatable {
    let bytes: [UInt8]

    init(_ bytes: some Sequence<UInt8>) { self.bytes = Array(bytes) }

    /// For comparing; what is not UTF-8 is replaced.
    var text: String { String(decoding: bytes, as: UTF8.self) }

    /// For showing.
    var quoted: String { Quoted.text(bytes) }
}
