import API
import Foundation
import TestSupport
import Testing

@Suite struct DocsPageTests {
    private let document: APIDocument

    init() throws { document = try APIDocument(path: Checkout.root + "/openapi.json") }

    @Test func `the page has every call, answer and schema of the document`() {
        let page = DocsPage(document.served(at: "https://api.example")).markup
        #expect(!document.operations.isEmpty)
        for operation in document.operations {
            let id = operation.node["operationId"]?.string ?? "-"
            #expect(page.contains("<article id=\"call-\(id)\""), "\(id)")
            #expect(page.contains("<a href=\"#call-\(id)\">"), "\(id)")
        }
        for schema in document.root["components"]?["schemas"]?.members ?? [] {
            #expect(page.contains("<article id=\"schema-\(schema.key)\">"))
        }
        #expect(page.contains("https://api.example"))
        #expect(!page.contains("<script") && !page.contains(" style=") && !page.contains("http-equiv"))
    }

    @Test func `every link of the page leads somewhere`() {
        let page = DocsPage(document).markup
        let ids = Set(page.matches(of: /\ id="([^"]+)"/).map { String($0.1) })
        for link in page.matches(of: /href="([^"]+)"/).map({ String($0.1) }) where link != "openapi.json" {
            #expect(link.hasPrefix("#") && ids.contains(String(link.dropFirst())), "\(link)")
        }
        #expect(ids.count == page.matches(of: /\ id="/).count, "an id stands twice")
    }

    @Test func `whatever stands in the document is shown, never done`() throws {
        let evil = #"</style></code><script>alert(1)</script>\"'&`<b>`**<i>**"#
        let text = """
            {"openapi":"\(evil)","info":{"title":"\(evil)","version":"\(evil)","summary":"\(evil)","description":"\(evil)"},
            "servers":[{"url":"javascript:\(evil)"}],"tags":[{"name":"\(evil)","description":"\(evil)"}],
            "paths":{"/\(evil)":{"get":{"tags":["\(evil)"],"operationId":"\(evil)","summary":"\(evil)","description":"\(evil)",
            "parameters":[{"name":"\(evil)","in":"\(evil)","description":"\(evil)","schema":{"type":"\(evil)","enum":["\(evil)"]}}],
            "requestBody":{"description":"\(evil)","content":{"\(evil)":{"schema":{"$ref":"#/components/schemas/\(evil)"}}}},
            "responses":{"\(evil)":{"description":"\(evil)","headers":{"\(evil)":{"description":"\(evil)"}},
            "content":{"\(evil)":{"schema":{"const":"\(evil)"},"example":{"\(evil)":"\(evil)"},"examples":{"\(evil)":{"value":"\(evil)"}}}}}}}}},
            "components":{"schemas":{"\(evil)":{"description":"\(evil)","pattern":"\(evil)","properties":{"\(evil)":{"type":"\(evil)"}}}}}}
            """
        let page = DocsPage(try APIDocument(bytes: Array(text.utf8))).markup
        #expect(page.contains("&lt;script&gt;alert(1)"))
        for tag in ["<script", "<b>&", "<i>", "</style></code>", "'&`"] { #expect(!page.contains(tag), "\(tag)") }
        #expect(page.matches(of: /<\/style>/).count == 1)
    }

    @Test func `a reference that leads round and round ends`() throws {
        let ring = ##"{"paths":{},"a":{"$ref":"#/b"},"b":{"$ref":"#/a"}}"##
        let document = try APIDocument(bytes: Array(ring.utf8))
        _ = document.resolved(try #require(document.root["a"]))
        #expect(DocsPage(document).markup.contains("</html>"))
    }

    @Test func `every reference of the document leads somewhere`() {
        func check(_ node: JSONNode) {
            if let pointer = node["$ref"]?.string { #expect(document.root.value(at: pointer) != nil, "\(pointer)") }
            for member in node.members { check(member.value) }
            for item in node.items { check(item) }
        }
        check(document.root)
    }

    @Test func `the document has every error code there is, under its status, and no other`() {
        let problem = document.root.value(at: "#/components/schemas/Problem/properties/error/x-extensible-enum")
        #expect(Set((problem?.items ?? []).compactMap(\.string)) == Set(ErrorCode.allCases.map(\.rawValue)))
        for operation in document.operations {
            for answer in operation.node["responses"]?.members ?? [] {
                let answered = document.resolved(answer.value)
                let codes = answered["x-error-codes"]?.items ?? []
                #expect(codes.isEmpty == (answered["content"]?["application/problem+json"] == nil))
                for code in codes {
                    let status = code.string.flatMap { ErrorCode(rawValue: $0)?.status }.map(String.init)
                    #expect(status == answer.key, "\(operation.method) \(operation.path): \(code)")
                }
            }
        }
    }
}
