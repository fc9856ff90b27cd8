extension Lexicon {
    mutating func addItalian() {
        let here = SpokenLanguages.italian
        let units = ["", "uno", "due", "tre", "quattro", "cinque", "sei", "sette", "otto", "nove"]
        let teens = [
            "dieci", "undici", "dodici", "tredici", "quattordici", "quindici", "sedici", "diciassette", "diciotto",
            "diciannove",
        ]
        let tens = [
            "", "", "venti", "trenta", "quaranta", "cinquanta", "sessanta", "settanta", "ottanta", "novanta",
        ]
        func small(_ value: Int) -> String {
            switch value {
            case 1..<10: return units[value]
            case 10..<20: return teens[value - 10]
            default:
                let unit = value % 10
                // The last vowel goes before uno and otto.
                let stem = unit == 1 || unit == 8 ? String(tens[value / 10].dropLast()) : tens[value / 10]
                return stem + units[unit]
            }
        }
        number("zero", 0, here)
        for value in 1..<100 { number(small(value), value, here) }
        for ten in 2..<10 { number(String(tens[ten].dropLast()) + "un", ten * 10 + 1, here) }
        for hundreds in 1..<10 {
            let word = (hundreds == 1 ? "" : units[hundreds]) + "cento"
            number(word, hundreds * 100, here)
            for value in 1..<100 {
                number(word + small(value), hundreds * 100 + value, here)
                // centottanta, centotto, centuno.
                if small(value).hasPrefix("o") || small(value).hasPrefix("u") {
                    number(String(word.dropLast()) + small(value), hundreds * 100 + value, here)
                }
            }
        }
        number("mille", 1_000, here)
        for value in 2..<10 { number(units[value] + "mila", value * 1_000, here) }
        words("cento", .hundred)
        words("mila mille", .thousand)
        words("doppio doppia", .double)
        words("triplo tripla triplice", .triple)
        words("volte", .times)
        words("em spazio il lo", .filler)
        words(
            "e poi dopo ok okay si va bene esatto giusto allora quindi certo perfetto ancora ecco vada avanti benissimo",
            .pause)
        words("no scusi scusa aspetti aspetta anzi sbagliato", .correction)
        words("come di per", .example)
        words("milione milioni miliardi", .unit)

        sign(".", "punto dot")
        sign("-", "trattino meno lineetta")
        sign("_", "underscore sottolineatura")
        sign("+", "piu")
        sign("/", "barra slash")
        sign(",", "virgola")
        sign("@", "chiocciola chiocciolina at et")
        words("at et", .weakAt)
        letters(
            "bi=b ci=c di=d effe=f gi=g acca=h kappa=k elle=l emme=m enne=n pi=p cu=q erre=r esse=s ti=t vu=v ics=x ipsilon=y zeta=z"
        )
        spelling(
            """
            ancona bologna como domodossola empoli firenze genova hotel imola jolly kursaal livorno milano napoli otranto palermo quarto roma \
            savona torino udine venezia washington xilofono york yacht zara
            """)

        words(
            """
            telefono cellulare chiamami chiama chiami chiamare chiamate chiamata telefonare telefonami componga comporre scrivimi fisso fax \
            linea trova rintracciare recapito
            """, .phoneCue)
        words("numero", .numberCue)
        words(
            """
            ordine fattura tracciamento spedizione serie seriale riferimento pratica cliente contratto conto prenotazione volo biglietto \
            articolo cap codice tessera targa passaporto polizza modello pezzo lotto caso conferma identificativo camera civico pacco \
            matricola ricevuta fiscale protocollo sinistro bolla brevetto
            """, .otherNumberCue)
        words("sociale social previdenza sicurezza ssn", .socialCue)
        words("mail email indirizzo posta elettronica e", .mailCue)
        words("versione capitolo sezione paragrafo articolo comma figura tabella allegato", .versionCue)
        words(
            """
            euro centesimi dollari percento chili chilogrammi grammi chilometri metri litri ore minuti secondi giorni settimane mesi anni gradi \
            persone abitanti unita pezzi tonnellate voti azioni punti gente copie
            """, .unit)
        words(
            """
            il lo la i gli le l un uno una di del della dello dei d a al allo alla ad da dal in nel su sul per con e o ma se che chi questo \
            questa quello io tu lui lei noi voi mi ti si ci vi mio mia miei tuo tua suo sua nostro scritto scrive semplicemente non no piu qui c ed sono era essere \
            favore mail email indirizzo anche adesso ora
            """, .grammar)
        words("il lo la i gli le un uno una mio mia tuo tua suo sua nostro nostra questo questa", .determiner)
        words("e sono sarebbe", .copula)
        words("lavora guarda compra", .beforeAt)
        words("a e i o", .letterWord)
    }
}
