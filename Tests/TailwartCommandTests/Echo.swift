import TailwartTesting
import TailwartWire

/// A mailbox that sends back what it receives, and a client's view of it.
enum Echo {
    static func mailbox() throws -> FakeMailbox {
        try FakeMailbox { connection, _ in
            while true {
                let bytes = try connection.receive()
                if bytes.isEmpty { return }
                try connection.send(bytes)
            }
        }
    }

    /// One listener in front of one upstream.
    static func configuration(
        listeningOn bind: String, upstream endpoint: String, rest: String = ""
    ) -> String {
        """
        workers: 1
        upstreams:
          mailbox: {endpoints: ["\(endpoint)"], proxy_protocol: none, health: off}
        listeners:
          - {name: smtp, bind: ["\(bind)"], protocol: smtp, to: mailbox}
        \(rest)
        """
    }

    static func connect(to port: UInt16, from client: IPAddress? = nil) throws -> TestSocket {
        try TestSocket.connect(to: InternetAddress(.loopbackV4, port: port), from: client)
    }
}

extension TestSocket {
    /// Sends some bytes and waits for them to come back.
    func echo(_ text: String = "hello") throws -> Bool {
        try send(Array(text.utf8))
        return try receive(exactly: text.utf8.count) == Array(text.utf8)
    }
}
