# shellcheck shell=bash
# What lies on a machine after the installation, before anything was configured.
source /test/inside/support.sh

is "640 root:verbatim" "$(stat -c '%a %U:%G' "$env")" "the rights of the settings"
is "750 verbatim:verbatim" "$(stat -c '%a %U:%G' /var/lib/verbatim)" "the rights of the state folder"
is /usr/sbin/nologin "$(getent passwd verbatim | cut -d: -f7)" "the shell of the service's user"

# Nothing of the machine that built them is needed, and a stranger may run them.
for program in verbatim verbatim-admin verbatim-media; do
    ! ldd "/usr/lib/verbatim/$program" | grep 'not found' || fail "$program lacks libraries"
    ldd "/usr/lib/verbatim/$program" | grep 'libswiftCore.so => /usr/lib/verbatim/lib/' >/dev/null ||
        fail "$program does not use the packaged runtime of Swift"
done
for program in verbatim verbatim-admin; do
    setpriv --reuid=nobody --regid=nogroup --clear-groups "$program" --version >/dev/null
    [[ -s /usr/share/bash-completion/completions/$program ]]
done

# Files that the service could change would be a way to keep a hold on it.
writable=$(find /usr/lib/verbatim \( -user verbatim -o -group verbatim -o ! -type l -perm /022 \) -print)
is "" "$writable" "files of the program that the service may change"

said=$(systemd-analyze verify "${units[@]/%/.service}" 2>&1) || true
is "" "$said" "what systemd-analyze verify says of the units"
for unit in "${units[@]}"; do
    is disabled "$(systemctl is-enabled "$unit" || true)" "whether $unit starts by itself"
    is inactive "$(systemctl is-active "$unit" || true)" "whether $unit runs before it was configured"
    # Two that are each ordered after the other cannot be stopped at the same time.
    both=$(systemctl show --value -p After -p Before "$unit" | tr ' ' '\n' | sort | uniq -d)
    is "" "$both" "what $unit is ordered both before and after"
    # Out of 100; a plain unit has 96.
    systemd-analyze security --no-pager --threshold=19 "$unit" >/run/security ||
        fail "$unit is less protected than it was: $(tail -n 1 /run/security)"
done

# Started too early, a node says what is missing, and works once that is there: see the next step.
names_missing_settings() { journalctl -u verbatim-serve --no-pager | grep VERBATIM_DATABASE_URL >/dev/null; }
systemctl start verbatim-serve
eventually "the journal names the missing settings" \
    names_missing_settings
systemctl stop verbatim-serve
