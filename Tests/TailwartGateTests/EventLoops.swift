import NIOCore
import NIOPosix

enum EventLoops {
    /// As the command has it: one thread.
    static let one: any EventLoopGroup = MultiThreadedEventLoopGroup(numberOfThreads: 1)
}
