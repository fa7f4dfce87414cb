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
