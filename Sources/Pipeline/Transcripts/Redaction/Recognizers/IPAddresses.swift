import Foundation

/// Finds IPv4 and IPv6 addresses, written or said.
struct IPAddresses {
    let lattice: Lattice

    /// Returns the tokens of all addresses, in order.
    func find() -> [Range<Int>] {
        var found: [Range<Int>] = []
        var place = 0
        while place < lattice.count {
            if let end = version6(at: place) ?? version4(at: place) {
                found.append(place..<end)
                place = end
            } else {
                place += 1
            }
        }
        return found
    }

    // MARK: IPv4

    private func version4(at place: Int) -> Int? {
        guard lattice.isNumber(place), !isContinued(place) else { return nil }
        var budget = 200
        guard let end = parts(4, from: place, budget: &budget), !continues(end), !isNumberedText(before: place) else {
            return nil
        }
        // An amount: 4.111.111.111 euros.
        if lattice.has(end, .unit) { return nil }
        return end
    }

    /// Whether the number before belongs to the one here: `.5`, `1a`.
    private func isContinued(_ place: Int) -> Bool {
        guard place > 0, !lattice.isClosed(place - 1) else { return false }
        let before = lattice.tokens[place - 1]
        if lattice.isGlued(place), before.kind == .digits || before.kind == .latin { return true }
        guard lattice.sign(at: place - 1)?.text == ".", place > 1 else { return false }
        // A sentence's end is no dot of an address.
        return lattice.isNumber(place - 2) && (before.kind != .sign || lattice.isGlued(place))
    }

    private func continues(_ place: Int) -> Bool {
        if lattice.isGlued(place), !lattice.isClosed(place),
            lattice.tokens[place].kind == .digits || lattice.tokens[place].kind == .latin
        {
            return true
        }
        guard let next = dot(at: place) else { return false }
        return lattice.isNumber(next)
    }

    /// The token after a dot between two parts.
    private func dot(at place: Int) -> Int? {
        guard let sign = lattice.sign(at: place), sign.text == "." else { return nil }
        // The end of a sentence or of "1." in a list is none.
        return sign.spoken || lattice.isGlued(sign.end) ? sign.end : nil
    }

    /// Reads `count` parts with dots between them, and returns the token after the last.
    private func parts(_ count: Int, from place: Int, budget: inout Int) -> Int? {
        for end in octets(from: place, budget: &budget) {
            if count == 1 { return end }
            if let next = dot(at: end), let last = parts(count - 1, from: next, budget: &budget) { return last }
        }
        return nil
    }

    /// Where a part can end, the longest first: up to three digits, of one number or of several.
    private func octets(from place: Int, budget: inout Int) -> [Int] {
        var ends: Set<Int> = []
        func walk(_ place: Int, _ digits: [UInt8]) {
            budget -= 1
            guard budget > 0 else { return }
            for step in lattice.steps(at: place) {
                var digits = digits
                lattice.append(step, to: &digits)
                guard digits.count <= 3, digits.count == 1 || digits[0] != 0 else { continue }
                guard digits.reduce(0, { $0 * 10 + Int($1) }) <= 255 else { continue }
                ends.insert(step.end)
                if step.written == nil { walk(step.end, digits) }
            }
        }
        walk(place, [])
        return ends.sorted(by: >)
    }

    /// Whether the words before say that it numbers a text or a program.
    private func isNumberedText(before place: Int) -> Bool {
        (1...3).contains { lattice.has(place - $0, .versionCue) }
            || place > 0 && lattice.isGlued(place) && ["v", "§"].contains(lattice.tokens[place - 1].text)
            || lattice.isText(place - 1, "v") || lattice.isText(place - 1, "§")
    }

    // MARK: IPv6

    private func version6(at place: Int) -> Int? {
        guard !lattice.isClosed(place), !(lattice.isGlued(place) && isPart(place - 1)) else { return nil }
        // A group has at most four digits: then there is a colon.
        guard (place..<place + 6).contains(where: { lattice.sign(at: $0)?.text == ":" }) else { return nil }
        var text = ""
        var ends: [(Int, String)] = []
        var next = place
        var spoken = false
        while !lattice.isClosed(next), text.utf8.count <= 45, next - place < 45 * Lattice.between {
            let glued = next == place || lattice.isGlued(next)
            let token = lattice.tokens[next]
            if glued, isPart(next) {
                text += token.text
                next += 1
            } else if !token.glued, spoken || text.isEmpty || !text.contains(":"), let (piece, end) = said(at: next) {
                text += piece
                next = end
                spoken = true
            } else {
                break
            }
            ends.append((next, text))
            if !spoken, next - place > 40 { break }
        }
        guard text.contains(":") else { return nil }
        for (end, text) in ends.reversed() where Self.isVersion6(text) {
            return goesOn(at: end) ? nil : end
        }
        return nil
    }

    /// Whether the same word goes on with more than punctuation.
    private func goesOn(at place: Int) -> Bool {
        guard !lattice.isClosed(place), lattice.isGlued(place) else { return false }
        let token = lattice.tokens[place]
        if token.kind == .digits || token.kind == .latin { return true }
        return [":", "."].contains(token.text) && lattice.isGlued(place + 1) && !lattice.isClosed(place + 1)
            && isPart(place + 1)
    }

    private func isPart(_ place: Int) -> Bool {
        guard !lattice.isClosed(place) else { return false }
        let token = lattice.tokens[place]
        switch token.kind {
        case .digits: return true
        case .latin: return token.text.utf8.count <= 4 && token.text.utf8.allSatisfy { (0x61...0x66).contains($0) }
        case .sign: return token.text == ":" || token.text == "."
        case .otherLetters, .mask: return false
        }
    }

    /// A part of a spoken address: a colon, a digit or number, a letter.
    private func said(at place: Int) -> (String, Int)? {
        if lattice.has(place, .double), lattice.sign(at: place + 1)?.text == ":" { return ("::", place + 2) }
        if let sign = lattice.sign(at: place), sign.spoken, sign.text == ":" { return (":", sign.end) }
        if let step = lattice.steps(at: place).first {
            var digits: [UInt8] = []
            lattice.append(step, to: &digits)
            return digits.count <= 4 ? (digits.map(String.init).joined(), step.end) : nil
        }
        if let (letter, end) = lattice.letter(at: place), "abcdef".contains(letter) { return (letter, end) }
        return nil
    }

    /// Whether a text is an IPv6 address (RFC 4291), and long enough not to be something else, such as `a::b`.
    static func isVersion6(_ text: String) -> Bool {
        let halves = text.components(separatedBy: "::")
        guard halves.count <= 2 else { return false }
        var count = 0
        for (number, half) in halves.enumerated() where !half.isEmpty {
            let groups = half.split(separator: ":", omittingEmptySubsequences: false)
            for (index, group) in groups.enumerated() {
                if group.contains(".") {
                    // Only at the end: an IPv4 address.
                    guard number == halves.count - 1, index == groups.count - 1, isVersion4(group) else { return false }
                    count += 2
                } else {
                    guard (1...4).contains(group.utf8.count), group.allSatisfy(\.isHexDigit) else { return false }
                    count += 1
                }
            }
        }
        if halves.count == 1 { return count == 8 }
        guard count <= 7 else { return false }
        if text == "::1" { return true }
        return count >= 3 && text.contains(where: \.isNumber)
            || count >= 1 && ["2", "3", "fe80", "fc", "fd", "ff0"].contains { text.hasPrefix($0) }
                && halves[0].prefix { $0 != ":" }.count == 4
    }

    private static func isVersion4(_ text: Substring) -> Bool {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.allSatisfy { $0.utf8.count <= 3 && (Int($0) ?? 256) <= 255 }
    }
}
