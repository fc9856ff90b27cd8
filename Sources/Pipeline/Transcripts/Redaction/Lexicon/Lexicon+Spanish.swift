extension Lexicon {
    mutating func addSpanish() {
        let here = SpokenLanguages.spanish
        numbers(
            "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciseis diecisiete",
            from: 0,
            here)
        numbers(
            """
            dieciocho diecinueve veinte veintiuno veintidos veintitres veinticuatro veinticinco veintiseis veintisiete veintiocho \
            veintinueve
            """, from: 18, here)
        numbers("treinta cuarenta cincuenta sesenta setenta ochenta noventa", from: 30, by: 10, here)
        number("veintiun", 21, here)
        number("cien", 100, here)
        numbers(
            "ciento doscientos trescientos cuatrocientos quinientos seiscientos setecientos ochocientos novecientos",
            from: 100, by: 100, here)
        numbers(
            "doscientas trescientas cuatrocientas quinientas seiscientas setecientas ochocientas novecientas",
            from: 200, by: 100, here)
        number("mil", 1_000, here)
        words("mil", .thousand)
        words("y", .joint)
        words("doble", .double)
        words("triple", .triple)
        words("veces", .times)
        words("em este esto pues espacio el la", .filler)
        words(
            "y luego despues vale ok okay si bien correcto exacto ya entonces ahora sigue siga perfecto aja muy claro de acuerdo eso",
            .pause)
        words("no perdon espera espere digo mejor dicho", .correction)
        words("de como para", .example)
        words("millon millones", .unit)

        sign(".", "punto dot")
        sign("-", "guion menos raya")
        sign("_", "subguion underscore")
        sign("+", "mas")
        sign("/", "barra")
        sign(",", "coma")
        sign("@", "arroba arrova")
        letters(
            """
            be=b ce=c efe=f ge=g hache=h jota=j ka=k ele=l eme=m ene=n enye=n pe=p cu=q erre=r ere=r ese=s te=t uve=v ve=v equis=x \
            ye=y zeta=z
            """)
        spelling(
            """
            antonio barcelona carmen cadiz dolores domingo enrique espana francia francisco gerona granada historia huelva ines italia jose \
            jaen kilo lorenzo leon madrid malaga navarra nevada oviedo paris pamplona queso ramon roma sabado sevilla toledo tarragona ulises \
            valencia washington xilofono yegua zaragoza
            """)

        words(
            """
            telefono movil celular llama llamame llame llamar llamada llamenos marque marcar marca contactame localizar encuentra escribeme \
            fijo fax linea whatsapp
            """, .phoneCue)
        words("numero", .numberCue)
        words(
            """
            pedido factura seguimiento serie referencia expediente cliente contrato cuenta reserva vuelo ticket articulo postal codigo socio \
            matricula pasaporte poliza modelo pieza lote caso confirmacion identificador habitacion envio paquete dni nif afiliado recibo \
            albaran siniestro rastreo orden patente
            """, .otherNumberCue)
        words("seguro social seguridad ssn", .socialCue)
        words("correo mail email electronico direccion e", .mailCue)
        words("version capitulo seccion apartado parrafo figura tabla anexo", .versionCue)
        words(
            """
            euros euro centimos dolares pesos ciento kilos kilogramos gramos kilometros metros litros horas minutos segundos dias semanas \
            meses anos grados personas habitantes unidades piezas toneladas votos acciones puntos gente ejemplares
            """, .unit)
        words(
            """
            el la los las lo un una unos unas de del al a en es son era ser y o pero si que quien este esta ese esa yo tu usted me te se nos \
            le les mi mis su sus nuestro para por con sin escrito escribe simplemente no mas muy aqui hay favor correo mail email direccion tambien ahora
            """, .grammar)
        words("el la los las un una mi mis su sus tu nuestro nuestra este esta", .determiner)
        words("es son sera seria", .copula)
        words("trabaja mira compra", .beforeAt)
        words("a e o u y", .letterWord)
    }
}
