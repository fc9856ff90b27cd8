extension Lexicon {
    mutating func addGerman() {
        let here = SpokenLanguages.german
        let units = ["", "ein", "zwei", "drei", "vier", "funf", "sechs", "sieben", "acht", "neun"]
        let teens = [
            "zehn", "elf", "zwolf", "dreizehn", "vierzehn", "funfzehn", "sechzehn", "siebzehn", "achtzehn", "neunzehn",
        ]
        let tens = ["", "", "zwanzig", "dreissig", "vierzig", "funfzig", "sechzig", "siebzig", "achtzig", "neunzig"]
        /// The word of 1 to 99; "eins" stands alone or last.
        func small(_ value: Int) -> String {
            switch value {
            case 1: "eins"
            case 2..<10: units[value]
            case 10..<20: teens[value - 10]
            default: (value % 10 == 0 ? "" : units[value % 10] + "und") + tens[value / 10]
            }
        }
        func add(_ word: String, _ value: Int) {
            number(word, value, here)
            // As written without umlauts and sharp s.
            if word.contains("funf") || word.contains("zwolf") {
                number(
                    word.replacing("funf", with: "fuenf").replacing("zwolf", with: "zwoelf"), value, here)
            }
            if word.contains("zwei") { number(word.replacing("zwei", with: "zwo"), value, here) }
        }
        add("null", 0)
        for value in 1..<100 { add(small(value), value) }
        for hundreds in 1..<10 {
            for lead in hundreds == 1 ? ["ein", ""] : [units[hundreds]] {
                add(lead + "hundert", hundreds * 100)
                for value in 1..<100 {
                    add(lead + "hundert" + small(value), hundreds * 100 + value)
                    add(lead + "hundertund" + small(value), hundreds * 100 + value)
                }
            }
        }
        add("tausend", 1_000)
        add("eintausend", 1_000)
        for value in 2..<10 { add(units[value] + "tausend", value * 1_000) }
        for value in 0..<10 {
            let word = value == 0 ? "null" : small(value)
            number("doppel" + word, value * 11, width: 2, here)
            number("dreifach" + word, value * 111, width: 3, here)
        }
        words("hundert", .hundred)
        words("tausend", .thousand)
        words("und", .joint)
        words("doppel doppelt doppelte zweimal", .double)
        words("dreifach dreimal tripel", .triple)
        words("mal", .times)
        words("leerzeichen die der das nochmal", .filler)
        words(
            "und dann ok okay ja genau gut weiter richtig danach also so jetzt wieder jawohl alles klar prima gern bitte stimmt hab ich",
            .pause)
        words("nein sorry moment entschuldigung quatsch falsch stopp", .correction)
        words("wie fur von", .example)
        words("million millionen milliarden", .unit)

        sign(".", "punkt dot")
        sign("-", "minus bindestrich strich gedankenstrich mittelstrich")
        sign("_", "unterstrich underscore tiefstrich")
        sign("+", "plus")
        sign("/", "schragstrich slash")
        sign(":", "doppelpunkt")
        sign(",", "komma")
        sign("@", "at ett klammeraffe affenschwanz klammeraffen")
        words("at ett", .weakAt)
        letters("doppelvau=w jot=j ypsilon=y eszett=s zett=z")
        spelling(
            """
            anton arger berta casar charlotte dora emil friedrich gustav heinrich ida julius kaufmann konrad ludwig martha nordpol otto \
            oskar paula quelle richard samuel siegfried schule theodor ulrich ubermut viktor wilhelm xanthippe xaver zacharias zeppelin \
            aachen berlin cottbus dusseldorf essen frankfurt goslar hamburg ingelheim jena koln leipzig munchen nurnberg potsdam \
            quickborn rostock salzwedel tubingen unna volklingen wuppertal xanten zwickau
            """)

        words(
            """
            handynummer telefonnummer rufnummer mobilnummer faxnummer durchwahl festnetz festnetznummer handy ruf rufen anrufen anruf \
            ruft rufe erreichen erreichst erreichbar wahle wahlen wahl hotline telefonisch mobiltelefon handynr telefonnr telefonat \
            zuruckrufen ruckruf melden schreib
            """, .phoneCue)
        words("nummer", .numberCue)
        words(
            """
            bestellnummer rechnungsnummer rechnung sendungsnummer kundennummer seriennummer aktenzeichen vorgangsnummer kontonummer \
            auftragsnummer vertragsnummer artikelnummer ticketnummer buchungsnummer buchung bestellung auftrag referenz referenznummer \
            postleitzahl plz hausnummer zimmernummer steuernummer mitgliedsnummer versicherungsnummer policennummer flug flugnummer \
            teilenummer modellnummer personalnummer fallnummer losnummer chargennummer paketnummer trackingnummer zahlernummer \
            ausweisnummer passnummer matrikelnummer bankleitzahl blz vertrag konto kassenzeichen identifikationsnummer geheimzahl \
            vorgang faktura belegnummer beleg patientennummer rezeptnummer charge los patent
            """, .otherNumberCue)
        words("sozialversicherungsnummer sozialversicherung social ssn", .socialCue)
        words("mail email mailadresse emailadresse adresse mailen e", .mailCue)
        words(
            "version kapitel abschnitt ziffer absatz paragraf paragraph release abbildung tabelle anhang", .versionCue)
        words(
            """
            euro cent dollar franken prozent kilo kilogramm gramm kilometer meter zentimeter millimeter liter stunden minuten sekunden tage \
            wochen monate jahre grad leute personen einwohner stuck stucke menschen tonnen uhr teile stimmen aktien punkte
            """, .unit)
        words(
            """
            der die das den dem des ein eine einen einem einer ist sind war waren sein an auf in im bei von vom zu zum zur mit und oder aber \
            wenn dass es ich du er sie wir ihr mir dir ihm ihnen uns euch mein meine meiner meinen dein deine ihre unser bitte nur auch \
            unter uber lautet heisst geschrieben einfach kleingeschrieben klein nicht ja nein hat haben habe hab kann wird wurde mail email adresse also noch jetzt mal
            """, .grammar)
        words(
            "der die das den dem ein eine einen einem einer mein meine meinem meiner dein unser unsere unserer ihre ihr sein seine dieser diese",
            .determiner)
        words("ist lautet heisst ware sind", .copula)
        words(
            """
            arbeitet arbeite arbeiten kaufe kaufen gekauft bestellt bestellen schau schauen online verfugbar leute finden steht details
            """, .beforeAt)
    }
}
