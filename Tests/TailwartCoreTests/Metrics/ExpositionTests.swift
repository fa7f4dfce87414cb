import TailwartTesting
import Testing

/// The reader of the other tests must refuse what is wrong.
@Suite struct ExpositionTests {
    private static let gauge = "# HELP a b\n# TYPE a gauge\n"
    private static let histogram = "# HELP a b\n# TYPE a histogram\n"

    @Test(
        arguments: [
            gauge + "a 1", "a 1\n", "# TYPE a gauge\na 1\n", gauge, gauge + "b 1\n", gauge + "a 1\na 2\n",
            gauge + "a{x=\"1\",x=\"2\"} 1\n", gauge + "a{x=\"1\"} 1\na{x=\"1\"} 1\n", gauge + "a{x=\"1} 1\n",
            gauge + "a{x=\"\\t\"} 1\n", gauge + "a{x=1} 1\n", gauge + "a{x=\"1\" 1\n", gauge + "a{x=\"1\"}1\n",
            gauge + "a{9x=\"1\"} 1\n", gauge + "a one\n", gauge + "a 1 2\n", gauge + "a 1\n\n",
            gauge + "a 1\n" + gauge + "a 2\n",
            "# HELP a b\n# TYPE c gauge\na 1\n", "# HELP a_total b\n# TYPE a_total counter\na_total -1\n",
            "# HELP a b\n# TYPE a counter\na 1\n", "# HELP a b\n# TYPE a thing\na 1\n",
            histogram + "a_bucket{le=\"1.0\"} 2\na_bucket{le=\"+Inf\"} 1\na_sum 1\na_count 1\n",
            histogram + "a_bucket{le=\"2.0\"} 1\na_bucket{le=\"1.0\"} 1\na_bucket{le=\"+Inf\"} 1\na_sum 1\na_count 1\n",
            histogram + "a_bucket{le=\"+Inf\"} 2\na_sum 1\na_count 1\n",
            histogram + "a_bucket{le=\"1.0\"} 1\na_sum 1\na_count 1\n",
            histogram + "a_bucket{le=\"+Inf\"} 2\na_sum 1\n", histogram + "a_bucket{le=\"1\"} 1\n",
        ])
    func `what is wrong is refused`(page: String) {
        #expect(throws: TestFailure.self) { try Exposition(page, openMetrics: false) }
    }

    @Test(
        arguments: [
            gauge + "a 1\n", gauge + "a 1\n# EOF", gauge + "# EOF\na 1\n", gauge + "a 1\n# EOF\n\n",
            "# HELP a_total b\n# TYPE a_total counter\na_total 1\n# EOF\n",
            "# HELP a b\n# TYPE a counter\na 1\n# EOF\n",
            "# HELP a b\n# TYPE a gauge\n# UNIT a seconds\na 1\n# EOF\n", "# HELP a \"\n# TYPE a gauge\na 1\n# EOF\n",
        ])
    func `and so in OpenMetrics`(page: String) {
        #expect(throws: TestFailure.self) { try Exposition(page, openMetrics: true) }
    }

    @Test func `what is right is read`() throws {
        let page = try Exposition(
            Self.gauge + "a{x=\"\\\"\\\\\\n{} ,\",y=\"\"} -1.5e+3\na 2\n"
                + "# HELP b_total \"c\\\\\n# TYPE b_total counter\nb_total 3\n",
            openMetrics: false)
        #expect(page.families.map(\.name) == ["a", "b_total"] && page.families[1].help == "\"c\\")
        #expect(page.samples[0].labels == ["x": "\"\\\n{} ,", "y": ""] && page.samples[0].value == -1500)
        #expect(page.value("b_total") == 3 && page.value("a", ["x": "1"]) == nil)
    }
}
