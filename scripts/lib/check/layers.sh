# shellcheck shell=bash
# Rule `layers`: the arrows between the modules point downward (docs/architecture.md), and what is dangerous or heavy
# has one owner: libpq, libcurl, libav, libcrypto, the HTTP server.

# Each folder, the module it is, and which modules of ours it may import. The first prefix that fits decides.
readonly layer_table='
Sources/Support/CPostgres/    CPostgres
Sources/Support/CArgon2/      CArgon2
Sources/Support/CCurlSystem/  CCurlSystem
Sources/Support/CCurl/        CCurl      CCurlSystem
Sources/Support/COpenSSLSystem/ COpenSSLSystem
Sources/Support/COpenSSL/     COpenSSL   COpenSSLSystem
Sources/Support/CAVSystem/    CAVSystem
Sources/Support/CAV/          CAV        CAVSystem
Sources/Support/Concurrency/  Concurrency CProcess
Sources/Support/Files/        Files      CProcess
Sources/Support/JSON/         JSON
Sources/Support/Cryptography/ Cryptography COpenSSL
Sources/Support/Postgres/     Postgres   CPostgres Concurrency
Sources/Support/Addresses/    Addresses
Sources/Support/Egress/       Egress     Addresses CCurl Concurrency
Sources/Support/CProcess/     CProcess
Sources/Support/Settings/     Settings   CProcess
Sources/Support/Terminal/     Terminal   Settings
Sources/Tenancy/              Tenancy    Postgres Addresses Cryptography Concurrency JSON CArgon2
Sources/Billing/              Billing    Tenancy Postgres JSON
Sources/Pipeline/MediaTool/   MediaTool  CAV JSON
Sources/Pipeline/             Pipeline   Billing Tenancy Postgres Addresses Egress Cryptography Settings Concurrency Files JSON
Sources/API/                  API        Pipeline Billing Tenancy Postgres Addresses Egress Cryptography Settings Terminal Concurrency Files JSON
Sources/AdminCLI/             AdminCLI   Pipeline Billing Tenancy Postgres Addresses Egress Settings Terminal Files JSON
Sources/Executables/          Executables
'

# Modules of others that only some of ours may import: a pattern for the name, then who may.
readonly owner_table='
^(Hummingbird.*|NIO.*)$  API
^ArgumentParser$         API AdminCLI Terminal
^Subprocess$             Pipeline
'

check_layers() {
    local path rest
    while read -r path rest; do
        fault "$path" "$rest"
    done < <(
        ((${#source_files[@]} == 0)) || LAYERS=$layer_table OWNERS=$owner_table awk '
        BEGIN {
            count = split(ENVIRON["LAYERS"], rows, "\n")
            for (i = 1; i <= count; i++) {
                fields = split(rows[i], field, " +")
                if (fields < 2) continue
                folder[++folders] = field[1]; module[folders] = field[2]; ours[field[2]] = 1
                for (j = 3; j <= fields; j++) allowed[field[2], field[j]] = 1
            }
            count = split(ENVIRON["OWNERS"], rows, "\n")
            for (i = 1; i <= count; i++) {
                fields = split(rows[i], field, " +")
                if (fields < 2) continue
                owned[++owners] = field[1]
                for (j = 2; j <= fields; j++) owner[owners, field[j]] = 1
            }
        }
        FNR == 1 {
            from = ""
            for (i = 1; i <= folders && from == ""; i++) if (index(FILENAME, folder[i]) == 1) from = module[i]
            if (from == "") print FILENAME " lies in a folder that no layer knows (scripts/lib/check/layers.sh)."
        }
        from != "" {
            name = $0
            sub(/^[ \t]*(@[A-Za-z_]+(\([^)]*\))?[ \t]+)*/, "", name)
            sub(/^(public|package|internal|fileprivate|private)[ \t]+/, "", name)
            if (name !~ /^import[ \t]/) next
            sub(/^import[ \t]+((typealias|struct|class|enum|protocol|let|var|func)[ \t]+)?/, "", name)
            sub(/[^A-Za-z0-9_].*$/, "", name)
            if (name in ours && name != from && !((from, name) in allowed))
                print FILENAME ":" FNR " " from " may not import " name "."
            for (i = 1; i <= owners; i++)
                if (name ~ owned[i] && !((i, from) in owner))
                    print FILENAME ":" FNR " " from " may not import " name ", which belongs to other modules."
        }' "${source_files[@]}"
    )
}
