/// What these tests read of the edge's record lines.
struct EdgeRecord: Decodable, Sendable {
    let listener: String
    let client: String
    let serverName: String?
    let upstream: String?
    let upstreamAddress: String?
    let bytesIn: Int
    let bytesOut: Int
    let endedBy: String
    let reason: String
}
