import TailwartWire

extension ManualPage {
    /// Each command with its options, as `--help` shows them.
    static func commands(_ help: JSON) -> [String] {
        ["Every command has", ".B \\-\\-help", "with an example."]
            + shown(below: help["command"]).flatMap { described($0, in: ["tailwart"]) }
    }

    private static func shown(below command: JSON?) -> [JSON] {
        (command?["subcommands"]?.list ?? []).filter {
            $0["shouldDisplay"]?.flag == true && $0["commandName"]?.text != "help"
        }
    }

    private static func described(_ command: JSON, in path: [String]) -> [String] {
        let path = path + [command["commandName"]?.text ?? ""]
        var lines = [".SS " + roff(path.joined(separator: " ")), roff(command["abstract"]?.text ?? "")]
        for paragraph in (command["discussion"]?.text ?? "").split(separator: "\n") {
            // A leading blank begins a line by itself.
            lines += (paragraph.hasPrefix(" ") ? [] : [".br"]) + [roff(String(paragraph))]
        }
        for argument in command["arguments"]?.list ?? [] {
            // --help and --version are everywhere and said once.
            let value = argument["valueName"]?.text
            guard argument["shouldDisplay"]?.flag == true, value != "help", value != "version" else { continue }
            lines += [".TP", names(of: argument), roff(argument["abstract"]?.text ?? "")]
            if let usual = argument["defaultValue"]?.text, !usual.isEmpty { lines.append("Default: \(roff(usual)).") }
        }
        return lines + shown(below: command).flatMap { described($0, in: path) }
    }

    /// An option or argument as it is typed, with what it takes.
    private static func names(of argument: JSON) -> String {
        let value = "\\fI\(roff(argument["valueName"]?.text ?? "value"))\\fR"
        if argument["kind"]?.text == "positional" {
            return value + (argument["isRepeating"]?.flag == true ? " ..." : "")
        }
        let typed = (argument["names"]?.list ?? []).map { name in
            "\\fB\(roff((name["kind"]?.text == "short" ? "-" : "--") + (name["name"]?.text ?? "")))\\fR"
        }
        return typed.joined(separator: ", ") + (argument["kind"]?.text == "option" ? " \(value)" : "")
    }
}
