import TailwartWire

extension String {
    /// Characters of a stranger's text that one line shows.
    private static let shown = 120

    /// Fit for a line; see ``printable(atMost:)``.
    var printable: String { printable(atMost: Self.shown) }
}
