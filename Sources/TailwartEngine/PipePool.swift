import TailwartSystem

/// The pipes of a worker: a flow borrows one while it moves much, and gives it back when it runs dry.
struct PipePool: ~Copyable {
    /// Asked for per pipe, in bytes: large batches are what makes splicing cheap (with 256 KiB a GB costs a fifth more), but a user may
    /// have no more than 64 MiB of pipes by default (`fs.pipe-user-pages-soft`, pipe(7)). So the first few are large.
    static let largeCapacity = 1024 * 1024
    static let usualCapacity = 256 * 1024
    /// Large pipes of all workers together.
    private static let largeOfAll = 32
    /// The kernel's default. Over the user's limit a new pipe has two pages, and moving bytes through them costs four times what copying
    /// does.
    static let leastCapacity = 64 * 1024
    /// Pipes in use at the same time; further flows go on with the buffer. Bounds what stalled receivers can pin to 32 MiB
    /// per worker, on a host that may have 512 MB.
    static let limit = 32
    /// Idle pipes kept open.
    static let kept = 8
    static let none: Int16 = -1

    private let large: Int
    /// See ``DescriptorLimit/ofConnections``.
    var descriptorLimit: CInt
    private var pipes: [UnsafeMutablePointer<Pipe>?] = []
    private var idle: [Int16] = []
    private var vacant: [Int16] = []

    /// - Parameter workers: how many have a pool like this.
    init(workers: Int = 1, descriptorLimit: CInt = .max) {
        large = max(1, Self.largeOfAll / workers)
        self.descriptorLimit = descriptorLimit
    }

    /// Nil when the limit is reached or no descriptor is left.
    mutating func borrow() -> Int16? {
        if let index = idle.popLast() { return index }
        let count = pipes.count - vacant.count
        guard count < Self.limit, var pipe = Pipe(capacity: count < large ? Self.largeCapacity : Self.usualCapacity)
        else { return nil }
        guard pipe.capacity >= Self.leastCapacity, pipe.highest < descriptorLimit else {
            pipe.close()
            return nil
        }
        let place = UnsafeMutablePointer<Pipe>.allocate(capacity: 1)
        place.initialize(to: pipe)
        guard let index = vacant.popLast() else {
            pipes.append(place)
            return Int16(pipes.count - 1)
        }
        pipes[Int(index)] = place
        return index
    }

    /// Takes a pipe back.
    ///
    /// - Parameter isEmpty: one that still holds bytes is closed: they must never reach another connection.
    mutating func giveBack(_ index: Int16, isEmpty: Bool) {
        if isEmpty, idle.count < Self.kept {
            idle.append(index)
        } else {
            discard(index)
        }
    }

    /// The pipe behind an index that ``borrow()`` gave.
    subscript(_ index: Int16) -> UnsafeMutablePointer<Pipe> {
        guard let pipe = pipes[Int(index)] else { preconditionFailure("a pipe was used after it was given back") }
        return pipe
    }

    /// Closes the idle pipes, when descriptors have run out.
    mutating func closeIdle() {
        while let index = idle.popLast() { discard(index) }
    }

    private mutating func discard(_ index: Int16) {
        let pipe = self[index]
        pipe.pointee.close()
        pipe.deinitialize(count: 1)
        pipe.deallocate()
        pipes[Int(index)] = nil
        vacant.append(index)
    }

    deinit {
        for pipe in pipes {
            guard let pipe else { continue }
            pipe.pointee.close()
            pipe.deinitialize(count: 1)
            pipe.deallocate()
        }
    }
}
