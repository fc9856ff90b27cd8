/// The language to recognize: one that the customer names, the one that is detected, or several that the recording changes between.
package enum LanguageChoice: Sendable, Equatable {
    case automatic
    case mixed
    case code(String)

    /// Nil unless `text` is `auto`, `multi` or one of Whisper's codes.
    package init?(_ text: String) {
        let code = text.lowercased()
        if code == "auto" {
            self = .automatic
        } else if code == "multi" {
            self = .mixed
        } else if Self.codes.contains(code) {
            self = .code(code)
        } else {
            return nil
        }
    }

    package var text: String {
        switch self {
        case .automatic: "auto"
        case .mixed: "multi"
        case .code(let code): code
        }
    }

    /// The codes that Whisper Large-v3 knows.
    package static let codes: Set<String> = Set(
        """
        af am ar as az ba be bg bn bo br bs ca cs cy da de el en es et eu fa fi fo fr gl gu ha haw he hi hr ht hu hy id is it \
        ja jw ka kk km kn ko la lb ln lo lt lv mg mi mk ml mn mr ms mt my ne nl nn no oc pa pl ps pt ro ru sa sd si sk sl sn \
        so sq sr su sv sw ta te tg th tk tl tr tt uk ur uz vi yi yo yue zh
        """.split(whereSeparator: \.isWhitespace).map(String.init))
}
