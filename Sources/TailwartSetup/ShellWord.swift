/// Words for a command line that is shown to be copied.
enum ShellWord {
    private static let plain = Set("/._-+:,@%=".utf8)

    /// The word as a POSIX shell reads it back, with backslashes: a quoted blank would be torn where a sentence is wrapped.
    static func quote(_ word: String) -> String {
        var quoted = word.isEmpty ? "''" : ""
        for character in word {
            let isPlain = character.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x61...0x7A).contains($0 | 0x20) || $0 >= 0x80 || plain.contains($0)
            }
            quoted += isPlain ? "\(character)" : "\\\(character)"
        }
        return quoted
    }
}
