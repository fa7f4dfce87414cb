import Glibc
import Testing

@testable import TailwartSystem

struct ServiceManagerTests {
    /// A manager's end: what comes there, and how many descriptors with it.
    private struct Manager: ~Copyable {
        var descriptor: Descriptor
        let name: String

        init(abstract: Bool, name: String) throws {
            let name = "\(abstract ? "@" : "/tmp/")tailwart-notify-\(getpid())-\(name)"
            self.name = name
            let raw = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
            descriptor = Descriptor(owning: raw)
            let address = try #require(SocketAddress(notifySocket: name))
            try #require(address.withPointer { bind(raw, $0, $1) } == 0)
        }

        func next() -> (text: String, descriptors: Int)? {
            var bytes = [UInt8](repeating: 0, count: 1000)
            var message = ControlMessage.Incoming()
            let raw = descriptor.raw
            let count = bytes.withUnsafeMutableBytes { message.receive(raw, into: $0) }
            guard count >= 0 else { return nil }
            for raw in message.descriptors { Glibc.close(raw) }
            return (String(decoding: bytes[..<count], as: UTF8.self), message.descriptors.count)
        }

        mutating func close() {
            descriptor.close()
            unlink(name)
        }
    }

    @Test(arguments: [false, true]) func `it is told at a path and at an abstract name`(abstract: Bool) throws {
        var manager = try Manager(abstract: abstract, name: "told")
        let service = ServiceManager(["NOTIFY_SOCKET": manager.name])
        #expect(service.isThere)
        service.tell([.mainProcess(42), .ready, .status("serves\n2 listeners")])
        let first = manager.next()
        #expect(first?.text == "MAINPID=42\nREADY=1\nSTATUS=serves 2 listeners")
        service.tell([.reloading(at: 17)])
        service.tell([.stopping, .wellBeing])
        let second = manager.next()
        #expect(second?.text == "RELOADING=1\nMONOTONIC_USEC=17")
        let third = manager.next()
        #expect(third?.text == "STOPPING=1\nWATCHDOG=1")
        manager.close()
    }

    @Test func `descriptors are stored under a name that it takes`() throws {
        var manager = try Manager(abstract: true, name: "store")
        let waker = try Waker()
        ServiceManager(["NOTIFY_SOCKET": manager.name]).tell([.store(name: "[2001:db8::1]:25 ü")], passing: [waker.raw])
        let first = manager.next()
        #expect(first?.text == "FDSTORE=1\nFDNAME=[2001-db8--1]-25---")
        #expect(first?.descriptors == 1)
        manager.close()
    }

    @Test(arguments: [[:], ["NOTIFY_SOCKET": ""], ["NOTIFY_SOCKET": "@"], ["NOTIFY_SOCKET": "vsock:2:1234"]])
    func `where there is none, nobody is told`(environment: [String: String]) {
        let service = ServiceManager(environment)
        #expect(!service.isThere)
        service.tell([.ready])
    }

    @Test func `one that does not listen is no error`() {
        ServiceManager(["NOTIFY_SOCKET": "/tmp/tailwart-no-such-socket"]).tell([.ready])
    }

    @Test(
        arguments: [
            (["WATCHDOG_USEC": "30000000"], 30_000_000),
            (["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "7"], 30_000_000),
            (["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "8"], nil), (["WATCHDOG_USEC": "0"], nil),
            (["WATCHDOG_USEC": "x"], nil), ([:], nil),
        ] as [([String: String], UInt64?)])
    func `the watchdog is for the process that it names`(environment: [String: String], microseconds: UInt64?) {
        #expect(ServiceManager(environment, process: 7).watchdog == microseconds)
    }

    @Test func `sockets that it gave are taken with their names`() async {
        await #expect(processExitsWith: .success) {
            // As after an exec: numbers 3, 4 and 5.
            var ends: [CInt] = [-1, -1]
            guard socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &ends) == 0 else { exit(2) }
            for number in CInt(3)...5 where dup2(ends[0] > 5 ? ends[0] : ends[1] > 5 ? ends[1] : 0, number) < 0 {
                exit(3)
            }
            let environment = ["LISTEN_PID": "\(getpid())", "LISTEN_FDS": "3", "LISTEN_FDNAMES": "smtp::imaps"]
            var found: [String] = []
            ServiceManager(environment).takeGiven { given in
                var given = given
                found.append("\(given.descriptor.raw) \(given.name) \(fcntl(given.descriptor.raw, F_GETFD))")
                given.descriptor.close()
            }
            guard found == ["3 smtp 1", "4  1", "5 imaps 1"] else { exit(4) }
        }
    }

    @Test(arguments: [
        ["LISTEN_PID": "1", "LISTEN_FDS": "1"], ["LISTEN_FDS": "1"], ["LISTEN_PID": "\(getpid())", "LISTEN_FDS": "-1"],
        ["LISTEN_PID": "\(getpid())"], [:],
    ])
    func `what it gave to another process is left alone`(environment: [String: String]) {
        var count = 0
        ServiceManager(environment).takeGiven { given in
            var given = given
            given.descriptor.close()
            count += 1
        }
        #expect(count == 0)
    }

    @Test func `the journal is known by device and inode`() throws {
        let waker = try Waker()
        var status = stat()
        fstat(waker.raw, &status)
        #expect(ServiceManager.isJournal(waker.raw, ["JOURNAL_STREAM": "\(status.st_dev):\(status.st_ino)"]))
        #expect(!ServiceManager.isJournal(waker.raw, ["JOURNAL_STREAM": "\(status.st_dev):\(status.st_ino + 1)"]))
        for text in ["", "1", "x:y", "1:2:3"] {
            #expect(!ServiceManager.isJournal(waker.raw, ["JOURNAL_STREAM": text]))
        }
        #expect(!ServiceManager.isJournal(waker.raw, [:]))
    }
}
