/// The English names of the languages that Whisper knows.
enum LanguageName {
    /// Returns the name for a language's code ("de", also "de_at"); nil for an unknown code.
    static func english(_ code: String) -> String? {
        names[code.lowercased().prefix { $0 != "-" && $0 != "_" }].map(String.init)
    }

    private static let names: [Substring: Substring] = Dictionary(
        table.split(separator: "\n").flatMap { $0.split(separator: ", ") }.map { entry in
            (entry.prefix { $0 != " " }, entry.drop { $0 != " " }.dropFirst())
        }, uniquingKeysWith: { first, _ in first })

    private static let table = """
        af Afrikaans, am Amharic, ar Arabic, as Assamese, az Azerbaijani, ba Bashkir, be Belarusian, bg Bulgarian
        bn Bengali, bo Tibetan, br Breton, bs Bosnian, ca Catalan, cs Czech, cy Welsh, da Danish, de German, el Greek
        en English, es Spanish, et Estonian, eu Basque, fa Persian, fi Finnish, fo Faroese, fr French, gl Galician
        gu Gujarati, ha Hausa, haw Hawaiian, he Hebrew, hi Hindi, hr Croatian, ht Haitian Creole, hu Hungarian
        hy Armenian, id Indonesian, is Icelandic, it Italian, ja Japanese, jw Javanese, ka Georgian, kk Kazakh
        km Khmer, kn Kannada, ko Korean, la Latin, lb Luxembourgish, ln Lingala, lo Lao, lt Lithuanian, lv Latvian
        mg Malagasy, mi Maori, mk Macedonian, ml Malayalam, mn Mongolian, mr Marathi, ms Malay, mt Maltese, my Burmese
        ne Nepali, nl Dutch, nn Norwegian Nynorsk, no Norwegian, oc Occitan, pa Punjabi, pl Polish, ps Pashto
        pt Portuguese, ro Romanian, ru Russian, sa Sanskrit, sd Sindhi, si Sinhala, sk Slovak, sl Slovenian, sn Shona
        so Somali, sq Albanian, sr Serbian, su Sundanese, sv Swedish, sw Swahili, ta Tamil, te Telugu, tg Tajik
        th Thai, tk Turkmen, tl Tagalog, tr Turkish, tt Tatar, uk Ukrainian, ur Urdu, uz Uzbek, vi Vietnamese
        yi Yiddish, yo Yoruba, yue Cantonese, zh Chinese
        """
}
