/// An answer of the store's: elements two levels deep at most matter in it. Made only of a document that is whole.
struct S3Document: Sendable {
    /// The root's name, without its namespace.
    let root: String
    /// The elements below the root, in order: those with text alone, and those with elements.
    let children: [Element]

    struct Element: Sendable {
        let name: String
        /// Of one that holds no elements.
        var text = ""
        var fields: [(name: String, text: String)] = []

        subscript(name: String) -> String? { fields.first { $0.name == name }?.text }
    }

    private static let mostElements = 20_000

    /// Nil when it ends early, is no such document, or has more in it than any answer of ours.
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
        // A document that broke off must not pass for a short one.
        guard let root, path.isEmpty else { return nil }
        self.root = root
        self.children = children
    }

    func values(_ name: String) -> [String] { children.filter { $0.name == name }.map(\.text) }

    private static func local(_ name: String) -> String {
        name.split(separator: ":", maxSplits: 1).last.map(String.init) ?? name
    }
}
