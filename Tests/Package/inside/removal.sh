# shellcheck shell=bash
# Removal leaves settings and data; purging takes the settings, and leaves recordings and what others put there.
source /test/inside/support.sh

touch /var/lib/verbatim/storage/recording
dpkg -r verbatim-inference verbatim >/run/dpkg 2>&1 || fail "the removal: $(</run/dpkg)"
is "" "$(pgrep -u verbatim || true)" "processes of the service after its removal"
is "" "$(ls -d /usr/lib/verbatim 2>/dev/null || true)" "the program after its removal"
[[ -f $env && -f /var/lib/verbatim/storage/recording ]] || fail "the removal took settings or data along"

dpkg -P verbatim-inference verbatim >/run/dpkg 2>&1 || fail "the purge: $(</run/dpkg)"
[[ ! -e $env && ! -e /var/lib/verbatim/scratch ]] || fail "the purge left settings or scratch files"
[[ -f /etc/verbatim/master.key ]] || fail "the purge deleted a file that is not the package's: the master key"
[[ -f /var/lib/verbatim/storage/recording ]] || fail "the purge deleted recordings"
grep -q '/var/lib/verbatim was kept' /run/dpkg || fail "the purge does not say what it kept"
is "" "$(find / -xdev -path '/usr/*' -name '*verbatim*' -print)" "files of the package after its purge"
