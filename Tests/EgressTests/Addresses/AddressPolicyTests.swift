import Addresses
import Egress
import Glibc
import TestSupport
import Testing

@Suite struct AddressPolicyTests {
    static let refused = [
        "0.0.0.0", "0.1.2.3", "0.255.255.255", "10.0.0.0", "10.255.255.255", "100.64.0.0", "100.100.100.200",
        "100.127.255.255", "127.0.0.1", "127.255.255.255", "168.63.129.16", "169.254.0.0", "169.254.169.254",
        "169.254.170.2", "172.16.0.0", "172.31.255.255", "192.0.0.0", "192.0.0.192", "192.0.2.1", "192.88.99.1",
        "192.168.0.0", "192.168.255.255", "198.18.0.0", "198.19.255.255", "198.51.100.7", "203.0.113.255",
        "224.0.0.1", "239.255.255.255", "240.0.0.0", "255.255.255.255",
        "::", "::1", "::2", "::10.0.0.1", "::8.8.8.8", "::ffff:0.0.0.0", "::ffff:127.0.0.1", "::ffff:169.254.169.254",
        "::ffff:0:8.8.8.8", "64:ff9b::10.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::8.8.8.8", "64:ff9b:1:ffff::1",
        "100::1", "100:0:0:1::1", "2001::1", "2001:0:53aa:64c:0:fbff:b3ff:fffe", "2001:2::1", "2001:10::1",
        "2001:20::1", "2001:1ff:ffff::1", "2001:db8::1", "2001:db8:ffff::1", "2002:7f00:1::", "2002:a00:1::1",
        "2002:c0a8:101::1", "2002:a9fe:a9fe::", "3fff::1", "3fff:fff:ffff::", "4000::1", "5f00::1", "fc00::1",
        "fd00:ec2::254", "fdff:ffff::1", "fe80::1", "febf::1", "fec0::1", "feff::1", "ff02::1", "ff0e::1",
    ]

    static let permitted = [
        "1.0.0.0", "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0",
        "126.255.255.255",
        "128.0.0.0", "168.63.129.15", "168.63.129.17", "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0",
        "191.255.255.255", "192.0.1.0", "192.0.3.0", "192.88.98.255", "192.88.100.0", "192.167.255.255", "192.169.0.0",
        "198.17.255.255", "198.20.0.0", "198.51.99.255", "198.51.101.0", "203.0.112.255", "203.0.114.0",
        "223.255.255.255", "2000::1", "2001:200::1", "2001:4860:4860::8888", "2001:db7::1", "2001:db9::1",
        "2003::1", "2606:4700::1111", "3ffe:ffff::1", "3fff:1000::1", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8",
        "2002:808:808::1",
    ]

    @Test(arguments: refused)
    func `what is not public is refused`(text: String) throws {
        #expect(!AddressPolicy().permits(try #require(IPAddress(text))))
    }

    @Test(arguments: permitted)
    func `what is public is permitted, up to the very next to what is not`(text: String) throws {
        #expect(AddressPolicy().permits(try #require(IPAddress(text))))
    }

    @Test func `every form of an IPv6 address that carries an IPv4 address is judged by it`() throws {
        var generator = SeededGenerator(seed: 5)
        let policies = [AddressPolicy(), AddressPolicy(allowed: [try CIDR("10.0.0.0/8")])]
        for _ in 0..<20_000 {
            let number = UInt32.random(in: .min ... .max, using: &generator)
            for policy in policies {
                let verdict = policy.permits(.v4(number))
                #expect(policy.permits(.v6(0xffff_0000_0000 | UInt128(number))) == verdict)
                #expect(policy.permits(.v6(0x0064_ff9b << 96 | UInt128(number))) == verdict)
                let rest = UInt128(UInt64.random(in: .min ... .max, using: &generator))
                #expect(policy.permits(.v6(0x2002 << 112 | UInt128(number) << 80 | rest)) == verdict)
            }
        }
    }

    @Test func `what the operator allows is permitted, and nothing beside it`() throws {
        let policy = try AddressPolicy(allowing: "10.1.0.0/16,192.168.7.7\n fd00::/8\t::1")
        for text in ["10.1.0.0", "10.1.255.255", "192.168.7.7", "fd12::1", "::1", "::ffff:10.1.2.3", "8.8.8.8"] {
            #expect(policy.permits(try #require(IPAddress(text))), "\(text)")
        }
        for text in ["10.0.255.255", "10.2.0.0", "192.168.7.8", "fc00::1", "::2", "127.0.0.1", "::ffff:10.2.0.1"] {
            #expect(!policy.permits(try #require(IPAddress(text))), "\(text)")
        }
        for empty in ["", " ", ",", " , "] {
            #expect(!(try AddressPolicy(allowing: empty)).permits(.v4(0x0a00_0001)))
        }
    }

    @Test func `an error in the operator's list says what to write`() {
        for (list, description) in [
            ("10.0.0.0/8, example.org", "“example.org” is not an address block; write one like 10.0.0.0/8"),
            ("10.0.0.1/8", "“10.0.0.1/8” has bits set beyond its prefix length; did you mean 10.0.0.0/8?"),
            ("10.0.0.0/33", "the prefix length in “10.0.0.0/33” must be a number from 0 to 32"),
            ("fd00::/129", "the prefix length in “fd00::/129” must be a number from 0 to 128"),
        ] {
            let error = #expect(throws: CIDRError.self) { try AddressPolicy(allowing: list) }
            #expect(error?.description.hasPrefix(description) == true)
        }
    }
}
