extension DocsPage {
    /// One call: what it is for, what it takes, what it answers.
    func write(_ operation: APIDocument.Operation, to html: inout HTML) {
        let anchor = Self.anchor(operation)
        html.element("article", ["id": anchor, "aria-labelledby": anchor + "-name"]) { html in
            html.element("h3", ["id": anchor + "-name"]) { html in
                html.element("b", ["class": "method"], text: operation.method)
                html.element("code", text: operation.path)
            }
            if let summary = operation.node["summary"]?.string {
                html.element("p", ["class": "summary"]) { $0.phrase(summary) }
            }
            html.prose(operation.node["description"]?.string)
            if operation.node["security"]?.items.isEmpty == true {
                html.element("p", ["class": "note"], text: "Needs no access token.")
            }
            writeParameters(operation.parameters, to: &html)
            if let body = operation.node["requestBody"] { writeBody(document.resolved(body), to: &html) }
            writeAnswers(operation.node["responses"]?.members ?? [], to: &html)
        }
    }

    private func writeParameters(_ parameters: [JSONNode], to html: inout HTML) {
        guard !parameters.isEmpty else { return }
        html.element("h4", text: "Parameters")
        html.element("dl") { html in
            for parameter in parameters {
                html.element("dt") { html in
                    html.element("code", text: parameter["name"]?.string ?? "")
                    html.element("span", ["class": "type"]) { html in
                        html.text(" in the \(parameter["in"]?.string ?? ""), ")
                        writeType(parameter["schema"] ?? .null, to: &html)
                    }
                    if parameter["required"]?.isTrue == true { html.element("em", text: " required") }
                }
                html.element("dd") { html in
                    html.prose(parameter["description"]?.string)
                    writeConstraints(parameter["schema"] ?? .null, to: &html)
                }
            }
        }
    }

    private func writeBody(_ body: JSONNode, to html: inout HTML) {
        html.element("h4") { html in
            html.text("Body")
            if body["required"]?.isTrue == true { html.element("em", text: " required") }
        }
        html.prose(body["description"]?.string)
        writeContent(body["content"]?.members ?? [], to: &html)
    }

    private func writeAnswers(_ answers: [JSONNode.Member], to html: inout HTML) {
        html.element("h4", text: "Answers")
        for answer in answers {
            let response = document.resolved(answer.value)
            html.element("details") { html in
                html.element("summary") { html in
                    html.element("b", ["class": "status status-" + answer.key.prefix(1)], text: answer.key)
                    html.text(" ")
                    html.phrase(Self.firstSentence(response["description"]?.string ?? ""))
                }
                html.prose(response["description"]?.string)
                writeCodes(response["x-error-codes"]?.items ?? [], to: &html)
                writeLinks(response["links"]?.members ?? [], to: &html)
                writeHeaders(response["headers"]?.members ?? [], to: &html)
                writeContent(response["content"]?.members ?? [], to: &html)
            }
        }
    }

    /// The values that `error` may have in the answer.
    private func writeCodes(_ codes: [JSONNode], to html: inout HTML) {
        guard !codes.isEmpty else { return }
        html.element("p") { html in
            html.text("Error codes: ")
            for (index, code) in codes.enumerated() {
                if index > 0 { html.text(", ") }
                html.element("code", text: code.string ?? "")
            }
            html.text(".")
        }
    }

    /// Links to the calls for which the answer can be used.
    private func writeLinks(_ links: [JSONNode.Member], to html: inout HTML) {
        let operations = document.operations
        let called = links.compactMap { link in
            let name = document.resolved(link.value)["operationId"]
            return operations.first { $0.node["operationId"] == name }
        }
        guard !called.isEmpty else { return }
        html.element("p") { html in
            html.text("Next: ")
            for (index, operation) in called.enumerated() {
                if index > 0 { html.text(", ") }
                html.element(
                    "a", ["href": "#" + Self.anchor(operation)], text: "\(operation.method) \(operation.path)")
            }
            html.text(".")
        }
    }

    private func writeHeaders(_ headers: [JSONNode.Member], to html: inout HTML) {
        guard !headers.isEmpty else { return }
        html.element("dl") { html in
            for header in headers {
                let node = document.resolved(header.value)
                html.element("dt") { html in
                    html.element("code", text: header.key)
                    html.element("span", ["class": "type"]) { html in
                        html.text(" header, ")
                        writeType(node["schema"] ?? .null, to: &html)
                    }
                }
                html.element("dd") { html in
                    html.prose(node["description"]?.string)
                    writeConstraints(node["schema"] ?? .null, to: &html)
                }
            }
        }
    }

    /// Writes what a body contains, once for each content type.
    private func writeContent(_ content: [JSONNode.Member], to html: inout HTML) {
        for type in content {
            html.element("p", ["class": "media"]) { $0.element("code", text: type.key) }
            if let schema = type.value["schema"] { writeSchema(schema, to: &html) }
            let examples = type.value["example"].map { [JSONNode.Member(key: "Example", value: $0)] } ?? []
            let named = (type.value["examples"]?.members ?? []).map {
                JSONNode.Member(key: "Example: " + $0.key, value: $0.value["value"] ?? .null)
            }
            for example in examples + named {
                html.element("figure") { html in
                    html.element("figcaption", text: example.key)
                    html.element("pre", ["tabindex": "0"]) {
                        $0.element("code", text: example.value.string ?? example.value.indented)
                    }
                }
            }
        }
    }

    private static func firstSentence(_ text: String) -> String {
        let line = String(text.split(separator: "\n\n").first ?? "").replacing("\n", with: " ")
        guard let end = line.firstRange(of: ". ") else { return line }
        return line[..<end.lowerBound] + "."
    }
}
