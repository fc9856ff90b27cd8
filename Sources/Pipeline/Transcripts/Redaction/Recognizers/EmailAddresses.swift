/// Finds e-mail addresses, written or said: a local part, `@` or a word for it, and a domain.
struct EmailAddresses {
    let lattice: Lattice

    /// How many tokens around an address are looked at for a word such as "mail".
    private static let context = 14

    /// Returns the tokens of all addresses, in order and disjoint.
    func find() -> [Range<Int>] {
        var found: [Range<Int>] = []
        var place = 0
        while place < lattice.count {
            if let at = lattice.sign(at: place), at.text == "@", let range = address(around: place, at) {
                let start = max(range.lowerBound, found.last?.upperBound ?? 0)
                if start < place {
                    found.append(start..<range.upperBound)
                    place = range.upperBound
                    continue
                }
            }
            place += 1
        }
        return found
    }

    private func address(around place: Int, _ at: Lattice.Sign) -> Range<Int>? {
        let weak = at.spoken && lattice.has(place, .weakAt) && at.end == place + 1
        guard let domain = MailDomain(after: at.end, written: !at.spoken, certain: !weak, in: lattice),
            let local = LocalPart(before: place, written: !at.spoken, in: lattice)
        else { return nil }
        if domain.isBare, !local.isComposed, !local.isCalled { return nil }
        if weak, !isLikely(local, domain) { return nil }
        return local.start..<domain.end
    }

    /// Whether an ordinary "at" is that of an address.
    private func isLikely(_ local: LocalPart, _ domain: MailDomain) -> Bool {
        if local.isGrammar { return isSelf(local.start) && (domain.isMailHost || domain.isSpoken) }
        if local.isComposed || local.isCalled { return true }
        if !domain.isKnown || local.isOrdinary { return false }
        if local.isNamed || domain.isMailHost { return true }
        if local.hasDeterminer { return false }
        if domain.isSpoken { return true }
        let around = max(0, local.start - Self.context)..<min(lattice.count, domain.end + 8)
        return around.contains { !(local.start..<domain.end).contains($0) && lattice.has($0, .mailCue) }
    }

    /// "Me at jane doe dot com", at the start of what is said.
    private func isSelf(_ place: Int) -> Bool {
        ["me", "ich", "moi", "yo", "io", "us", "hello", "hi"].contains { lattice.isText(place, $0) }
            && (lattice.isClosed(place - 1) || lattice.tokens[place - 1].kind == .sign
                || lattice.has(place - 1, .copula))
    }
}

/// The part of an address after the at sign.
struct MailDomain {
    let end: Int
    /// Whether it is that of a service which gives everybody an address.
    let isMailHost: Bool
    /// Whether its dots are said, and cannot be other words, as in "at some point in".
    let isSpoken: Bool
    /// Whether its last label is a top-level domain that is known.
    let isKnown: Bool
    /// Whether it is only the name of a service: "gmail".
    let isBare: Bool

    private static let bareHosts = ["gmail", "googlemail", "hotmail", "icloud", "protonmail", "gmx", "aol", "yahoo"]

    /// Reads the domain that begins at a token; nil if there is none.
    ///
    /// - Parameters:
    ///   - written: the at sign is.
    ///   - certain: what is before is no ordinary word.
    init?(after place: Int, written: Bool, certain: Bool, in lattice: Lattice) {
        var next = written ? place : Self.skippingHesitation(place, lattice)
        // Where it ends: after a known top-level domain, after any last label, after a service's name.
        var known: Int?
        var plain: Int?
        var bare: Int?
        var labels = 0
        var host = false
        var spoken = false
        var point = false
        var ordinary = false
        while labels < 8 {
            guard let label = Label(at: next, first: labels == 0, certain: certain, in: lattice) else { break }
            labels += 1
            if labels > 1, label.isTopDomain || written && !spoken && label.isPlain {
                known = label.end
                ordinary =
                    point && ["in", "it", "is", "me", "us", "at", "no", "be"].contains { lattice.isText(next, $0) }
            } else if labels > 1, label.isPlain, plain == nil {
                plain = label.end
            }
            if label.isMailHost { host = true }
            if labels == 1, Self.bareHosts.contains(label.text) { bare = label.end }
            if ["dotcom", "puntocom", "pointcom"].contains(where: { lattice.isText(label.end, $0) }) {
                known = label.end + 1
                spoken = true
                ordinary = false
                break
            }
            // "arroba gmail com".
            if labels == 1, label.isMailHost, lattice.has(label.end, .topDomain), !lattice.has(label.end, .grammar),
                !lattice.isGlued(label.end)
            {
                known = label.end + 1
                break
            }
            guard let dot = Self.dot(at: label.end, in: lattice) else { break }
            if dot.spoken {
                spoken = true
                point = lattice.isText(label.end, "point")
            }
            next = dot.spoken ? Self.skippingHesitation(dot.end, lattice) : dot.end
        }
        guard let best = known ?? plain ?? bare else { return nil }
        end = best
        isKnown = known != nil
        isBare = known == nil && plain == nil
        isMailHost = host
        isSpoken = spoken && !ordinary
    }

    private static func skippingHesitation(_ place: Int, _ lattice: Lattice) -> Int {
        var next = place
        while next < place + 3, !lattice.isClosed(next),
            lattice.tokens[next].isSign(",") || lattice.has(next, .hesitation)
        { next += 1 }
        return next
    }

    /// A dot between labels: named, or written with the next label directly after it.
    private static func dot(at place: Int, in lattice: Lattice) -> Lattice.Sign? {
        var place = place
        if !lattice.isClosed(place), lattice.tokens[place].isSign(","), lattice.sign(at: place + 1)?.spoken == true {
            place += 1
        }
        guard let sign = lattice.sign(at: place), sign.text == "." else { return nil }
        if sign.spoken { return sign }
        return !lattice.isClosed(sign.end) && lattice.isGlued(sign.end) && lattice.tokens[sign.end].kind != .sign
            ? sign : nil
    }

    /// One label of a domain: a word, or letters, digits and words that are read as one.
    private struct Label {
        private(set) var end: Int
        private(set) var text = ""
        private(set) var isTopDomain = false
        private(set) var isMailHost = false
        /// One piece of letters that is longer than one.
        private(set) var isPlain = false

        init?(at place: Int, first: Bool, certain: Bool, in lattice: Lattice) {
            end = place
            var pieces = 0
            var words = 0
            var connected = false
            while pieces < 24 {
                guard !lattice.isClosed(end) else { break }
                let token = lattice.tokens[end]
                let glued = pieces > 0 && token.glued
                if pieces > 0, let sign = lattice.sign(at: end), sign.text == "-" || sign.text == "_",
                    sign.spoken || lattice.isGlued(sign.end) && token.glued,
                    Self.piece(at: sign.end, in: lattice) != nil
                {
                    text += sign.text
                    end = sign.end
                    pieces += 1
                    words = 0
                    connected = true
                    continue
                }
                guard let (piece, next, single) = Self.piece(at: end, in: lattice) else { break }
                // Words apart are one label only before a dot.
                if pieces > 0, !glued, !connected, !single || words > 0 {
                    guard first, words + (single ? 0 : 1) <= 3, Self.leadsToDot(end, 3 - words, certain, in: lattice)
                    else { break }
                }
                if pieces > 0, !glued, !first, text.utf8.count > 1, lattice.has(place, .topDomain),
                    text == lattice.tokens[place].text
                {
                    break
                }
                text += piece
                end = next
                pieces += 1
                if !single { words += 1 }
                connected = false
                if !first, text.utf8.count >= 2, pieces > 1, Self.isTop(text, in: lattice), !lattice.isGlued(end) {
                    break
                }
            }
            guard pieces > 0 else { return nil }
            isPlain = text.utf8.count > 1 && text.unicodeScalars.allSatisfy { $0.properties.isAlphabetic }
            isTopDomain = Self.isTop(text, in: lattice)
            isMailHost =
                lattice.lexicon.place(of: text.replacing("-", with: "")).map {
                    lattice.lexicon.entries[$0].roles.contains(.mailHost)
                } ?? false
        }

        private static func isTop(_ text: String, in lattice: Lattice) -> Bool {
            lattice.lexicon.place(of: text).map { lattice.lexicon.entries[$0].roles.contains(.topDomain) } ?? false
        }

        /// A word, a spelled letter or digits. `single`: read together with others without a sign.
        private static func piece(at place: Int, in lattice: Lattice) -> (String, Int, single: Bool)? {
            guard !lattice.isClosed(place) else { return nil }
            let token = lattice.tokens[place]
            switch token.kind {
            case .digits: return (token.text, place + 1, true)
            case .sign, .mask: return nil
            case .latin, .otherLetters:
                if token.text.utf8.count == 1 || lattice.has(place, .double),
                    let (letter, end) = lattice.letter(at: place)
                {
                    return (letter, end, true)
                }
                if let step = lattice.steps(at: place).first, !lattice.has(place, .topDomain) {
                    var digits: [UInt8] = []
                    lattice.append(step, to: &digits)
                    return (digits.map(String.init).joined(), step.end, true)
                }
                if let sign = lattice.sign(at: place), sign.spoken, !lattice.has(place, .topDomain) { return nil }
                return (token.text, place + 1, false)
            }
        }

        /// Whether a few words without grammar are followed by a dot that is said or written within a word.
        private static func leadsToDot(_ place: Int, _ words: Int, _ certain: Bool, in lattice: Lattice) -> Bool {
            var next = place
            for _ in 0..<max(words, 1) {
                guard !lattice.isClosed(next), lattice.tokens[next].kind != .sign,
                    certain || !lattice.has(next, [.grammar, .pause]) || lattice.has(next, .mailCue)
                else { return false }
                next += 1
                if MailDomain.dot(at: next, in: lattice) != nil { return true }
            }
            return false
        }
    }
}
