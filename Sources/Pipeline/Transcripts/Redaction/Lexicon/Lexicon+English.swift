extension Lexicon {
    mutating func addEnglish() {
        let here = SpokenLanguages.english
        numbers(
            "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen",
            from: 0, here)
        numbers("seventeen eighteen nineteen", from: 17, here)
        numbers("twenty thirty forty fifty sixty seventy eighty ninety", from: 20, by: 10, here)
        numbers("fourty", from: 40, here)
        for zero in ["oh", "o", "nought", "naught", "nil"] { number(zero, 0, here) }
        number("niner", 9, here)
        number("fife", 5, here)
        words("hundred", .hundred)
        words("thousand", .thousand)
        words("and", .joint)
        words("double dbl", .double)
        words("triple treble", .triple)
        words("times", .times)
        words("like space", .filler)
        words(
            "and then okay ok yes yeah yep right mhm uhhuh huh next got it sure alright so correct followed by again go ahead perfect great yup fine",
            .pause)
        words("no sorry wait mean actually rather correction oops", .correction)
        words("as in for like is", .example)
        words("million millions billion", .unit)

        sign(".", "dot period point")
        sign("-", "dash hyphen minus")
        sign("_", "underscore")
        sign("+", "plus")
        sign("/", "slash")
        sign(":", "colon")
        sign(",", "comma")
        sign("@", "at")
        words("at", .weakAt)
        letters("zed=z zee=z aitch=h jay=j kay=k")
        spelling(
            """
            adam apple alice boy baker bob cat charles david dog edward easy frank fox george henry harry ida john jack king lincoln love \
            mary mother nancy nora ocean peter paul queen robert roger sam sugar sally thomas tom union uncle victory william young \
            zebra
            """)

        words(
            "phone cell cellphone mobile landline call calls called dial text ring reach reached hotline telephone",
            .phoneCue)
        words("number", .numberCue)
        words(
            """
            order orders invoice tracking serial reference ref ticket case account policy booking confirmation flight part model \
            customer patient member membership registration license licence passport zip postal postcode code room article item \
            shipment parcel batch lot claim loan routing employee student contract transaction receipt docket file pin extension \
            barcode permit patent
            """, .otherNumberCue)
        words("social ssn", .socialCue)
        words("email mail address mails emailed e", .mailCue)
        words("version section chapter release firmware paragraph clause figure table appendix", .versionCue)
        words(
            """
            dollars dollar bucks cents euros euro pounds pound percent kilos kilograms grams kilometers kilometres miles meters metres feet \
            inches hours minutes seconds days weeks months years degrees people units pieces tons liters litres votes shares \
            residents inhabitants copies points times
            """, .unit)
        words(
            """
            the a an is are was were be been am of to on in at by for from with and or but so if that this it its i you he she we they me \
            him her us them my your his our their what which who there here do does did can could will would should have has had \
            not no yes please just simply spelled spelt written lowercase also or under via using email mail address about into over s re ll ve
            """, .grammar)
        words("the a my your his her its our their this that some every", .determiner)
        words("is s are was s' reads called", .copula)
        words(
            """
            look looks looking looked work works working worked arrive arrived stay stays staying stayed meet meets sit sits shop shops \
            buy buys bought sell sells sold book booked order ordered available online register registered sign signed visit go goes \
            going live lives people folks guys employee employees ceo listed found find \
            read posted start started based up out back down directly now today only website details more hosted \
            free join joined customers products everyone everybody stuff
            """, .beforeAt)
        words("a i o", .letterWord)
    }
}
