/// What the simulated account is like.
package struct SimulatorSettings: Sendable {
    package var apiKey = "simulated-key"
    /// The model ids that are accepted, each with the language codes that it knows.
    package var models: [String: Set<String>] = [
        "universal-3-5-pro": ["en", "es", "de", "fr", "it", "pt"],
        "universal-2": Self.languagesOfUniversal2,
    ]
    /// Ids that were accepted once: since July 2026 they are answered 400, with the names to use instead.
    package var retired: Set<String> = []
    /// What a refused list of models is answered in place of that.
    package var modelRefusal: String?
    /// How many polls of each transcript find it unfinished: the first of them `queued`, the others `processing`.
    package var unfinishedPolls = 1
    /// Every submission is refused for want of money.
    package var balanceIsEmpty = false
    /// What is said in a recording.
    package var words: @Sendable (UploadedAudio) -> [SimulatedWord] = { SimulatedWord.counting(in: $0) }

    package init() {}

    /// The vendor's list: 99 languages, no Cantonese, and three more ways to say English.
    private static let languagesOfUniversal2: Set<String> = Set(
        """
        af am ar as az ba be bg bn bo br bs ca cs cy da de el en en_au en_uk en_us es et eu fa fi fo fr gl gu ha haw he hi \
        hr ht hu hy id is it ja jw ka kk km kn ko la lb ln lo lt lv mg mi mk ml mn mr ms mt my ne nl nn no oc pa pl ps pt \
        ro ru sa sd si sk sl sn so sq sr su sv sw ta te tg th tk tl tr tt uk ur uz vi yi yo zh
        """.split(whereSeparator: \.isWhitespace).map(String.init))
}
