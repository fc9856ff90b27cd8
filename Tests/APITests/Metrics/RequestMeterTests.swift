import API
import Testing

@Suite struct RequestMeterTests {
    private func lines(_ meter: RequestMeter) -> [String] {
        var text = PrometheusText()
        meter.write(to: &text)
        return text.text.split(separator: "\n").map(String.init)
    }

    @Test func `answers count by route, method and class of status`() {
        let meter = RequestMeter()
        for status in [200, 202, 404, 500] { meter.begin("GET").answered(route: "/jobs/{id}", status: status) }
        let seen = lines(meter)
        for (status, count) in [("2xx", 2), ("4xx", 1), ("5xx", 1)] {
            #expect(
                seen.contains(
                    #"verbatim_http_requests_total{method="GET",route="/jobs/{id}",status="\#(status)"} \#(count)"#))
        }
        #expect(
            seen.contains(#"verbatim_http_request_duration_seconds_count{method="GET",route="/jobs/{id}"} 4"#))
        #expect(seen.contains("verbatim_http_requests_in_flight 0"))
    }

    @Test func `what strangers make up makes no series of its own`() {
        let meter = RequestMeter()
        for number in 0..<1000 { meter.begin("M\(number)").answered(route: nil, status: 404) }
        let seen = lines(meter).filter { $0.hasPrefix("verbatim_http_requests_total{") }
        #expect(seen == [#"verbatim_http_requests_total{method="other",route="none",status="4xx"} 1000"#])
    }

    @Test func `a request is under way until it is answered, once, or nobody holds it any more`() {
        let meter = RequestMeter()
        let first = meter.begin("GET")
        var abandoned: RequestMeasurement? = meter.begin("GET")
        #expect(abandoned != nil)
        #expect(lines(meter).contains("verbatim_http_requests_in_flight 2"))
        abandoned = nil
        #expect(lines(meter).contains("verbatim_http_requests_in_flight 1"))
        first.answered(route: "/a", status: 200)
        first.answered(route: "/a", status: 200)
        let seen = lines(meter)
        #expect(seen.contains("verbatim_http_requests_in_flight 0"))
        #expect(seen.contains(#"verbatim_http_requests_total{method="GET",route="/a",status="2xx"} 1"#))
    }
}
