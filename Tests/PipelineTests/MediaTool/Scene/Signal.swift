import TestSupport

/// The sound of the tests: a sweep with a slow beat, which correlates with nothing but itself.
enum Signal {
    static let rate = 16_000

    /// 16 kHz mono samples at a third of full scale.
    static func sweep(seconds: Double, from start: Double = 300, to end: Double = 2500) -> [Int16] {
        let count = Int(seconds * Double(rate))
        var phase = 0.0
        return (0..<count).map { index in
            let time = Double(index) / Double(rate)
            phase += 2 * .pi * (start + (end - start) * time / seconds) / Double(rate)
            let beat = 0.6 + 0.4 * sine(2 * .pi * 3 * time)
            return Int16(11_000 * beat * sine(phase))
        }
    }

    /// A WAV file around interleaved samples. `claimedBytes` is what its header says they take.
    static func wav(_ samples: [Int16], channels: Int = 1, rate: Int = rate, claimedBytes: Int? = nil) -> [UInt8] {
        let data = samples.flatMap { little(UInt16(bitPattern: $0), 2) }
        return WAVFile.header(dataBytes: claimedBytes ?? data.count, channels: channels, rate: rate) + data
    }

    /// How alike two signals are, from 0 to 1, at the best delay of at most a tenth of a second.
    static func likeness(_ left: [Int16], _ right: [Int16]) -> Double {
        let reach = rate / 10
        let count = min(left.count, right.count) - 2 * reach
        guard count > 0 else { return 0 }
        let center = left[reach..<(reach + count)].map(Float.init)
        let other = right.map(Float.init)
        return center.withUnsafeBufferPointer { center in
            other.withUnsafeBufferPointer { other in
                let energy = product(center, center)
                return (0...(2 * reach)).reduce(0.0) { best, shift in
                    let shifted = UnsafeBufferPointer(rebasing: other[shift..<(shift + count)])
                    let energies = energy * (product(shifted, shifted) + 1)
                    return max(best, Double(product(center, shifted) / energies.squareRoot()))
                }
            }
        }
    }

    /// The sum of the products of the samples. Computed 16 at a time, because it is needed for thousands of delays.
    private static func product(_ left: UnsafeBufferPointer<Float>, _ right: UnsafeBufferPointer<Float>) -> Float {
        let (leftBytes, rightBytes) = (UnsafeRawBufferPointer(left), UnsafeRawBufferPointer(right))
        let whole = left.count / 16 * 16
        var sums = SIMD16<Float>()
        for index in stride(from: 0, to: whole, by: 16) {
            sums +=
                leftBytes.loadUnaligned(fromByteOffset: 4 * index, as: SIMD16<Float>.self)
                * rightBytes.loadUnaligned(fromByteOffset: 4 * index, as: SIMD16<Float>.self)
        }
        return (whole..<left.count).reduce(sums.sum()) { $0 + left[$1] * right[$1] }
    }

    /// Whether any sample in these seconds exceeds a hundredth of full scale.
    static func isHeard(_ samples: [Int16], from start: Double, to end: Double) -> Bool {
        samples[Int(start * Double(rate))..<min(samples.count, Int(end * Double(rate)))].contains { abs(Int($0)) > 327 }
    }

    static func little(_ value: some BinaryInteger, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    /// A sine without Foundation or Glibc, exact to one step of a sample.
    private static func sine(_ angle: Double) -> Double {
        let turned = angle - (angle / (2 * .pi)).rounded() * 2 * .pi
        let half = turned > .pi / 2 ? .pi - turned : turned < -.pi / 2 ? -.pi - turned : turned
        let square = half * half
        return half * (1 - square / 6 * (1 - square / 20 * (1 - square / 42 * (1 - square / 72))))
    }
}
