extension DocsPage {
    private static let schemaPrefix = "#/components/schemas/"

    /// Writes every named schema. The calls link to them.
    func writeSchemas(to html: inout HTML) {
        html.element("section", ["aria-labelledby": "schemas"]) { html in
            html.element("h2", ["id": "schemas"], text: "Schemas")
            for schema in document.root["components"]?["schemas"]?.members ?? [] {
                html.element("article", ["id": "schema-" + schema.key]) { html in
                    html.element("h3", text: schema.key)
                    html.prose(schema.value["description"]?.string)
                    html.element("p", ["class": "type"]) { writeType(schema.value, to: &$0) }
                    writeConstraints(schema.value, to: &html)
                    writeMembers(schema.value, to: &html)
                    for example in schema.value["examples"]?.items ?? [] where !example.isScalar {
                        html.element("pre", ["tabindex": "0"]) { $0.element("code", text: example.indented) }
                    }
                }
            }
        }
    }

    /// Writes what a body contains: a link if its schema has a name, else its members.
    func writeSchema(_ schema: JSONNode, to html: inout HTML) {
        let parts = schema["allOf"]?.items ?? [schema]
        html.element("p", ["class": "type"]) { html in
            for (index, part) in parts.filter({ $0["$ref"] != nil || $0["type"] != nil }).enumerated() {
                if index > 0 { html.text(" and ") }
                writeType(part, to: &html)
            }
        }
        for part in parts where part["$ref"] == nil {
            html.prose(part["description"]?.string)
            writeConstraints(part, to: &html)
            writeMembers(part, to: &html)
        }
    }

    /// Writes the members of an object, or of a list's items, and their members.
    private func writeMembers(_ schema: JSONNode, to html: inout HTML) {
        if let items = schema["items"], items["$ref"] == nil { return writeMembers(items, to: &html) }
        guard let members = schema["properties"]?.members, !members.isEmpty else { return }
        let required = (schema["required"]?.items ?? []).compactMap(\.string)
        html.element("dl") { html in
            for member in members {
                html.element("dt") { html in
                    html.element("code", text: member.key)
                    html.text(" ")
                    html.element("span", ["class": "type"]) { writeType(member.value, to: &$0) }
                    if required.contains(member.key) { html.element("em", text: " required") }
                }
                html.element("dd") { html in
                    if member.value["$ref"] == nil {
                        html.prose(member.value["description"]?.string)
                        writeConstraints(member.value, to: &html)
                        writeMembers(member.value, to: &html)
                    }
                }
            }
        }
    }

    /// Writes a type in a few words: `string`, `array of Word`, `Job or null`.
    func writeType(_ schema: JSONNode, to html: inout HTML) {
        if let pointer = schema["$ref"]?.string {
            let name = String(pointer.split(separator: "/").last ?? "")
            if pointer.hasPrefix(Self.schemaPrefix) {
                html.element("a", ["href": "#schema-" + name], text: name)
            } else {
                html.text(name)
            }
        } else if let value = schema["const"] {
            html.element("code", text: value.indented)
        } else if let choices = schema["oneOf"]?.items ?? schema["anyOf"]?.items {
            for (index, choice) in choices.enumerated() {
                if index > 0 { html.text(" or ") }
                writeType(choice, to: &html)
            }
        } else {
            let types = schema["type"]?.string.map { [$0] } ?? (schema["type"]?.items ?? []).compactMap(\.string)
            html.text(types.joined(separator: " or "))
            if let items = schema["items"] {
                html.text(" of ")
                writeType(items, to: &html)
            }
            if let format = schema["format"]?.string { html.text(" (\(format))") }
        }
    }

    private static let bounds: KeyValuePairs<String, String> = [
        "enum": "one of", "x-extensible-enum": "one of these, or a value that later versions add:",
        "default": "default",
        "minimum": "at least", "maximum": "at most",
        "minLength": "minimum length in characters:", "maxLength": "maximum length in characters:",
        "minItems": "minimum number of items:", "maxItems": "maximum number of items:",
        "maxProperties": "maximum number of members:", "pattern": "matches",
    ]

    /// Writes the constraints of a value.
    func writeConstraints(_ schema: JSONNode, to html: inout HTML) {
        guard Self.bounds.contains(where: { schema[$0.key] != nil }) else { return }
        html.element("ul", ["class": "bounds"]) { html in
            for (key, words) in Self.bounds {
                guard let value = schema[key] else { continue }
                html.element("li") { html in
                    html.text(words + " ")
                    for (index, choice) in (value.items.isEmpty ? [value] : value.items).enumerated() {
                        if index > 0 { html.text(", ") }
                        html.element("code", text: choice.string ?? choice.indented)
                    }
                }
            }
        }
    }
}
