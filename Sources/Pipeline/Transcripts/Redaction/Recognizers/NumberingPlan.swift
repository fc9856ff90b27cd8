/// What phone numbers look like in a country, as they are dialed there.
///
/// Only as much of each plan as tells its numbers from other numbers: the first digits and the length.
enum NumberingPlan: CaseIterable {
    case northAmerica
    case unitedKingdom
    /// Germany, Austria and Switzerland, where most numbers vary in length after a 0.
    case germany
    case spain
    case italy
    case portugal
    case brazil
    case china
    /// A 0 and 8 to 10 digits, as in France, Belgium, Switzerland, Australia, Japan and many other countries.
    case elsewhere

    /// The plans of the countries in which a language is spoken.
    static func plans(of language: String?) -> [NumberingPlan] {
        switch String((language ?? "").lowercased().prefix { $0 != "-" && $0 != "_" }) {
        case "en", "english": [.northAmerica, .unitedKingdom, .elsewhere]
        case "de", "german", "gsw": [.germany]
        case "fr", "french": [.elsewhere]
        case "es", "spanish": [.spain, .elsewhere]
        case "it", "italian": [.italy, .elsewhere]
        case "pt": [.portugal, .brazil, .elsewhere]
        case "", "auto", "multi", "mul", "und", "unknown": allCases.filter { $0 != .china }
        case "zh", "yue": [.china, .elsewhere]
        default: [.elsewhere]
        }
    }

    /// Whether digits are a number of this plan.
    func matches(_ digits: ArraySlice<UInt8>) -> Bool {
        let count = digits.count
        let base = digits.startIndex
        guard count >= 8 else { return false }
        let first = digits[base]
        let second = digits[base + 1]
        switch self {
        case .northAmerica:
            let national = count == 11 && first == 1 ? digits.dropFirst() : digits
            return national.count == 10 && Self.isNorthAmerican(national)
        case .unitedKingdom:
            return first == 0 && [1, 2, 3, 5, 7, 8, 9].contains(second) && (count == 11 || count == 10)
        case .germany: return first == 0 && second != 0 && (9...13).contains(count)
        case .spain: return count == 9 && (6...9).contains(first)
        case .italy:
            if first == 0 { return second != 0 && (9...11).contains(count) }
            return first == 3 && count == 10 || first == 8 && second == 0 && count == 9
        case .portugal: return count == 9 && (first == 9 && [1, 2, 3, 6].contains(second) || first == 2 && second != 0)
        case .brazil: return (count == 11 && digits[base + 2] == 9 || count == 10) && first != 0 && second != 0
        case .china: return count == 11 && first == 1 && second > 2
        case .elsewhere: return first == 0 && second != 0 && (9...11).contains(count)
        }
    }

    private static func isNorthAmerican(_ digits: ArraySlice<UInt8>) -> Bool {
        let base = digits.startIndex
        // Neither area nor exchange begins with 0 or 1, no area is N9X, no area is N11.
        return digits[base] > 1 && digits[base + 1] != 9 && digits[base + 3] > 1
            && !(digits[base + 1] == 1 && digits[base + 2] == 1)
    }

    /// Whether digits begin with a country's calling code and have a possible length (ITU-T E.164).
    static func isInternational(_ digits: ArraySlice<UInt8>) -> Bool {
        guard (9...15).contains(digits.count) else { return false }
        let base = digits.startIndex
        let two = Int(digits[base]) * 10 + Int(digits[base + 1])
        switch two {
        case 10...19: return digits.count == 11
        case 70...79: return digits.count == 11
        case 20, 27, 30...34, 36, 39, 40, 41, 43...49, 51...58, 60...66, 81, 82, 84, 86, 90...95, 98: return true
        case 21...29, 35, 37, 38, 42, 50, 59, 67...69, 80, 85, 87, 88, 96, 97, 99: return digits.count >= 10
        default: return false
        }
    }

    /// Whether a number without a leading 0 has its pauses where people make them.
    ///
    /// - Parameter sizes: the digits of each group.
    func isUsual(_ sizes: [Int]) -> Bool {
        // Nowhere, or after every digit.
        if sizes.count == 1 || sizes.allSatisfy({ $0 == 1 }) { return true }
        switch self {
        case .northAmerica:
            return [[3, 3, 4], [1, 3, 3, 4], [3, 7], [1, 10], [3, 3, 2, 2], [1, 3, 3, 2, 2], [1, 3, 7]].contains(sizes)
        case .spain, .portugal:
            return sizes.count < 6 && (sizes[0] == 3 || sizes[0] == 2) && sizes.dropFirst().allSatisfy { $0 > 1 }
                || sizes == [1, 2, 2, 2, 2]
        case .italy:
            return sizes.count < 6 && (sizes[0] == 3 || sizes[0] == 2 && sizes[1] == 1) || sizes == [2, 2, 2, 2, 2]
        case .brazil: return sizes.count < 4 && sizes[0] == 2
        case .china: return [[3, 4, 4], [3, 8], [3, 3, 5]].contains(sizes)
        case .unitedKingdom, .germany, .elsewhere: return true
        }
    }
}
