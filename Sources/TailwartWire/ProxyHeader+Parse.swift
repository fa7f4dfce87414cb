extension ProxyHeader {
    typealias Stop = ParseStop<ProxyHeaderError>

    /// Reads a header of either version from the first byte of a connection on.
    ///
    /// Every beginning of a valid header answers *need more*, and the first byte that cannot belong to one answers
    /// *invalid*, so that a sender which does not speak PROXY learns it at once and not after a timeout.
    package static func parse(_ bytes: Span<UInt8>) -> ParseOutcome<ProxyHeader, ProxyHeaderError> {
        do throws(Stop) {
            guard bytes.count > 0 else { throw .needMore }
            return .found(bytes[0] == signature[0] ? try parseV2(bytes) : try parseV1(bytes))
        } catch {
            return ParseOutcome(error)
        }
    }

    /// A header that names a client which cannot exist is forged or broken; Envoy refuses it as well.
    static func proxied(_ client: InternetAddress, _ destination: InternetAddress) throws(Stop) -> Peers {
        guard client.ip.isUnicast else { throw .invalid(.clientNotUnicast) }
        return .proxied(client: client.unmapped, destination: destination.unmapped)
    }
}
