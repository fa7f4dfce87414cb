import TailwartCore
import TailwartWire

extension CaddyfileReader {
    func handler(_ statement: SourceStatement) -> JSON {
        let block = expanded(statement.block ?? [])
        var members = [member("handler", .text(statement.keyword))]
        switch statement.keyword {
        case "proxy": members += proxy(statement.words, block)
        case "subroute": members += routes(block)
        case "proxy_protocol":
            for word in statement.words { findings.refuse(word.text, .unknown, at: word.position) }
            var lists: [String: [SourceWord]] = [:]
            for line in block {
                if ["allow", "deny"].contains(line.keyword) {
                    lists[line.keyword, default: []] += line.words
                } else {
                    members.append(value(line))
                }
            }
            members += lists.sorted { $0.key < $1.key }.map { member($0.key, texts($0.value)) }
        default:
            // Others have no settings, or are refused by their name.
            for line in block where statement.keyword == "close" {
                findings.refuse(line.keyword, .unknown, at: line.position)
            }
        }
        return object(members, at: statement.position)
    }

    private func proxy(_ words: [SourceWord], _ block: [SourceStatement]) -> [JSON.Member] {
        var upstreams = words.map { object([member("dial", texts([$0]))], at: $0.position) }
        var (balancing, active, passive): ([JSON.Member], [JSON.Member], [JSON.Member]) = ([], [], [])
        var members: [JSON.Member] = []
        for line in block {
            let position = line.position
            switch line.keyword {
            case "upstream": upstreams.append(upstream(line))
            case "proxy_protocol": members.append(value(line))
            case "lb_policy":
                let choose = line.words.dropFirst().first.map { [member("choose", JSON(.number($0.text)))] } ?? []
                let name = [member("policy", line.words.first.map { self.text($0) } ?? .text(""))]
                balancing.append(member("selection", object(name + choose, at: position), at: position))
            case "lb_try_duration", "lb_try_interval":
                balancing.append(value(line, as: String(line.keyword.dropFirst(3))))
            case "health_interval", "health_timeout", "health_port", "health_fall", "health_rise":
                active.append(value(line, as: String(line.keyword.dropFirst(7))))
            case "close_if_unhealthy":
                active.append(member("close_if_unhealthy", .flag(line.texts != ["false"]), at: position))
            case "fail_duration", "max_fails", "unhealthy_connection_count": passive.append(value(line))
            default: findings.refuse(line.keyword, .unknown, at: position)
            }
        }
        members.append(member("upstreams", JSON(.list(upstreams))))
        if !balancing.isEmpty { members.append(member("load_balancing", object(balancing))) }
        var checks: [JSON.Member] = []
        if !active.isEmpty { checks.append(member("active", object(active))) }
        if !passive.isEmpty { checks.append(member("passive", object(passive), at: block.first?.position)) }
        if !checks.isEmpty { members.append(member("health_checks", object(checks, at: block.first?.position))) }
        return members
    }

    private func upstream(_ statement: SourceStatement) -> JSON {
        var addresses = statement.words
        var members: [JSON.Member] = []
        for line in expanded(statement.block ?? []) {
            switch line.keyword {
            case "dial": addresses += line.words
            case let name where name.hasPrefix("tls"):
                if !members.contains(where: { $0.key == "tls" }) {
                    members.append(member("tls", object([], at: line.position), at: line.position))
                }
            default: members.append(value(line, as: line.keyword == "local_addr" ? "local_address" : nil))
            }
        }
        return object([member("dial", texts(addresses))] + members, at: statement.position)
    }
}
