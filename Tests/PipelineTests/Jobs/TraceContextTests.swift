import Pipeline
import TestSupport
import Testing

@Suite struct TraceContextTests {
    private static let example = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    @Test func `a trace is read as W3C writes it, and written back`() throws {
        let trace = try #require(TraceContext(header: Self.example))
        #expect(trace.traceID == "4bf92f3577b34da6a3ce929d0e0e4736")
        #expect(trace.header == Self.example)
        // A later version may say more than we understand.
        let later = try #require(TraceContext(header: "cc" + Self.example.dropFirst(2) + "-what-the-future-brings"))
        #expect(later.header == Self.example)
    }

    @Test(arguments: [
        "", "00", "4bf92f3577b34da6a3ce929d0e0e4736",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
        "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01more",
        "00-4bf92f3577b34da6a3ce929d0e0e473-600f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0g",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b\r-01",
        "00-4bf92f3577b34da6a3ce929d0e0e47é-00f067aa0ba902b7-01",
    ])
    func `anything else is no trace`(header: String) { #expect(TraceContext(header: header) == nil) }

    @Test func `a call has the trace's id and mark, and an id of its own`() throws {
        let trace = try #require(TraceContext(header: Self.example))
        let calls = [trace.call, trace.call]
        #expect(Set(calls.map(\.header) + [trace.header]).count == 3)
        for call in calls {
            #expect(call.header.hasPrefix("00-\(trace.traceID)-") && call.header.hasSuffix("-01"))
            #expect(TraceContext(header: call.header) == call)
        }
        #expect(TraceContext.callHeaders.isEmpty)
        let headers = TraceContext.$current.withValue(trace) { TraceContext.callHeaders }
        #expect(headers.map(\.name) == ["traceparent"])
        #expect(headers[0].value.contains(trace.traceID))
    }

    @Test func `new traces are valid, and no two are alike`() {
        let traces = (0..<1000).map { _ in TraceContext() }
        #expect(Set(traces.map(\.traceID)).count == 1000)
        #expect(traces.allSatisfy { TraceContext(header: $0.header) == $0 })
    }
}
