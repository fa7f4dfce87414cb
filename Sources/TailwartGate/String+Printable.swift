extension String {
    /// Characters of a stranger's text that one line shows.
    private static let shown = 120

    /// Fit for a line: other than printable ASCII becomes "?", and it is cut.
    var printable: String {
        let kept = utf8.prefix(Self.shown).map { (0x20...0x7e).contains($0) ? $0 : UInt8(ascii: "?") }
        return String(decoding: kept, as: UTF8.self) + (utf8.count > Self.shown ? "…" : "")
    }
}
