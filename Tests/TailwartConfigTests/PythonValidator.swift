import Foundation
import TailwartSystem
import TailwartTesting
import Testing

/// Python's jsonschema, through `Fixtures/validate.py`.
enum PythonValidator {
    /// The distribution's own comes first: that is where `scripts/setup.sh` installs the packages.
    private static let interpreters = ["/usr/bin/python3", "python3"]

    /// What is wrong with each text; nil for a good one.
    static func complaints(about documents: [String], schema: String) throws -> [String?] {
        let python = try #require(
            interpreters.first { run($0, ["-c", "import jsonschema, yaml"]) == .ended(0, [], "") },
            "no python3 with jsonschema and yaml; scripts/setup.sh installs them")
        let schema = try JSONSerialization.jsonObject(with: Data(schema.utf8))
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let request = folder.file("request.json")
        try JSONSerialization.data(withJSONObject: ["schema": schema, "documents": documents]).write(to: request.url)
        let answer = run(python, [Fixture.folder.appending(path: "validate.py").path, request.path])
        guard case .ended(0, let output, _) = answer else { throw TestFailure("\(answer)") }
        return try JSONDecoder().decode([String?].self, from: Data(output))
    }

    private static func run(_ program: String, _ arguments: [String]) -> Command.Outcome {
        Command.run(program, arguments, atMost: 1 << 20, within: .seconds(120))
    }
}
