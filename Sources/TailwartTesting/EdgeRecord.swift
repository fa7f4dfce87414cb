/// What these tests read of the edge's record lines.
package struct EdgeRecord: Decodable, Sendable {
    package let listener: String
    package let client: String
    package let serverName: String?
    package let upstream: String?
    package let upstreamAddress: String?
    package let bytesIn: Int
    package let bytesOut: Int
    package let endedBy: String
    package let reason: String
}
