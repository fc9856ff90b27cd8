import Egress
import Testing

/// The samples of `/metrics`, as Prometheus reads them. Checks that every line has the text format.
struct Scrape {
    private(set) var types: [String: String] = [:]
    /// By name and labels, as written.
    private(set) var samples: [String: Double] = [:]

    init(_ answer: Answer) throws {
        try #require(answer.status == 200, "\(answer.text)")
        #expect(answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8")
        try #require(answer.text.hasSuffix("\n"))
        var family = ""
        for line in answer.text.split(separator: "\n") {
            if let type = line.wholeMatch(of: /# TYPE ([a-z_]+) (counter|gauge|histogram)/) {
                family = String(type.1)
                #expect(types.updateValue(String(type.2), forKey: family) == nil, "\(family) stands twice")
                #expect((type.2 == "counter") == family.hasSuffix("_total"), "\(family)")
            } else if line.wholeMatch(of: /# HELP [a-z_]+ .+/) == nil {
                let sample = try #require(
                    line.wholeMatch(of: /(([a-z_]+)(\{([a-z]+="([^"\\]|\\[\\n"])*",?)+\})?) ([-+.0-9e]+)/), "\(line)")
                let name = sample.2.replacing(/_(bucket|sum|count)$/, with: "")
                #expect(sample.2 == family || name == family && types[family] == "histogram", "\(line)")
                #expect(samples.updateValue(try #require(Double(sample.6)), forKey: String(sample.1)) == nil)
            }
        }
    }

    /// The routes of the request counters, such as `GET /jobs`.
    var routes: Set<String> {
        Set(
            samples.keys.compactMap {
                $0.wholeMatch(of: /verbatim_http_requests_total\{method="(\w+)",route="(\/.*)",status=".*"\}/)
            }.map { "\($0.1) \($0.2)" })
    }
}
