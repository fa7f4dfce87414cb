import TailwartConfig
import TailwartCore
import TailwartSetup
import Testing

struct DialledPortTests {
    @Test func `the usual edge dials the ports that it listens on, and 443 without a header`() throws {
        let ports = try DialledPort.all(in: Sample.usual.load())
        #expect(
            ports == [
                DialledPort(.smtp, port: 25), DialledPort(.https, port: 443, header: .none),
                DialledPort(.submissions, port: 465),
                DialledPort(.submission, port: 587), DialledPort(.imaps, port: 993),
            ])
        #expect(
            try DialledPort.all(in: Sample.usual.load(), ofMailbox: false) == [
                DialledPort(.https, port: 8443, header: .none)
            ])
    }

    @Test func `a backup without a header does not hide that the mailbox gets one`() throws {
        let text = """
            mailbox:
              endpoints: [mail.example.net, {address: old.example.net, backup: true, proxy_protocol: none}]
              ports: [25, 993]
            """
        let configuration = try #require(Configuration.load(text: text, file: "", environment: [:]).configuration)
        #expect(
            DialledPort.all(in: configuration) == [DialledPort(.smtp, port: 25), DialledPort(.imaps, port: 993)])
    }

    @Test func `a route's port wins over the endpoint's, and that over the listener's`() throws {
        let text = """
            upstreams:
              mailbox: {endpoints: [mail.example.net, "192.0.2.1:2525", "unix:/run/x.sock"], proxy_protocol: v2}
            listeners:
              - {name: smtp, bind: [":25", "127.0.0.1:26"], protocol: smtp, to: mailbox}
              - name: submission
                bind: [":587"]
                routes: [{to: "mailbox:10587", proxy_protocol: v1}]
            """
        let result = Configuration.load(text: text, file: "", environment: [:])
        let configuration = try #require(result.configuration, "\(result.problems)")
        #expect(
            DialledPort.all(in: configuration) == [
                DialledPort(.smtp, port: 25), DialledPort(.smtp, port: 26), DialledPort(.smtp, port: 2525),
                DialledPort(.submission, port: 10587, header: .v1),
            ])
    }
}
