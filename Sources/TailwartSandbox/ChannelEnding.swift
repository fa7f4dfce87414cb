import NIOCore

/// Ends a channel so that the last answer arrives. Used on the channel's event loop only.
///
/// Closing a TCP socket with unread bytes in it sends a reset, which can overtake the answer. So the write side goes first and
/// what the client still sends is read and dropped, for a while (RFC 9112 section 9.6 describes the same for HTTP).
final class ChannelEnding {
    /// How long to wait for the client's end.
    static let lingering = TimeAmount.seconds(2)

    private(set) var hasBegun = false
    private var isWritten = false
    private var isInputClosed = false

    /// - Parameter written: completes when the last answer has left.
    func begin(_ context: ChannelHandlerContext, after written: EventLoopFuture<Void>?) {
        guard !hasBegun else { return }
        hasBegun = true
        if let written {
            written.assumeIsolated().whenComplete { _ in self.lastAnswerLeft(context) }
        } else {
            lastAnswerLeft(context)
        }
    }

    /// To be called when the client has said its end.
    func inputClosed(_ context: ChannelHandlerContext) {
        isInputClosed = true
        if isWritten { context.channel.close(promise: nil) }
    }

    private func lastAnswerLeft(_ context: ChannelHandlerContext) {
        let channel = context.channel
        isWritten = true
        guard !isInputClosed else { return channel.close(promise: nil) }
        channel.setOption(.autoRead, value: true).whenFailure { _ in }
        channel.close(mode: .output, promise: nil)
        channel.eventLoop.scheduleTask(in: Self.lingering) { channel.close(promise: nil) }
    }
}
