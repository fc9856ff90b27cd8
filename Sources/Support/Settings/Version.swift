/// Which release this is, as `--version` and `verbatim_build_info` say it, and `openapi.yaml`.
package enum Version {
    package static let current = "0.1.0-unreleased"
}
