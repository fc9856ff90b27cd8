import Glibc

/// URLs that must never cause a connection when a customer gives them: they lead to this machine, private networks, metadata services or
/// other schemes, or try to. All tests of hostile URLs use this table.
package enum HostileURLs {
    /// Ways to spell this machine.
    package static let ownHosts = [
        "127.0.0.1", "127.0.0.2", "127.255.255.254", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.0.0.1",
        "0x7f.1", "0X7F.0x0.0x0.0x1", "0177.0.0.1", "017700000001", "0177.1", "00000177.0.0.1", "127.0.0.1.",
        "localhost", "LOCALHOST", "localhost.", "LocalHost.", "sub.localhost", "0.0.0.0", "0", "0x0", "00", "[::1]",
        "[::]", "[0:0:0:0:0:0:0:1]", "[0000::0001]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]",
        "[0:0:0:0:0:ffff:7f00:1]", "[0:0:0:0:0:ffff:7f00:0001]", "[::127.0.0.1]", "[::7f00:1]", "[64:ff9b::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]", "[2002:7f00:0001::1]", "①②⑦.⓪.⓪.①", "１２７.０.０.１", "127。0。0。1", "127．0．0．1",
        "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ", "ｌｏｃａｌｈｏｓｔ", "%31%32%37.0.0.1", "127.0.0.%31", "%6c%6f%63%61%6c%68%6f%73%74",
    ]

    /// Ways to spell other addresses that are not public.
    package static let privateHosts = [
        "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "100.100.100.200", "169.254.169.254",
        "169.254.170.2", "2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "198.18.0.1", "224.0.0.1",
        "255.255.255.255", "240.0.0.1", "[fe80::1]", "[fc00::1]", "[fd00:ec2::254]", "[fec0::1]", "[ff02::1]",
        "[::ffff:10.0.0.1]", "[::ffff:169.254.169.254]", "[64:ff9b::a9fe:a9fe]", "[2002:a9fe:a9fe::]", "[2001:db8::1]",
    ]

    /// All hosts with that port, and URLs that try something else.
    package static func all(port: UInt16) -> [String] {
        (ownHosts + privateHosts).flatMap { ["http://\($0):\(port)/a.mp3"] }
            + [
                "https://127.0.0.1:\(port)/", "http://user@127.0.0.1:\(port)/", "http://example.org@127.0.0.1:\(port)/",
                "http://127.0.0.1:\(port)@127.0.0.1:\(port)/", "http://127.0.0.1:\(port)#@example.org/",
                "http://127.0.0.1:\(port)?@example.org/", "HTTP://127.0.0.1:\(port)/", "http:\\\\127.0.0.1:\(port)/",
                "http:///127.0.0.1:\(port)/", "http:127.0.0.1:\(port)/", "//127.0.0.1:\(port)/", "127.0.0.1:\(port)",
                "file:///etc/passwd", "ftp://127.0.0.1:\(port)/", "gopher://127.0.0.1:\(port)/_x",
                "dict://127.0.0.1:\(port)/d:x", "ldap://127.0.0.1:\(port)/", "tftp://127.0.0.1:\(port)/x",
                "smb://127.0.0.1:\(port)/", "scp://127.0.0.1:\(port)/", "data:audio/mpeg;base64,AAAA",
                "javascript:alert(1)", "jar:http://127.0.0.1:\(port)/!/", "http://[::1%25lo]:\(port)/",
                "http://127.0.0.1:\(port)\r\nHost: example.org", "http://127.0.0.1:0/",
            ]
    }

    /// Those hosts that are plain addresses, for names that resolve to them.
    package static var addresses: [String] {
        (ownHosts + privateHosts).map { $0.filter { $0 != "[" && $0 != "]" } }.filter { text in
            var address = in6_addr()
            return inet_pton(AF_INET, text, &address) == 1 || inet_pton(AF_INET6, text, &address) == 1
        }
    }
}
