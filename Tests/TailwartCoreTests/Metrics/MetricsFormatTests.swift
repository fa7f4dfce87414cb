import TailwartCore
import Testing

@Suite struct MetricsFormatTests {
    @Test(
        arguments: [
            // What Prometheus 2.42 and 3.0 ask for.
            (
                "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
                    + "text/plain;version=0.0.4;q=0.5,*/*;q=0.1", .openMetrics
            ),
            (
                "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,"
                    + "application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,"
                    + "text/plain;version=0.0.4;q=0.2,*/*;q=0.1", .openMetrics
            ),
            (nil, .prometheus), ("", .prometheus), ("*/*", .prometheus), ("text/plain", .prometheus),
            ("text/html, */*;q=0.8", .prometheus), ("application/*", .prometheus),
            ("application/openmetrics-text", .openMetrics), ("Application/OpenMetrics-Text ; Q=0.3", .openMetrics),
            ("application/openmetrics-text; version=\"1.0.0\"", .openMetrics),
            ("application/openmetrics-text; version=0.0.1", .prometheus),
            ("application/openmetrics-text; version=2.0.0", .prometheus),
            ("application/openmetrics-text;q=0.4, text/plain;q=0.5", .prometheus),
            ("application/openmetrics-text;q=0.5, text/plain;q=0.5", .openMetrics),
            ("application/openmetrics-text;q=0.5, text/plain;version=1.0.0;q=0.9", .openMetrics),
            ("application/openmetrics-text;q=0.5, */*;q=0.9", .prometheus),
            ("application/openmetrics-text;q=0", .prometheus), ("application/openmetrics-text;q=0.000", .prometheus),
            // What cannot be read is passed over.
            ("application/openmetrics-text;q=2", .prometheus), ("application/openmetrics-text;q=0.5x", .prometheus),
            ("application/openmetrics-text;q=", .prometheus), ("application/openmetrics-text;q=0.12345", .prometheus),
            (",;=,;q,=;version,", .prometheus), ("application/openmetrics-text;;version", .openMetrics),
        ] as [(String?, MetricsFormat)])
    func `the format that a client likes best`(accept: String?, format: MetricsFormat) {
        #expect(MetricsFormat.preferred(accept: accept) == format)
    }
}
