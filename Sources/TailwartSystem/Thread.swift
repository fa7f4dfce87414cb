import CTailwartLinux
import Glibc
import Synchronization

/// A thread of the operating system, for what must not share one with Swift's tasks.
package final class Thread: Sendable {
    /// Nil once it is joined.
    private let handle: Mutex<pthread_t?>

    /// Runs `body` on a new thread.
    ///
    /// - Parameter name: shown by `top -H`; at most 15 bytes.
    package init(name: String, _ body: @escaping @Sendable () -> Void) throws(SystemError) {
        let context = Unmanaged.passRetained(Body(name: name, run: body))
        var handle = pthread_t()
        let error = pthread_create(
            &handle, nil,
            { argument in
                guard let argument else { return nil }
                let body = Unmanaged<Body>.fromOpaque(argument).takeRetainedValue()
                _ = tw_set_thread_name(pthread_self(), body.name)
                body.run()
                return nil
            }, context.toOpaque())
        guard error == 0 else {
            context.release()
            throw SystemError("pthread_create", Errno(rawValue: error))
        }
        self.handle = Mutex(handle)
    }

    /// Waits for its end; whoever asks, and how often: joining a thread twice is undefined (pthread_join(3)).
    package func join() {
        handle.withLock { handle in
            if let handle { pthread_join(handle, nil) }
            handle = nil
        }
    }

    /// Does what waits or blocks on a thread of its own, for a task, which must not.
    package static func run<Value: Sendable>(
        name: String, _ work: @escaping @Sendable () -> Value
    ) async throws(SystemError) -> Value {
        let result: Result<Value, SystemError> = await withCheckedContinuation { done in
            do throws(SystemError) {
                _ = try Thread(name: name) { done.resume(returning: .success(work())) }
            } catch {
                done.resume(returning: .failure(error))
            }
        }
        return try result.get()
    }

    /// A thread for which nobody waits gives its stack back when it ends.
    deinit {
        handle.withLock { handle in
            if let handle { pthread_detach(handle) }
        }
    }

    private final class Body: Sendable {
        let name: String
        let run: @Sendable () -> Void

        init(name: String, run: @escaping @Sendable () -> Void) {
            self.name = String(name.prefix(15))
            self.run = run
        }
    }
}
