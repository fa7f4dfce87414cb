/// Sentences broken into lines, at blanks but for those behind a backslash, which belong to a word of a shell.
enum Prose {
    static func wrap(_ text: String, width: Int) -> [String] {
        var lines: [String] = []
        var line = ""
        for word in words(of: text) {
            if !line.isEmpty, line.count + 1 + word.count > width {
                lines.append(line)
                line = ""
            }
            line += line.isEmpty ? word : " \(word)"
        }
        return lines + [line]
    }

    private static func words(of text: String) -> [String] {
        var words: [String] = []
        var isGlued = false
        for part in text.split(separator: " ", omittingEmptySubsequences: false) {
            if isGlued, let last = words.popLast() {
                words.append("\(last) \(part)")
            } else if !part.isEmpty {
                words.append(String(part))
            }
            isGlued = part.hasSuffix("\\")
        }
        return words
    }
}
