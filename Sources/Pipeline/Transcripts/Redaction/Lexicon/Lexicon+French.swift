extension Lexicon {
    mutating func addFrench() {
        let here = SpokenLanguages.french
        numbers(
            "zero un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize", from: 0,
            here)
        numbers("vingt trente quarante cinquante soixante septante octante nonante", from: 20, by: 10, here)
        numbers("vingts", from: 20, here)
        numbers("huitante", from: 80, here)
        number("cent", 100, here)
        number("mille", 1_000, here)
        words("cent cents", .hundred)
        words("mille mil", .thousand)
        words("et", .joint)
        words("double", .double)
        words("triple", .triple)
        words("fois", .times)
        words("hein hum ben bah espace le la les", .filler)
        words(
            "et puis ensuite ok okay oui d accord voila alors donc bien c est parfait exact apres tres continuez allez y note entendu",
            .pause)
        words("non pardon attendez desole enfin plutot erreur", .correction)
        words("comme de pour", .example)
        words("million millions milliard milliards", .unit)

        sign(".", "point dot")
        sign("-", "tiret trait moins")
        sign("+", "plus")
        sign("/", "slash")
        sign(",", "virgule")
        sign("_", "underscore soulignement")
        sign("@", "arobase arrobase arobaz arrobas at")
        words("at", .weakAt)
        letters("esperluette=e ixe=x zede=z hache=h")
        spelling(
            """
            anatole berthe celestin desire eugene emile francois gaston henri irma joseph kleber louis marcel nicolas oscar pierre quintal \
            raoul suzanne sophie therese ursule victor william xavier yvonne zoe
            """)

        words(
            """
            telephone telephones tel portable mobile fixe appelez appelle appeler appel rappelez rappeler rappelle joindre joignable composez \
            composer faites ecris texto standard fax
            """, .phoneCue)
        words("numero", .numberCue)
        words(
            """
            commande facture suivi colis reference dossier serie client contrat compte reservation vol ticket article postal cp adherent \
            immatriculation passeport siret siren police sinistre modele piece lot bon confirmation identifiant code chambre abonne \
            membre cas cheque recommande affaire recu brevet
            """, .otherNumberCue)
        words("securite social sociale ssn", .socialCue)
        words("mail email courriel adresse mel e", .mailCue)
        words("version chapitre section paragraphe article alinea figure tableau annexe", .versionCue)
        words(
            """
            euros euro centimes dollars francs pourcent kilos kilogrammes grammes kilometres metres litres heures heure minutes secondes jours \
            semaines mois ans annees degres personnes habitants unites pieces tonnes voix actions points gens exemplaires
            """, .unit)
        words(
            """
            le la les l un une des du de d au aux a est sont etait etre et ou mais si que qui quoi ce c cette ces je j tu il elle on nous vous \
            ils elles me m te se s mon ma mes ton ta votre notre son sa leur en dans sur sous pour par avec chez ne pas plus oui non y \
            ecrit simplement merci voici voila alors donc puis sera mail email adresse aussi
            """, .grammar)
        words("le la les un une des du mon ma mes ton ta son sa votre notre nos vos leur ce cette ces", .determiner)
        words("est c'est sont sera", .copula)
        words("travaille regardez achete gens", .beforeAt)
        words("a y", .letterWord)
    }
}
