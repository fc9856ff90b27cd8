extension Lexicon {
    /// What is understood in every language.
    mutating func addEverywhere() {
        for letter in "abcdefghijklmnopqrstuvwxyz" { letters("\(letter)=\(letter)") }
        words("tel telefon telefono telefone telephone phone fax mobile mobil handy whatsapp sms call", .phoneCue)
        words("celular telemovel ligue telefoon bel telefonu telefonnummer telefonnumer", .phoneCue)
        words("mail email emails correo", .mailCue)
        words("ssn", .socialCue)
        words("isbn imei iccid vin sku id sn vat", .otherNumberCue)
        words("version firmware release build", .versionCue)
        words("bytes bits kg km cm mm mg ml kb mb gb tb hz khz mhz ghz kw kwh mph", .unit)
        words("usd eur gbp chf", .unit)
        words(
            """
            gmail googlemail yahoo hotmail outlook icloud aol gmx web live msn protonmail proton posteo mailbox freenet tonline \
            orange wanadoo laposte libero virgilio tiscali alice sfr free terra telefonica comcast verizon btinternet bluewin
            """, .mailHost)
        words(
            """
            com org net edu gov mil int info biz io co ai app dev eu uk us ca au nz ie de at ch li fr be lu nl es pt it mx ar cl pe \
            br se no dk fi is pl cz sk hu ro bg gr tr ru ua il in cn jp kr tw hk sg za me tv cc name pro tech online shop cloud \
            email club site xyz museum cat
            """, .topDomain)
        sign(".", "dot")
        sign("_", "underscore")
        // Thai, Japanese, Chinese, Korean, Arabic, Hebrew, Russian, Polish.
        words("電話 电话 手机 携帯 電話番号 电话号码 전화 전화번호 هاتف טלפון телефон телефона номер", .phoneCue)
        words("uh um er erm ah ahm eh ehm hm hmm mm mmm euh heu mh", [.filler, .hesitation])
        words("mhm uhhuh ok okay aha", .pause)
        words(
            "capital uppercase lowercase grosses kleines majuscule minuscule mayuscula minuscula maiuscola minuscola",
            .letterCase)
        sign("'", "apostrophe apostroph apostrofo")
        // NATO.
        spelling(
            """
            alpha alfa bravo charlie delta echo foxtrot golf hotel india juliet juliett kilo lima mike november oscar papa quebec romeo \
            sierra tango uniform victor whiskey whisky xray yankee zulu
            """)
    }
}
