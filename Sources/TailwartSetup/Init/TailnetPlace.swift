import TailwartWire

/// Whether a host can be on the tailnet: a name may, as Headscale's domains are free text; of addresses only the tailnet's own.
enum TailnetPlace {
    static func isPossible(_ host: String) -> Bool { IPAddress(host)?.isOfTailnet ?? true }
}
