import Settings
import Testing

@Suite struct UnknownSettingTests {
    private static func unknown(_ environment: [String: String]) -> [String] {
        let reader = SettingsReader(environment: environment)
        _ = reader.string("VERBATIM_WORKER_SLOTS")
        _ = reader.string("VERBATIM_MASTER_KEY")
        reader.mention("VERBATIM_WHISPER_MODEL")
        return reader.unknown.map { "\($0)" }
    }

    @Test func `what looks like a setting and is none is told, with the one that may be meant`() {
        #expect(
            Self.unknown([
                "VERBATIM_WORKER_SLOT": "3", "VERBATIM_MASTERKEY_FILE": "/x", "VERBATIM_COLOR": "blue",
                "VERBATIM_WORKER_SLOTS": "3", "VERBATIM_MASTER_KEY_FILE": "/x", "VERBATIM_WHISPER_MODEL": "m",
                "PATH": "/bin",
                "VERBATIMX": "1", "VERBATIM_EMPTY": "",
            ]) == [
                "VERBATIM_COLOR is not a setting and has no effect",
                "VERBATIM_MASTERKEY_FILE is not a setting and has no effect; did you mean VERBATIM_MASTER_KEY_FILE?",
                "VERBATIM_WORKER_SLOT is not a setting and has no effect; did you mean VERBATIM_WORKER_SLOTS?",
            ])
    }

    @Test func `what orchestrators, tests and benchmarks set is none`() {
        #expect(
            Self.unknown([
                "VERBATIM_SERVICE_HOST": "10.0.0.1", "VERBATIM_SERVICE_PORT": "80", "VERBATIM_SERVICE_PORT_HTTP": "80",
                "VERBATIM_PORT": "tcp://10.0.0.1:80", "VERBATIM_PORT_8080_TCP_ADDR": "10.0.0.1",
                "VERBATIM_API_PORT_80_TCP": "tcp://10.0.0.1:80", "VERBATIM_WORKER_SERVICE_HOST": "10.0.0.1",
                "VERBATIM_TEST_LIMIT": "9", "VERBATIM_BENCH_KEY": "x",
            ]) == [])
    }
}
