import TailwartCore
import TailwartWire

extension ConfigurationWriter {
    func members(of short: ShortForm, _ comments: [FilePositions.Part: [String]]) -> [YAMLMember] {
        let listeners = FilePositions.Part.listener(0)
        var mailbox = [short.mailbox.endpoints.count == 1 ? address(of: short.mailbox) : endpoints(of: short.mailbox)]
        if short.ports.contains(where: { $0.dial != $0.listen }) {
            let pairs = short.ports.map { YAMLMember("\($0.listen)", .text("\($0.dial)")) }
            mailbox.append(YAMLMember("ports", .mapping(pairs), of: listeners))
        } else if short.ports.map(\.listen).sorted() != Defaults.mailboxPorts.sorted() {
            mailbox.append(YAMLMember("ports", .texts(short.ports.map(\.listen)), of: listeners))
        }
        if !short.bind.isEmpty { mailbox.append(YAMLMember("bind", .texts(short.bind), of: listeners)) }
        mailbox += settings(of: short.mailbox, usual: Defaults.mailboxProxyProtocol, hold: Defaults.mailboxHold)
        if let https = short.https {
            let part = FilePositions.Part.listener(https.number)
            mailbox.append(YAMLMember("domains", .texts(https.domains), of: part))
            let details = self.members(of: https)
            if !details.isEmpty { mailbox.append(YAMLMember("https", .blockMapping(details), of: part)) }
        }
        let part = FilePositions.Part.upstream(short.mailbox.name)
        var members = [YAMLMember("mailbox", .blockMapping(mailbox), of: part, comments: comments[part] ?? [])]
        if let web = short.web {
            let details = settings(of: web)
            let address = address(of: web)
            members.append(
                YAMLMember(
                    "web", details.isEmpty ? address.value : .blockMapping([address] + details),
                    of: .upstream(web.name),
                    comments: comments[.upstream(web.name)] ?? []))
        }
        let defaults = self.members(of: short.defaults)
        if !defaults.isEmpty { members.append(YAMLMember("defaults", .blockMapping(defaults), of: listeners)) }
        return members
    }

    private func members(of https: ShortForm.HTTPS) -> [YAMLMember] {
        let ports = [("listen", https.listen), ("port", https.dial)].filter { $0.1 != Defaults.httpsPort }
        var members = ports.map { YAMLMember($0, .reference(references.written($1))) }
        if !https.names.isEmpty {
            members.append(YAMLMember("names", .list(https.names.map { .reference(references.written("\($0)")) })))
        }
        return members + (https.header == Defaults.proxyProtocol ? [] : [header(https.header)])
    }

    private func address(of upstream: Upstream) -> YAMLMember {
        YAMLMember("address", address(of: upstream.endpoints[0]))
    }
}
