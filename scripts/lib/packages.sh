# shellcheck shell=bash
# The Debian packages that Verbatim needs: looked up without touching the network, installed only where some are
# missing. Guarantees that the system's own PostgreSQL cluster is neither created nor started.

readonly build_packages=(
    libncurses6 libsqlite3-0 libxml2 # what Swift's own programs are linked to
    binutils libc6-dev libstdc++-12-dev pkg-config git
    libpq-dev libargon2-dev libcurl4-openssl-dev libssl-dev
    libavformat-dev libavcodec-dev libavutil-dev libswresample-dev
)
readonly run_packages=(postgresql curl ca-certificates python3 python3-venv unzip procps util-linux)
readonly package_packages=(debhelper patchelf zstd) # for scripts/package
readonly test_packages=(
    ffmpeg libreoffice-writer-nogui chromium fonts-noto-core pgbouncer
    debootstrap systemd-container # for the test of the package
)

# Answers in $missing what of the named packages is not installed. A tool or library that came in another way counts.
find_missing() {
    local name installed
    missing=()
    command -v dpkg-query >/dev/null ||
        fail "this script installs packages on Debian and Ubuntu only; elsewhere install the likes of: $*."
    installed=$(
        dpkg-query -W -f='${Package} ${db:Status-Status}\n' "$@" 2>/dev/null | awk '$2 == "installed" { print $1 }'
    ) || true
    for name in "$@"; do
        grep -qxF -- "$name" <<<"$installed" || has_equivalent "$name" || missing+=("$name")
    done
}

has_equivalent() {
    case $1 in
    postgresql) find_postgres ;;
    libreoffice-writer-nogui) [[ -x /usr/bin/soffice ]] ;;
    chromium) [[ -x /usr/bin/chromium ]] ;;
    libncurses6) has_library libncurses.so.6 ;;
    libsqlite3-0) has_library libsqlite3.so.0 ;;
    libxml2) has_library libxml2.so.2 ;;
    libstdc++-12-dev) compgen -G '/usr/include/c++/*/vector' >/dev/null ;;
    pkg-config | git | curl | python3 | unzip | ffmpeg) [[ -x /usr/bin/$1 ]] ;;
    *) return 1 ;;
    esac
}

has_library() {
    [[ $(PATH=$PATH:/usr/sbin:/sbin ldconfig -p 2>/dev/null) == *"$1 "* ]]
}

# ensure_packages [test | package] – everything to build and run, and to test (and package) or to package.
ensure_packages() {
    local wanted=("${build_packages[@]}" "${run_packages[@]}") missing=()
    if [[ ${1:-} == test ]]; then wanted+=("${test_packages[@]}"); fi
    if [[ ${1:-} == test || ${1:-} == package ]]; then wanted+=("${package_packages[@]}"); fi
    find_missing "${wanted[@]}"
    ((${#missing[@]} > 0)) || return 0
    # Once there is something to install, the shell linter comes along; without it scripts/check lints no shell.
    if [[ ${1:-} == test ]]; then missing+=(shellcheck); fi

    local as_root=()
    if ((EUID != 0)); then
        sudo -n true 2>/dev/null ||
            fail "packages are missing; as root run: apt-get install -y --no-install-recommends ${missing[*]}"
        as_root=(sudo -n)
    fi
    say "Installing Debian packages: ${missing[*]}"
    # A source that cannot be reached fails the update although another may hold the packages: the install decides.
    : >"$root/.run/apt.log"
    run_apt update || true
    local quiet_cluster=/etc/postgresql-common/createcluster.d/verbatim-setup.conf
    "${as_root[@]}" install -d "${quiet_cluster%/*}"
    echo 'create_main_cluster = false' | "${as_root[@]}" tee "$quiet_cluster" >/dev/null
    local status=0
    run_apt install --no-install-recommends "${missing[@]}" || status=$?
    "${as_root[@]}" rm -f "$quiet_cluster"
    ((status != 0)) || return 0
    if grep -qiE 'no space left|enough free space' "$root/.run/apt.log"; then
        fail "the packages above could not be installed, because the disk that holds the system is full."
    fi
    fail "the packages above could not be installed: check the network connection (details: $root/.run/apt.log)."
}

# apt in the foreground: our own tidying must not end it half way.
run_apt() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=300 \
        -o Dpkg::Use-Pty=0 -o Acquire::Retries=1 "$@" </dev/null >>"$root/.run/apt.log" 2>&1
}
