/// An XML response of the store, with the elements of the first two levels below the root. It is always a complete document.
struct S3Document: Sendable {
    /// The root's name, without its namespace.
    let root: String
    /// The elements below the root, in order. They contain text or further elements.
    let children: [Element]

    struct Element: Sendable {
        let name: String
        /// The text of an element without further elements.
        var text = ""
        var fields: [(name: String, text: String)] = []

        subscript(name: String) -> String? { fields.first { $0.name == name }?.text }
    }

    private static let mostElements = 20_000

    /// Nil if the document is incomplete or malformed, or larger than any response that we expect.
    init?(_ bytes: [UInt8]) {
        var reader = XMLReader(bytes)
        var path: [String] = []
        var root: String?
        var children: [Element] = []
        var count = 0
        while let event = reader.next() {
            switch event {
            case .start(let name, _):
                let name = Self.local(name)
                count += 1
                guard path.count < 8, count <= Self.mostElements, !path.isEmpty || root == nil else { return nil }
                switch path.count {
                case 0: root = name
                case 1: children.append(Element(name: name))
                case 2: children[children.count - 1].fields.append((name, ""))
                default: break
                }
                path.append(name)
            case .end(let name):
                guard path.popLast() == Self.local(name) else { return nil }
            case .text(let text):
                switch path.count {
                case 2: children[children.count - 1].text += text
                case 3:
                    let last = children.count - 1
                    children[last].fields[children[last].fields.count - 1].text += text
                default: break
                }
            }
        }
        // A truncated document must not be taken for a short one.
        guard let root, path.isEmpty else { return nil }
        self.root = root
        self.children = children
    }

    func values(_ name: String) -> [String] { children.filter { $0.name == name }.map(\.text) }

    /// Returns an element's name without its namespace.
    static func local(_ name: String) -> String {
        name.split(separator: ":", maxSplits: 1).last.map(String.init) ?? name
    }
}
