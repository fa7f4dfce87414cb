package import TailwartWire

extension PolicyCheck {
    /// - Parameter name: of the policy file.
    package func json(policy name: String, strict: Bool) -> JSON {
        let ports = ports.map { port -> JSON in
            [
                "host": .text(port.need.host), "listeners": .texts(port.need.listeners),
                "port": .number(port.need.port),
                "state": .text(port.state), "tag": .text(port.need.tag),
            ]
        }
        return Self.json(policy: name, isGood: isGood(strict: strict), ports: ports, findings: findings)
    }

    /// Of a policy that cannot be read.
    package static func json(policy name: String, unreadable error: JSONError) -> JSON {
        json(
            policy: name, isGood: false, ports: [], findings: [PolicyFinding(.error, at: error.position, error.message)]
        )
    }

    private static func json(policy name: String, isGood: Bool, ports: [JSON], findings: [PolicyFinding]) -> JSON {
        let findings = findings.map { finding -> JSON in
            [
                "column": .number(finding.position.column), "line": .number(finding.position.line),
                "message": .text(finding.message), "severity": .text(finding.severity.rawValue),
            ]
        }
        return ["findings": .list(findings), "good": .flag(isGood), "policy": .text(name), "ports": .list(ports)]
    }
}
