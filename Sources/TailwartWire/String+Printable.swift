extension String {
    /// A stranger's text, fit for a line: other than printable ASCII becomes "?", and it is cut.
    ///
    /// - Parameter count: bytes that are kept.
    package func printable(atMost count: Int) -> String {
        let kept = utf8.prefix(count).map { (0x20...0x7e).contains($0) ? $0 : UInt8(ascii: "?") }
        return String(decoding: kept, as: UTF8.self) + (utf8.count > count ? "…" : "")
    }
}
