package import TailwartCore
import TailwartWire

extension Configuration {
    /// Reads a file's text and reports everything that is wrong with it.
    ///
    /// - Parameters:
    ///   - file: what to call it in messages.
    ///   - environment: where variables are looked up.
    package static func load(text: String, file: String, environment: [String: String]) -> ConfigurationResult {
        let problems = Problems(file: file)
        let substitution = Substitution(environment: environment)
        let configuration = YAMLNode.parse(text, substitution: substitution, problems: problems).flatMap { root in
            ConfigurationLoader(problems: problems).load(root)
        }
        return ConfigurationResult(
            configuration: problems.hasErrors ? nil : configuration, problems: problems.sorted)
    }

    /// Reads a file's bytes, which must be UTF-8.
    package static func load(bytes: [UInt8], file: String, environment: [String: String]) -> ConfigurationResult {
        if let text = String(validating: bytes, as: UTF8.self) {
            return load(text: text, file: file, environment: environment)
        }
        let problems = Problems(file: file)
        problems.error("not UTF-8; save the file in that encoding", at: positionOfInvalidUTF8(in: bytes))
        return ConfigurationResult(configuration: nil, problems: problems.sorted)
    }

    private static func positionOfInvalidUTF8(in bytes: [UInt8]) -> TextPosition {
        var line = 1
        var column = 1
        var decoder = UTF8()
        var iterator = bytes.makeIterator()
        while case .scalarValue(let scalar) = decoder.decode(&iterator) {
            if scalar == "\n" {
                line += 1
                column = 1
            } else {
                column += 1
            }
        }
        return TextPosition(line: line, column: column)
    }
}
