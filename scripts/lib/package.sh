# shellcheck shell=bash
# Lays out the files of the Debian packages and packs them. Guarantees that nothing in them names the machine they were
# made on, and that both come from one build.

readonly package_work=$root/.run/package package_log=$root/.run/package.log
# Where the packages' files are once they are installed.
readonly package_home=/usr/lib/verbatim

# Prints the version of the sources as Debian sorts it: 0.1.0-unreleased comes before 0.1.0.
source_version() {
    sed -n 's/.*static let current = "\([^"]*\)".*/\1/p' "$root/Sources/Support/Settings/Version.swift" | tr - '~'
}

# make_packages VERSION FOLDER
make_packages() {
    local version=$1 out=$2 work=$package_work/build python unit
    say "Packaging Verbatim $version …"
    rm -rf -- "$work"
    mkdir -p -- "$work/tree"
    cp -R -- "$root/deploy/debian" "$work/debian"
    for unit in api worker serve; do
        cp -- "$root/deploy/systemd/verbatim-$unit.service" "$work/debian/verbatim.verbatim-$unit.service"
    done
    cp -- "$root/deploy/systemd/verbatim-inference.service" "$work/debian/verbatim-inference.verbatim-inference.service"
    stage_program "$work/tree/verbatim"
    stage_inference "$work/tree/verbatim-inference"
    write_changelog "$version" >"$work/debian/changelog"
    python=$(sed -n 's/^version *= *\([0-9]*\.[0-9]*\).*/\1/p' "$root/inference/.venv/pyvenv.cfg")
    (
        cd -- "$work" || exit
        export PYTHON_VERSION=$python PYTHON_NEXT=${python%.*}.$((${python#*.} + 1))
        export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(last_change)}
        run_child dpkg-buildpackage --build=binary --unsigned-changes --no-check-builddeps
    ) >"$package_log" 2>&1 || {
        tail -n 20 -- "$package_log" | cut -c 1-300 >&2
        fail "the packages could not be made; all that was said is in $package_log."
    }
    mv -f -- "$package_work"/verbatim{,-inference}_"${version}_$(dpkg --print-architecture)".deb "$out/" 2>/dev/null ||
        [[ $out == "$package_work" ]] || fail "the packages could not be moved to $out."
    rm -rf -- "$work" "$package_work"/verbatim_*.{buildinfo,changes}
}

# The time of the last commit, so that packaging the same sources twice makes the same files; without Git, now.
last_change() {
    git -c safe.directory='*' -C "$root" log -1 --format=%ct 2>/dev/null || date +%s
}

write_changelog() {
    printf 'verbatim (%s) unstable; urgency=medium\n\n  * What changed is in CHANGELOG.md of the sources.\n\n' "$1"
    printf ' -- The Verbatim maintainers <verbatim@localhost>  %s\n' "$(date -Ru -d "@$(last_change)")"
}

# stage_program TREE – the package verbatim.
stage_program() {
    local tree=$1 home=$1$package_home name
    install -d -- "$home/lib" "$tree"/usr/{bin,share/bash-completion/completions} "$tree/etc/verbatim"
    install -d -- "$tree/usr/share/doc/verbatim/examples"
    for name in "${products[@]}"; do
        install -m 0755 -- "$root/.build/release/$name" "$home/$name"
    done
    # What --version and the metrics name.
    if [[ -f $root/.build/release/verbatim.commit ]]; then
        install -m 0644 -- "$root/.build/release/verbatim.commit" "$home/verbatim.commit"
    fi
    stage_swift_runtime "$home"
    for name in verbatim verbatim-admin; do
        ln -s -- "../lib/verbatim/$name" "$tree/usr/bin/$name"
        "$root/.build/release/$name" --generate-completion-script bash | sed 1d \
            >"$tree/usr/share/bash-completion/completions/$name"
    done
    # inference/ is for the other package, but the executables know their files by it and sql/.
    install -d -- "$home/sql" "$home/ingest" "$home/inference"
    install -m 0644 -- "$root"/sql/*.sql "$home/sql/"
    cp -R -- "$root/dashboard" "$root/openapi.json" "$home/"
    install -m 0644 -- "$root"/ingest/*.{py,txt} "$home/ingest/"
    install -m 0755 -- "$root/ingest/install" "$home/ingest/install"
    # The link .venv is made at installation, because updates of yt-dlp change it.
    stage_environment "$root/ingest/.venv" "$home/ingest/.venv-packaged" "$package_home/ingest/.venv-packaged"
    install -m 0640 -- "$root/deploy/verbatim.env" "$tree/etc/verbatim/verbatim.env"
    install -m 0644 -- "$root"/{README,docs/self-hosting,docs/operations}.md "$tree/usr/share/doc/verbatim/"
    cp -R -- "$root"/deploy/{nginx,caddy,prometheus,grafana} "$tree/usr/share/doc/verbatim/examples/"
}

# stage_inference TREE – the package verbatim-inference.
stage_inference() {
    local tree=$1 home=$1$package_home/inference
    install -d -- "$home/models" "$tree/usr/share/doc/verbatim-inference"
    cp -R -- "$root/inference/verbatim_inference" "$home/"
    find "$home/verbatim_inference" -name __pycache__ -prune -exec rm -rf {} +
    install -m 0755 -- "$root/inference/serve" "$home/serve"
    cp -R -- "$root"/inference/models/{LICENSES,ORIGINS.md,SHA256SUMS,whisper-base} "$home/models/"
    install -m 0644 -- "$root"/inference/models/*.onnx "$home/models/"
    stage_environment "$root/inference/.venv" "$home/.venv" "$package_home/inference/.venv"
    # The service cannot write there, so what Python would keep after the first start comes along.
    compile_python "$home/verbatim_inference" "$package_home/inference/verbatim_inference"
    install -m 0644 -- "$root/inference/README.md" "$tree/usr/share/doc/verbatim-inference/README.md"
}

# stage_swift_runtime HOME – the libraries of Swift that the executables are linked to, beside them, where alone they look.
stage_swift_runtime() {
    local home=$1 name library
    for name in "${products[@]}"; do
        ldd "$home/$name" | awk '/\/swift\/linux\// { print $3 }'
    done | sort -u | while read -r library; do
        install -m 0644 -- "$library" "$home/lib/"
    done
    compgen -G "$home/lib/libswiftCore.so" >/dev/null || fail "the libraries of Swift were not found: ldd names none."
    for name in "${products[@]}"; do
        # shellcheck disable=SC2016
        patchelf --set-rpath '$ORIGIN/lib' "$home/$name"
    done
}

# stage_environment SOURCE COPY PLACE – a virtual environment for another place: without pip, and without the commands of
# its packages, whose first lines name the place it was made in.
stage_environment() {
    local source=$1 copy=$2 place=$3 library
    cp -RH -- "$source" "$copy"
    find "$copy/bin" -mindepth 1 ! -name 'python*' -delete
    rm -rf -- "$copy"/{include,share} "$copy"/lib/python*/site-packages/{pip,setuptools,pkg_resources,_distutils_hack} \
        "$copy"/lib/python*/site-packages/{pip-*,setuptools-*,distutils-precedence.pth}
    sed -i "s|^command = .*|command = /usr/bin/python3 -m venv $place|" "$copy/pyvenv.cfg"
    # Lists of installed files, which name the commands that are gone.
    find "$copy" -path '*.dist-info/RECORD' -delete
    find "$copy" -name __pycache__ -prune -exec rm -rf {} +
    for library in "$copy"/lib/python*; do compile_python "$library" "$place/lib/${library##*/}"; done
    ! grep -rlIF -- "$root" "$copy" >&2 || fail "the files above name the checkout, which is not where they will be."
}

# compile_python FOLDER PLACE – byte code that is used as it is, whatever the times of the files: the package does not change.
compile_python() {
    python3 -m compileall -qq -j 0 --invalidation-mode unchecked-hash -s "$1" -p "$2" "$1" ||
        fail "the Python files in $1 could not be compiled."
}
