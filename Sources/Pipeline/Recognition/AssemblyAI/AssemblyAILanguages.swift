/// Which of our languages AssemblyAI recognises, by the codes that both use.
enum AssemblyAILanguages {
    /// Those of `universal-2`, the model that knows the most: Whisper's without Cantonese.
    ///
    /// Written out, because a language that Whisper learns later is not thereby known there.
    static let known: Set<String> = Set(
        """
        af am ar as az ba be bg bn bo br bs ca cs cy da de el en es et eu fa fi fo fr gl gu ha haw he hi hr ht hu hy id is it \
        ja jw ka kk km kn ko la lb ln lo lt lv mg mi mk ml mn mr ms mt my ne nl nn no oc pa pl ps pt ro ru sa sd si sk sl sn \
        so sq sr su sv sw ta te tg th tk tl tr tt uk ur uz vi yi yo zh
        """.split(whereSeparator: \.isWhitespace).map(String.init))
}
