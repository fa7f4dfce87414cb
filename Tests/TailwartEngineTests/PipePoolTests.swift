import Glibc
import TailwartSystem
import TailwartTesting
import Testing

@testable import TailwartEngine

@Suite(.ownThreads) struct PipePoolTests {
    @Test func `no more pipes are lent than the limit`() throws {
        var pool = PipePool()
        var lent: [Int16] = []
        for _ in 0..<PipePool.limit { lent.append(try Self.borrow(&pool)) }
        #expect(Set(lent).count == PipePool.limit)
        try Self.expectNone(&pool)
        pool.giveBack(lent.removeLast(), isEmpty: true)
        lent.append(try Self.borrow(&pool))
        try Self.expectNone(&pool)
        pool.giveBack(lent.removeLast(), isEmpty: false)
        lent.append(try Self.borrow(&pool))
        try Self.expectNone(&pool)
        for index in lent { pool.giveBack(index, isEmpty: true) }
        pool.closeIdle()
    }

    @Test func `a pipe that holds bytes is not lent again`() throws {
        let listener = try TestListener(unixPath: freePath())
        let client = try TestSocket.connect(unixPath: try #require(listener.path))
        let server = try listener.accept()
        var pool = PipePool()
        for _ in 0..<100 {
            let index = try Self.borrow(&pool)
            let pipe = pool[index]
            #expect(pipe.pointee.flush(1, into: server.socket) == .wouldBlock)
            try client.send([1, 2, 3])
            #expect(pipe.pointee.fill(from: server.socket) == .count(3))
            pool.giveBack(index, isEmpty: false)
        }
    }

    @Test func `a pipe that is empty is lent again`() throws {
        var pool = PipePool()
        let first = try Self.borrow(&pool)
        let place = pool[first]
        pool.giveBack(first, isEmpty: true)
        let second = try Self.borrow(&pool)
        #expect(second == first)
        let again = pool[second]
        #expect(again == place)
        pool.giveBack(first, isEmpty: true)
    }

    private static func borrow(_ pool: inout PipePool) throws -> Int16 {
        let index = pool.borrow()
        return try #require(index)
    }

    private static func expectNone(_ pool: inout PipePool) throws {
        let index = pool.borrow()
        #expect(index == nil)
    }
}
