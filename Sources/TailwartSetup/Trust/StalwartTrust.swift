import TailwartCore
import TailwartWire

/// Stalwart 0.16: `overrideProxyTrustedNetworks` of a NetworkListener, AllowedIp against its auto-ban.
enum StalwartTrust {
    static func guide(_ all: [DialledPort], _ edges: [IPAddress]) -> (steps: [TrustGuide.Step], warnings: [String]) {
        let headed = all.filter { $0.header != .none }
        let bare = all.filter { $0.header == .none }
        guard !headed.isEmpty else { return TrustText.nothing(.stalwart, "all mail ports and 443") }
        var steps = [
            TrustGuide.Step(
                "Trust the edge's addresses on each port, with stalwart-cli and jq on the mail server. (In the web page it is "
                    + "Settings › Network › Listeners, 'Override proxy trusted networks'; with curl it is two steps below.) From these "
                    + "addresses the header is then required; for all others nothing changes. Name only the edge's exact addresses: whoever "
                    + "is trusted can claim to be any client.", listeners(headed, edges)),
            TrustGuide.Step(
                "Add the edge to the allow list, so that Stalwart does not ban it. Trusted addresses are not on that list by themselves, and "
                    + bansWithoutHeader(bare) + " If it says that the address is there already, all is well.",
                allowed(edges)),
        ]
        steps.append(
            TrustGuide.Step(
                "In place of the two steps before, with curl and jq: stalwart-cli does not accept the self-generated certificate of a new Stalwart.",
                overJMAP(headed, edges)))
        steps.append(
            TrustGuide.Step(
                "Restart Stalwart: it reads listeners and the allow list when it starts. Then see whether the edge is banned already. If it "
                    + "is, remove the ban with `stalwart-cli delete BlockedIp --ids ID`; the last line, with `jmap` from the step before, makes "
                    + "Stalwart forget it without another restart:",
                """
                stalwart-cli query BlockedIp --fields id,address,reason
                jmap x:Action/set '{"create":{"a":{"@type":"ReloadBlockedIps"}}}'
                """))
        steps.append(globalList(bare))
        return (steps, TrustText.headless(all, Set(ListenerProtocol.allCases).subtracting([.https, .tcp])))
    }

    /// By port and not by name: names are the administrator's.
    private static func listeners(_ ports: [DialledPort], _ edges: [IPAddress]) -> String {
        """
        export STALWART_URL=https://localhost STALWART_TOKEN=your-key   # an API key of an administrator
        for port in \(ports.map { String($0.port) }.joined(separator: " ")); do
          id=$(stalwart-cli query NetworkListener --fields id,name,bind --json |
            jq -r --arg port ":$port" 'select(any(.bind | keys[]; endswith($port))) | .id')
          [ -n "$id" ] || { echo "no listener on $port: make one, or leave the port out of tailwart.yaml"; continue; }
          stalwart-cli update NetworkListener "$id" --json '{"overrideProxyTrustedNetworks":\(set(edges))}'
        done
        """
    }

    private static func allowed(_ edges: [IPAddress]) -> String {
        edges.map { #"stalwart-cli create AllowedIp --json '{"address":"\#($0)","reason":"Tailwart edge"}'"# }
            .joined(separator: "\n")
    }

    /// The same objects by the API (RFC 8620) that stalwart-cli speaks.
    private static func overJMAP(_ ports: [DialledPort], _ edges: [IPAddress]) -> String {
        let allowed = edges.enumerated().map { number, edge in
            #""a\#(number)":{"address":"\#(edge)","reason":"Tailwart edge"}"#
        }.joined(separator: ",")
        return #"""
            export STALWART_RECOVERY_ADMIN=admin:password   # as in Stalwart's environment
            jmap() {
              curl --silent --show-error --fail --insecure --user "$STALWART_RECOVERY_ADMIN" --header 'Content-Type: application/json' \
                --data '{"using":["urn:ietf:params:jmap:core","urn:stalwart:jmap"],"methodCalls":[["'"$1"'",'"$2"',"a"]]}' https://localhost/jmap/
            }
            for port in \#(ports.map { String($0.port) }.joined(separator: " ")); do
              id=$(jmap x:NetworkListener/get '{"ids":null}' | jq -r --arg port ":$port" \
                '.methodResponses[0][1].list[] | select(any(.bind | keys[]; endswith($port))) | .id')
              [ -n "$id" ] || { echo "no listener on $port: make one, or leave the port out of tailwart.yaml"; continue; }
              jmap x:NetworkListener/set '{"update":{"'"$id"'":{"overrideProxyTrustedNetworks":\#(set(edges))}}}'
            done
            jmap x:AllowedIp/set '{"create":{\#(allowed)}}'
            """#
    }

    private static func bansWithoutHeader(_ bare: [DialledPort]) -> String {
        guard !bare.isEmpty else { return "one wrong header counts as scanning." }
        let ports = bare.map { String($0.port) }.joined(separator: ", ")
        return
            "on \(ports) the edge sends no header, so every visitor seems to have the edge's address: one scanner that asks for "
            + "/wp-login.php would get the edge banned for good, and MTA-STS and autoconfig would fail for everybody."
    }

    /// The list for all listeners, and why it is not the one to use.
    private static func globalList(_ bare: [DialledPort]) -> TrustGuide.Step {
        let ports = bare.map { String($0.port) }.joined(separator: ", ")
        let trap =
            bare.isEmpty
            ? "It would hold for 443 and 8080 too, where nobody else can send a header."
            : "It would hold for \(ports) too, where this edge sends no header, and such connections would hang. An empty override does not "
                + "turn it off. If you must use it, give that listener an override with an unused address, such as 192.0.2.1."
        return TrustGuide.Step(
            "Leave 'Proxy trusted networks' of Settings › Network › General (proxyTrustedNetworks of SystemSettings) empty. \(trap)"
        )
    }

    /// A set is written as an object whose members are true.
    private static func set(_ edges: [IPAddress]) -> String {
        "{" + edges.map { "\"\($0)\":true" }.joined(separator: ",") + "}"
    }
}
