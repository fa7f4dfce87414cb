import Synchronization
package import TailwartCore
package import TailwartSystem

/// The way of records from one worker to the thread that writes them: a ring with one writer and one reader.
///
/// A worker never waits for it: when the reader has stalled and the ring is full, the record is counted as lost and mail goes on.
///
/// `@unchecked`: the slots are plain memory. `head` is stored by the worker alone and `tail` by the reader alone, each with
/// release order after the slot was written or read, so no slot is ever touched by both.
package final class RecordRing: @unchecked Sendable {
    /// A power of two.
    package static let capacity = 512

    private let slots = UnsafeMutablePointer<Record>.allocate(capacity: capacity)
    private let head = Atomic<Int>(0)
    private let tail = Atomic<Int>(0)
    private let lostCount = Atomic<Int>(0)
    private let readerSleeps = Atomic<Bool>(false)
    private let reader: Waker

    /// - Parameter reader: rung when a record arrives while the reader sleeps.
    package init(reader: Waker) { self.reader = reader }

    /// Records that found the ring full.
    package var lost: Int { lostCount.load(ordering: .relaxed) }

    /// By the worker.
    func push(_ record: Record) {
        let head = self.head.load(ordering: .relaxed)
        guard head &- tail.load(ordering: .acquiring) < Self.capacity else {
            lostCount.add(1, ordering: .relaxed)
            record.release()
            return
        }
        (slots + head & (Self.capacity - 1)).initialize(to: record)
        self.head.store(head &+ 1, ordering: .sequentiallyConsistent)
        if readerSleeps.load(ordering: .sequentiallyConsistent),
            readerSleeps.exchange(false, ordering: .sequentiallyConsistent)
        {
            reader.ring()
        }
    }

    /// By the reader; who reads it releases it.
    package func pop() -> Record? {
        let tail = self.tail.load(ordering: .relaxed)
        guard tail != head.load(ordering: .acquiring) else { return nil }
        let record = (slots + tail & (Self.capacity - 1)).move()
        self.tail.store(tail &+ 1, ordering: .releasing)
        return record
    }

    package var isEmpty: Bool {
        tail.load(ordering: .relaxed) == head.load(ordering: .sequentiallyConsistent)
    }

    /// By the reader, before it sleeps; it must look once more afterwards, since a record may just have arrived.
    package func readerWillSleep() {
        readerSleeps.store(true, ordering: .sequentiallyConsistent)
    }

    deinit {
        while let record = pop() { record.release() }
        slots.deallocate()
    }
}
