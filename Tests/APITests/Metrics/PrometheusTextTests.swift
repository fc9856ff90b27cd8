import API
import Pipeline
import Testing

@Suite struct PrometheusTextTests {
    @Test func `a family has its help, its type and its samples`() {
        var text = PrometheusText()
        text.family("verbatim_jobs", .gauge, "Unfinished jobs.") {
            $0.sample(3, ["state": "waiting"])
            $0.sample(0.25, ["state": "running", "kind": "x"])
        }
        text.single("verbatim_things_total", .counter, "Things.", 1e15)
        #expect(
            text.text == """
                # HELP verbatim_jobs Unfinished jobs.
                # TYPE verbatim_jobs gauge
                verbatim_jobs{state="waiting"} 3
                verbatim_jobs{state="running",kind="x"} 0.25
                # HELP verbatim_things_total Things.
                # TYPE verbatim_things_total counter
                verbatim_things_total 1000000000000000

                """)
    }

    @Test func `what would end a label or a line is escaped, and nothing else`() {
        var text = PrometheusText()
        text.family("a", .gauge, "A \"help\" of\ntwo \\ lines") { $0.sample(1, ["b": "\"} 1\nc\\ ü\t'"]) }
        #expect(
            text.text == """
                # HELP a A "help" of\\ntwo \\\\ lines
                # TYPE a gauge
                a{b="\\"} 1\\nc\\\\ ü\t'"} 1

                """)
    }

    @Test func `numbers that are none have their names`() {
        var text = PrometheusText()
        text.family("a", .gauge, "") {
            for value in [Double.infinity, -.infinity, .nan, -2.5, 1e300] { $0.sample(value) }
        }
        #expect(text.text.hasSuffix("\na +Inf\na -Inf\na NaN\na -2.5\na 1e+300\n"))
    }

    @Test func `buckets count all that is not longer`() {
        var histogram = DurationHistogram()
        for milliseconds in [1, 5, 6, 99, 700_000] { histogram.add(.milliseconds(milliseconds)) }
        var text = PrometheusText()
        text.family("d", .histogram, "") { $0.histogram(histogram, ["method": "GET", "route": "/r"]) }
        let lines = text.text.split(separator: "\n").map(String.init)
        let labels = #"{method="GET",route="/r""#
        for (bound, count) in [("0.005", 2), ("0.01", 3), ("0.1", 4), ("300", 4), ("+Inf", 5)] {
            #expect(lines.contains("d_bucket\(labels),le=\"\(bound)\"} \(count)"))
        }
        #expect(lines.contains("d_count\(labels)} 5"))
        #expect(lines.contains { $0.hasPrefix("d_sum\(labels)} 700.11") })
        #expect(histogram.count == 5)
    }
}
