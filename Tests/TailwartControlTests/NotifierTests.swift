import Foundation
import Glibc
import TailwartCore
import TailwartTesting
import TailwartWire
import Testing

@testable import TailwartControl

/// The thread that hears events and has notices delivered.
@Suite(.ownThreads) struct NotifierTests {
    private static let place = ProbedPlace(
        upstream: "mailbox", endpoint: "stalwart", hasPort: false, port: 25, proto: .smtp)

    private static func configuration(_ words: [String]...) -> Configuration {
        Configuration(
            notify: words.map { Messenger(.command($0), after: .zero) },
            upstreams: [
                Upstream(name: "mailbox", endpoints: [Endpoint(.name("stalwart"))], proxyProtocol: .init(.none))
            ],
            listeners: [
                Listener(
                    name: "smtp", bind: [.any(port: 25)], proto: .smtp,
                    routes: [Route(to: .upstream("mailbox", port: nil))])
            ])
    }

    @Test func `ten thousand flaps are one message, and one that hangs keeps neither the ledger nor the end waiting`()
        async throws
    {
        try await TestHost.run { host in
            let told = host.folder.file("told")
            let ledger = try Ledger()
            try ledger.start()
            let notifier = try Notifier(of: ledger) { EdgeName(host: "mx.example.org", addresses: []) }
            notifier.serve(
                Self.configuration(
                    ["/bin/sleep", "1000"], ["/bin/sh", "-c", "cat >> \(told.path)"]))
            for round in 0..<10_000 {
                ledger.post(.health([Self.place], isHealthy: false, .probes))
                if round < 9999 { ledger.post(.health([Self.place], isHealthy: true, .probes)) }
                // What the ledger takes at a time is bounded, whoever reads it.
                if round.isMultiple(of: 200) { usleep(30_000) }
            }
            try await eventually("it is told") { told.lines.isEmpty ? nil : true }
            #expect(told.lines.count == 1)
            #expect(told.text.contains("\"title\":\"mx.example.org: the mailbox cannot be used\""))
            notifier.stop()
            #expect(ledger.finish())
        }
    }

    @Test func `a ledger that ends, and a notifier that never heard anything, wait for nothing`() throws {
        let ledger = try Ledger()
        try ledger.start()
        let notifier = try Notifier(of: ledger) { EdgeName(host: "mx.example.org", addresses: []) }
        #expect(ledger.finish())
        notifier.stop()
    }
}
