import TailwartCore

/// Regular expressions of ECMA-262 for what a ``Shape`` says of a text, without anchors. Each takes at least what the type
/// reads: how long a label is or whether an octet is below 256 is left to the reader.
enum Pattern {
    static let port = "[1-9][0-9]{0,4}"
    static let ipv4 = "([0-9]{1,3}[.]){3}[0-9]{1,3}"
    static let ipv6 = "[0-9A-Fa-f]*(:[0-9A-Fa-f.]*){2,8}"
    static let ipv6InBrackets = #"\[\#(ipv6)\]"#
    static let address = "\(ipv4)|\(ipv6)"
    /// Letters, digits, hyphens and underscores in labels; the last label is not all digits, as that of an IPv4 address is.
    static let hostName = "(?!([^:]*[.])?[0-9]+[.]?(:|$))\(label)([.]\(label))*[.]?"
    static let socket = #"unix:/[\s\S]{0,\#(Allowed.unixPathBytes.upperBound - 1)}"#
    static let anything = #"[\s\S]*"#

    private static let label = "[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?"
}
