import TailwartCore
import TailwartSystem
import TailwartWire

/// Whether each address of each listener is free, and may be bound: by doing it, for a moment.
enum PortCheck {
    /// The name of a process that is this program.
    private static let program = "tailwart"

    static func findings(_ listeners: [Listener]) -> [Finding] {
        listeners.flatMap { listener in
            listener.bind.map { finding(listener.name, $0, problem(listener, $0)) }
        }
    }

    static func finding(_ listener: String, _ bind: BindAddress, _ problem: ListenError?) -> Finding {
        let subject = "\(bind) (\(listener))"
        guard let problem else {
            return Finding(.port, subject, .pass, "Free, and this user may listen there.")
        }
        if let holder = problem.holder, holder.command == program {
            return Finding(.port, subject, .pass, "The edge that runs, \(holder), listens there.")
        }
        return Finding(.port, subject, .fail, "The edge cannot listen here: \(problem.cause).", fix: problem.fix)
    }

    private static func problem(_ listener: Listener, _ bind: BindAddress) -> ListenError? {
        do throws(ListenError) {
            var socket = try ListeningSocket.open(bind, listener: listener.name, defersAccept: false)
            socket.close()
            return nil
        } catch {
            return error
        }
    }
}
