/// What the edge says in the protocol's own words when no upstream can be reached.
package struct RefusalConfiguration: Sendable, Equatable {
    /// The host name that the edge gives itself: a Domain of RFC 5321 section 4.1.2. Nil: the host's own name.
    package var host: String?
    /// Printable ASCII without `"` and `\`, 1 to 200 bytes. Nil: the edge's own words.
    package var text: String?

    package init(host: String? = nil, text: String? = nil) {
        self.host = host
        self.text = text
    }
}
