import Foundation
import Testing

/// Python's jsonschema, through `Fixtures/validate.py`.
enum PythonValidator {
    /// The distribution's own comes first: that is where `scripts/setup.sh` installs the packages.
    private static let interpreters = ["/usr/bin/python3", "python3"]

    /// What is wrong with each text; nil for a good one.
    static func complaints(about documents: [String], schema: String) throws -> [String?] {
        let python = try #require(
            interpreters.first { interpreter in
                (try? run([interpreter, "-c", "import jsonschema, yaml"], input: Data()).code) == 0
            }, "no python3 with jsonschema and yaml; scripts/setup.sh installs them")
        let schema = try JSONSerialization.jsonObject(with: Data(schema.utf8))
        let request = try JSONSerialization.data(withJSONObject: ["schema": schema, "documents": documents])
        let script = Fixture.folder.appending(path: "validate.py").path
        let (code, output) = try run([python, script], input: request)
        try #require(code == 0, "\(String(decoding: output, as: UTF8.self))")
        return try JSONDecoder().decode([String?].self, from: output)
    }

    /// Files on both sides, so that neither waits for the other.
    private static func run(_ command: [String], input: Data) throws -> (code: Int32, output: Data) {
        let folder = FileManager.default.temporaryDirectory.appending(path: "tailwart-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (question, answer) = (folder.appending(path: "question"), folder.appending(path: "answer"))
        try input.write(to: question)
        try Data().write(to: answer)
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/timeout")
        process.arguments = ["120"] + command
        process.standardInput = try FileHandle(forReadingFrom: question)
        let output = try FileHandle(forWritingTo: answer)
        process.standardOutput = output
        process.standardError = output
        try process.run()
        process.waitUntilExit()
        return (process.terminationStatus, try Data(contentsOf: answer))
    }
}
