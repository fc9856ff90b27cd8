# shellcheck shell=bash
# The options of a command, as scripts/bench and scripts/soak read them.

# read_options COMMAND OPTION... -- ARGUMENT... – sets the caller's variables to what the arguments say. An option is:
#   --name                a switch: sets $name to 1; --no-name sets it to nothing
#   --name PATTERN WORDS  has a value that fits the whole pattern, else a message says that it wants WORDS
#   --name @FUNCTION      gives its value to a function, which sets what it likes or ends the run
# --help prints what COMMAND_usage says.
read_options() {
    local command=$1 option kind words name
    local -A kinds=() wanted=()
    local help="scripts/${0##*/} --help"
    [[ $command == "${0##*/}" ]] || help="scripts/${0##*/} $command --help"
    shift
    while [[ $1 != -- ]]; do
        read -r option kind words <<<"$1"
        kinds[=$option]=${kind:-switch} wanted[=$option]=$words
        shift
    done
    shift
    while (($# > 0)); do
        option=$1
        case $option in
        -h | --help)
            "${command}_usage"
            exit 0
            ;;
        esac
        kind=${kinds[=$option]:-}
        name=${option#--}
        name=${name//-/_}
        case $kind in
        '') fail -s "$EX_USAGE" "unknown argument $option; see $help." ;;
        switch)
            if [[ $name == no_* ]]; then printf -v "${name#no_}" ''; else printf -v "$name" 1; fi
            ;;
        @*)
            "${kind#@}" "${2:-}" "$option"
            shift
            ;;
        *)
            [[ ${2:-} =~ ^$kind$ ]] || fail -s "$EX_USAGE" "$option wants ${wanted[=$option]}."
            printf -v "$name" '%s' "$2"
            shift
            ;;
        esac
        shift
    done
}
