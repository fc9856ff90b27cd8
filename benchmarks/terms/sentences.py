"""What is said in the benchmark of key terms, and the terms that are offered.

A sentence with a term has it once, and no other sentence has it. `UNSAID` are terms that nobody says: the first forty sound like terms that
are said, the next like ordinary words in the sentences, the others like nothing there."""

SENTENCES: list[tuple[str, str]] = [
    # term or "", sentence
    ("Kubernetes", "We moved the whole cluster to Kubernetes before the winter holidays."),
    ("Norland", "The family had long been settled at Norland in the county of Sussex."),
    ("Dashwood", "Please send the signed contract to Elinor Dashwood before noon."),
    ("Middleton", "Sir John Middleton called upon them as soon as they arrived."),
    ("Semaglutide", "The doctor doubled her weekly dose of semaglutide last month."),
    ("Metoprolol", "He has taken metoprolol for his blood pressure since the spring."),
    ("Apixaban", "The patient was given apixaban after the second operation."),
    ("Grafana", "Every alarm is shown in Grafana and sent to the phone on duty."),
    ("Zabriskie", "Our new director, Mister Zabriskie, starts on the first of May."),
    ("Thibodeaux", "I spoke with Laura Thibodeaux about the missing invoice."),
    ("Verbatim", "The recording was given to Verbatim and the text came back at once."),
    ("Postgres", "The old numbers are still stored in Postgres on the second server."),
    ("Okonkwo", "Doctor Okonkwo will present the results on Thursday afternoon."),
    ("Szymanski", "The letter was signed by Peter Szymanski and two of his friends."),
    ("Ljubljana", "The next meeting will take place in Ljubljana at the end of June."),
    ("Reykjavik", "She flew from Reykjavik to Boston with her two children."),
    ("Marrakesh", "They bought the carpet in Marrakesh for very little money."),
    ("Anthropic", "The second speaker works for Anthropic and lives near the sea."),
    ("Nvidia", "He sold all his shares of Nvidia shortly before the report."),
    ("Xarelto", "The label of Xarelto warns about bleeding after a fall."),
    ("Tallahassee", "The court in Tallahassee will hear the case next week."),
    ("Worcestershire", "Add a little Worcestershire sauce and stir for one minute."),
    ("Brunnhilde", "In the last act Brunnhilde rides her horse into the fire."),
    ("Penicuik", "The train to Penicuik was late again because of the snow."),
    ("Barton Park", "They were invited to dine at Barton Park every other evening."),
    ("Willoughby", "Nobody had heard from Willoughby since he left for London."),
    ("Brandon", "Colonel Brandon was silent and grave for most of the night."),
    ("Fitzwilliam", "Her cousin Fitzwilliam arrived with a box of oranges."),
    ("Lexapro", "She stopped taking Lexapro because it made her tired."),
    ("Terraform", "All of our networks are described in Terraform files."),
    ("Ansible", "The new machines were set up with Ansible in an hour."),
    ("Gentamicin", "The nurse gave him gentamicin through the vein."),
    ("Kowalczyk", "Mrs Kowalczyk asked for the report in writing."),
    ("Nakamura", "The order came from Nakamura and was paid the same day."),
    ("Bexley", "We met at the station in Bexley and walked home."),
    ("Aldershot", "The soldiers came back to Aldershot in the autumn."),
    ("Huddersfield", "He played for Huddersfield until he broke his leg."),
    ("Gloucester", "The road to Gloucester was closed after the storm."),
    ("Elasticsearch", "Our search runs on Elasticsearch and is slow on Mondays."),
    ("Hadoop", "They replaced Hadoop with something much smaller."),
    ("", "The weather was cold and the children stayed inside all day."),
    ("", "Please call me back when you have read the letter."),
    ("", "We have sold more chairs this year than in the year before."),
    ("", "He opened the window and listened to the rain for a while."),
    ("", "The price of bread went up again at the end of the month."),
    ("", "My brother wants to learn how to cook before he moves out."),
    ("", "The last bus leaves at ten, so we should go home now."),
    ("", "She put the keys on the table and forgot about them."),
    ("", "Nobody knows why the bridge was built in that place."),
    ("", "The committee will meet again on the second of March."),
]

SAID = [term for term, _ in SENTENCES if term]

_UNSAID = """
Cabernet; Northwood; Dashboard; Middlesex; Semantics; Metropolis; Apicultor; Graphene; Zagreb; Thermidor;
Verbena; Postgraduate; Oconomowoc; Shinjuku; Lubricant; Rejkjanes; Marrow; Entropic; Invidia; Xanadu;
Talisman; Woking; Brunswick; Pentecost; Parton; Wallaby; Brandy; Fitzgerald; Luxor; Terrapin; Antilles;
Gentleman; Kowloon; Nagasaki; Berkeley; Alderney; Hereford; Glossary; Plasticity; Haddock; Lorna; Petra;
Thurston; Jude; Londyn; Carmel; Coral; Bryce; Winton; Weatherby; Kale; Sheryl; Windom; Raine; Bridget; Keyes;
Tabler; Bosch; Moscow; Hume; Seville; Sheldon; Horace; Fyre; Carter; Patten; Norris; Vane; Tyrell; Rhoda;
Netwerk; Sercher; Nite; Seldon; Ann; Ivy; Ryan; Sauer; Ohm; Wende; Bache; Hymn; Aunt; Wren; Mend; Comity;
Prize; Buoy; Loewe; Cole; Daye; Bus Stop; Ten Oaks; Elias; Nora; Bell; Wil; Leff; Leaf; Kahn; Ahmed; Sons;
Wright; Reade; Knott; Ware; Inn; Butte; Ford; Forrest; Notre; Doan; Sarah; Marsh; Wanda; Dover; Tobie; Ona;
Dewitt; Hadley; Hanna; Thea; Zed; Isa; Waugh; Otto; Owen; Ito; Ander; Iffe; Wittgenstein; Kierkegaard;
Schopenhauer; Ouagadougou; Antananarivo; Montevideo; Popocatepetl; Lake Titicaca; Mount Kilimanjaro;
Rimsky Korsakov; Shostakovich; Tchaikovsky; Giuseppe Garibaldi; Amoxicillin; Ibuprofen; Levothyroxine;
Chlorhexidine; Prometheus Alertmanager; Redis Sentinel; Apache Cassandra; Rabbit Message Queue; Quetzalcoatl;
Oppenheimer; Feynman Diagram; Heisenberg; Bundesverfassungsgericht; Champs Elysees; Guadalajara; Zihuatanejo;
Vladivostok
"""
UNSAID: list[str] = [" ".join(term.split()) for term in _UNSAID.split(";")]
