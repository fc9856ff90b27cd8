import Cryptography
import FoundationEssentials

/// The API's description as one page of HTML, without scripts, images or anything from elsewhere. It is made once.
package struct DocsPage {
    let document: APIDocument

    package init(_ document: APIDocument) { self.document = document }

    /// Lets a browser apply the style sheet of the page and nothing else, whatever the page may contain.
    package static let contentSecurityPolicy =
        "default-src 'none'; style-src 'sha256-\(styleDigest)'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

    private static var styleDigest: String {
        Data(SHA256.hash(Array("\(style)".utf8))).base64EncodedString()
    }

    package var markup: String {
        let info = document.root["info"]
        let title = info?["title"]?.string ?? "API"
        var html = HTML()
        html.raw("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">")
        html.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">")
        html.raw("<meta name=\"color-scheme\" content=\"light dark\">")
        html.element("title", text: title + " API")
        html.element("style") { $0.raw(Self.style) }
        html.raw("</head><body><a class=\"skip\" href=\"#calls\">Skip to the calls</a><header>")
        html.element("h1") {
            $0.text(title + " API ")
            $0.element("small", text: document.version)
        }
        html.element("p") { $0.phrase(info?["summary"]?.string ?? "") }
        html.raw("</header><div class=\"columns\">")
        writeContents(to: &html)
        html.element("main", ["id": "calls"]) { html in
            writeIntroduction(to: &html)
            for tag in tags {
                html.element("section", ["aria-labelledby": "tag-" + tag.name]) { html in
                    html.element("h2", ["id": "tag-" + tag.name], text: tag.name)
                    html.prose(tag.description)
                    for operation in tag.operations { write(operation, to: &html) }
                }
            }
            writeSchemas(to: &html)
        }
        html.raw("</div></body></html>\n")
        return html.markup
    }

    struct Tag {
        let name: String
        let description: String?
        let operations: [APIDocument.Operation]
    }

    /// The document's tags in their order, each with its calls; then the calls that have none.
    var tags: [Tag] {
        let operations = document.operations
        func tag(_ operation: APIDocument.Operation) -> String? { operation.node["tags"]?.items.first?.string }
        let known = (document.root["tags"]?.items ?? []).compactMap { node in
            node["name"]?.string.map { name in
                Tag(
                    name: name, description: node["description"]?.string,
                    operations: operations.filter { tag($0) == name })
            }
        }
        let names = known.map(\.name)
        let others = operations.filter { operation in !names.contains { $0 == tag(operation) } }
        return known + (others.isEmpty ? [] : [Tag(name: "Others", description: nil, operations: others)])
    }

    static func anchor(_ operation: APIDocument.Operation) -> String {
        "call-" + (operation.node["operationId"]?.string ?? operation.method + operation.path)
    }

    private func writeContents(to html: inout HTML) {
        html.element("nav", ["aria-label": "Calls"]) { html in
            for tag in tags {
                html.element("p") { $0.element("a", ["href": "#tag-" + tag.name], text: tag.name) }
                html.element("ul") { html in
                    for operation in tag.operations {
                        html.element("li") {
                            $0.element("a", ["href": "#" + Self.anchor(operation)]) { html in
                                html.element("b", text: operation.method)
                                html.text(" " + operation.path)
                            }
                        }
                    }
                }
            }
            html.element("p") { $0.element("a", ["href": "#schemas"], text: "Schemas") }
        }
    }

    private func writeIntroduction(to html: inout HTML) {
        html.element("section", ["aria-label": "Introduction"]) { html in
            html.prose(document.root["info"]?["description"]?.string)
            html.element("p") { html in
                html.text("All paths are relative to ")
                html.element("code", text: document.root["servers"]?.items.first?["url"]?.string ?? "/")
                html.text(". For programs: ")
                html.element("a", ["href": "openapi.json"], text: "openapi.json")
                html.text(" (OpenAPI \(document.root["openapi"]?.string ?? "")).")
            }
        }
    }
}
