/// Finds the word that was probably meant.
package enum NearestWord {
    /// The nearest of `candidates`, nil if none is near: more than a third of the letters would have to change, and none is
    /// the word written out.
    package static func find(_ word: String, among candidates: [String]) -> String? {
        let letters = Array(word.lowercased().unicodeScalars)
        // Nothing that long is a slip; it would only cost time.
        guard letters.count <= 64 else { return nil }
        var best: (candidate: String, distance: Int)?
        for candidate in candidates {
            let other = Array(candidate.lowercased().unicodeScalars)
            let distance = distance(letters, other)
            guard distance <= max(letters.count, other.count) / 3, distance < min(letters.count, other.count)
            else {
                continue
            }
            if distance < best?.distance ?? .max { best = (candidate, distance) }
        }
        return best?.candidate ?? (letters.count < 3 ? nil : candidates.first { $0.hasPrefix(word.lowercased()) })
    }

    /// The key that was probably meant: what other programs call by this word, else the nearest of `keys`.
    static func key(_ word: String, among keys: [String]) -> String? {
        elsewhere[word.lowercased()]?.first(where: keys.contains) ?? find(word, among: keys)
    }

    /// Words of other programs, each with our keys for the thing, the likeliest first.
    private static let elsewhere = [
        "backend": ["address", "to"], "backends": ["endpoints", "upstreams"], "destination": ["address", "to"],
        "dial": ["address", "to"], "fqdn": ["hostname"], "frontends": ["listeners"], "host": ["address", "sni"],
        "hosts": ["endpoints", "sni"], "ip": ["address", "client"], "listen": ["bind"],
        "server": ["address", "to", "mailbox"], "server_name": ["sni"], "servers": ["endpoints", "upstreams"],
        "target": ["address", "to"], "targets": ["endpoints"], "upstream": ["address", "to"], "url": ["address"],
    ]

    /// How many insertions, deletions, replacements and swaps of neighbours lie between two words (optimal string alignment).
    package static func distance(_ first: [Unicode.Scalar], _ second: [Unicode.Scalar]) -> Int {
        var beforeLast: [Int] = []
        var last = Array(0...second.count)
        for row in 0..<first.count {
            var current = [row + 1]
            for column in 0..<second.count {
                let replaced = last[column] + (first[row] == second[column] ? 0 : 1)
                var best = min(replaced, last[column + 1] + 1, current[column] + 1)
                if row > 0, column > 0, first[row] == second[column - 1], first[row - 1] == second[column] {
                    best = min(best, beforeLast[column - 1] + 1)
                }
                current.append(best)
            }
            beforeLast = last
            last = current
        }
        return last[second.count]
    }
}
