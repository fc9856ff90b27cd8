/// The version of this release, which `--version`, `verbatim_build_info` and `openapi.yaml` show.
package enum Version {
    package static let current = "0.1.0-unreleased"
}
