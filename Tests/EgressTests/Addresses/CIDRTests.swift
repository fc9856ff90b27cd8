import Addresses
import Egress
import Glibc
import TestSupport
import Testing

@Suite struct CIDRTests {
    @Test(arguments: [
        "", "/", "/8", "10.0.0.0/", "10.0.0.0//8", "10.0.0.0/8/8", "10.0.0/8", "010.0.0.0/8", "10.0.0.0/-1",
        "10.0.0.0/+8",
        "10.0.0.0/8x", "10.0.0.0/٨", "256.0.0.0/8", "0x0a.0.0.0/8", "::/129", ":::/8", "10.0.0.0/99999999999999999999",
        "1.2.3.4\0", "fe80::1%eth0", " 10.0.0.0/8",
    ])
    func `what is no block is refused`(text: String) {
        #expect(throws: CIDRError.self) { try CIDR(text) }
    }

    @Test func `a block contains exactly the addresses that share its leading bits`() throws {
        var generator = SeededGenerator(seed: 6)
        for _ in 0..<5_000 {
            let prefix = Int.random(in: 0...32, using: &generator)
            let base = UInt32.random(in: .min ... .max, using: &generator) & (UInt32.max << (32 - prefix))
            let block = try CIDR("\(IPAddress.v4(base))/\(prefix)")
            let other = UInt32.random(in: .min ... .max, using: &generator)
            let near = base ^ (1 << UInt32.random(in: 0..<32, using: &generator))
            for number in [base, base | ~(UInt32.max << (32 - prefix)), other, near] {
                let difference = (number ^ base).leadingZeroBitCount
                #expect(block.contains(.v4(number)) == (difference >= prefix))
                #expect(!block.contains(.v6(UInt128(number))))
            }
        }
        for prefix in 0...128 {
            let base = UInt128.max << (128 - prefix)
            let block = try CIDR("\(IPAddress.v6(base))/\(prefix)")
            #expect(block.contains(.v6(.max)))
            #expect(block.contains(.v6(.max >> 1)) == (prefix == 0))
        }
        #expect(try CIDR("::/0").contains(.v4(1)) == false)
    }

    @Test func `addresses read back as they are written`() throws {
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<5_000 {
            let four = IPAddress.v4(UInt32.random(in: .min ... .max, using: &generator))
            #expect(IPAddress(four.description) == four)
            let six = IPAddress.v6(UInt128.random(in: .min ... .max, using: &generator))
            #expect(IPAddress(six.description) == six)
        }
        #expect(IPAddress("10.1.2.3")?.description == "10.1.2.3")
        #expect(IPAddress("FD00:0::1")?.description == "fd00::1")
    }

    @Test func `socket addresses are read as the system lays them out, and nothing is read beyond their end`() throws {
        var four = sockaddr_in()
        four.sin_family = sa_family_t(AF_INET)
        four.sin_addr.s_addr = UInt32(0x0a01_0203).bigEndian
        let v4 = withUnsafeBytes(of: four) { Array($0) }
        var six = sockaddr_in6()
        six.sin6_family = sa_family_t(AF_INET6)
        inet_pton(AF_INET6, "fe80::1:2", &six.sin6_addr)
        let v6 = withUnsafeBytes(of: six) { Array($0) }
        func read(_ bytes: some Collection<UInt8>) -> IPAddress? {
            Array(bytes).withUnsafeBytes { IPAddress(socketAddress: $0) }
        }
        #expect(read(v4) == IPAddress("10.1.2.3"))
        #expect(read(v6) == IPAddress("fe80::1:2"))
        for bytes in [v4, v6] {
            for count in 0..<bytes.count { #expect(read(bytes.prefix(count)) == nil) }
        }
        var unix = sockaddr_un()
        unix.sun_family = sa_family_t(AF_UNIX)
        #expect(withUnsafeBytes(of: unix) { IPAddress(socketAddress: $0) } == nil)
    }
}
