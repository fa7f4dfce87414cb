package import TailwartCore
import TailwartEngine
import TailwartSystem

extension Edge {
    /// What there is to measure, as a page of metrics. Reads counts that others keep, and takes no thread of the workers.
    package func metrics(_ format: MetricsFormat) -> String { MetricsText.of(metricsReading.families, format) }

    private var metricsReading: MetricsReading {
        let version = Version.current
        var reading = MetricsReading(
            ledger.totals, in: engine.topology,
            build: .init(version: version.version, commit: version.commit, swift: version.swift),
            now: Int(Clock.wall() / 1_000_000))
        reading.places = ledger.health.places
        reading.workers = engine.liveByWorker
        (reading.bans, reading.lists) = (access.bans.counts, access.listSizes)
        reading.clients = engine.topology.clients.map { MetricsReading.Clients($0, now: Clock.monotonic()) }
        let process = ProcessStatus.current
        reading.process.residentBytes = process.residentBytes
        reading.process.descriptors = process.descriptors
        reading.process.descriptorLimit = DescriptorLimit.current.map { Int(clamping: $0) }
        reading.process.processorTime = process.processorTime
        reading.process.startTime = process.startTime
        return reading
    }
}
