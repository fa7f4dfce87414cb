import TailwartCore
import TailwartWire
import Testing

@testable import TailwartControl

/// Lines on a disk that is full for a while.
@Suite struct LineBatchTests {
    /// How many bytes fit before the disk is full.
    @Test(arguments: 0..<260)
    func `no two lines stand in one, and every line is written or counted`(room: Int) throws {
        var disk: [UInt8] = []
        var batch = LineBatch()
        func event(_ number: Int) -> LedgerEntry { .event(.stopped(accepted: number), at: 0) }
        for number in 0..<3 { batch.add(event(number), .json) }
        let fits = min(room, batch.lines.bytes.count)
        disk += batch.lines.bytes.prefix(fits)
        if fits < batch.lines.bytes.count {
            batch.failed(after: fits, because: "the disk is full")
            // Full still.
            batch.add(event(3), .json)
            batch.failed(after: 0, because: "the disk is full")
        } else {
            batch.allWritten()
        }
        // There is room again.
        batch.add(event(4), .json)
        disk += batch.lines.bytes
        batch.allWritten()
        #expect(batch.lines.bytes.isEmpty)

        let lines = String(decoding: disk, as: UTF8.self).split(separator: "\n")
        var written = 0
        var lost = 0
        for line in lines {
            let object = try JSONReader.read(Array(line.utf8).span)
            if object["event"]?.text == "events_lost" {
                lost += try #require(object["lost"]?.integer)
            } else {
                written += 1
            }
        }
        #expect(disk.last == UInt8(ascii: "\n"))
        #expect(written + lost == (lost > 0 ? 5 : 4))
        #expect(lines.last?.contains("after 4 connections") == true)
    }

    @Test(arguments: [(LogSettings.Format.json, "{"), (.text, "0")] as [(LogSettings.Format, String)])
    func `for the journal each line begins with its priority`(format: LogSettings.Format, next: String) {
        var batch = LineBatch(hasPriorities: true)
        batch.add(.event(.stopped(accepted: 1), at: 0), format)
        batch.add(.event(.signalIgnored(.user1), at: 0), format)
        batch.add(.event(.takeoverFailed("x"), at: 0), format)
        let lines = String(decoding: batch.lines.bytes, as: UTF8.self).split(separator: "\n")
        #expect(lines.map { String($0.prefix(4)) } == ["<6>\(next)", "<4>\(next)", "<3>\(next)"])
    }
}
