package import TailwartCore
package import TailwartSystem

/// Shows that notices arrive before one is needed: sends a test to everybody whom a configuration names.
package enum NoticeTest {
    package struct Answer: Sendable {
        package let messenger: Messenger
        /// A sentence without a full stop; nil if it arrived.
        package let failure: String?
    }

    /// - Returns: in the order of the file.
    package static func run(_ configuration: Configuration) async throws(SystemError) -> [Answer] {
        let sender = try NoticeSender()
        let edge = EdgeName(configuration, host: HostName.current, addresses: InterfaceAddresses.all()).description
        let notice = Notice(testAt: Int(Clock.wall() / 1_000_000))
        return await withTaskGroup(of: (Int, Answer).self) { group in
            for (index, messenger) in configuration.notify.enumerated() {
                group.addTask {
                    let failure = await sender.send(notice, by: messenger, edge: edge)
                    return (index, Answer(messenger: messenger, failure: failure))
                }
            }
            var answers: [(Int, Answer)] = []
            for await answer in group { answers.append(answer) }
            return answers.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }
}
