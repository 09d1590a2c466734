# shellcheck shell=bash
# The options, and what they leave unsaid.

usage() {
    cat <<EOF
Usage: sudo ./install_service.sh [options]        a service for the whole computer; again: update it
       ./install_service.sh --user [options]      a service of your own, which needs no root
       ./install_service.sh --autostart           no service: it starts when you log in to your desktop
       … --upgrade                                only update; an error where nothing is installed
       … --uninstall                              take it away; you are asked about your data
       … --restart                                stop it and start it again, and say whether it answers

  --token-file FILE   read the bot's token from FILE (otherwise you are asked for it, unseen)
  --owner ID          your numeric chat id, for reports and errors (otherwise you are asked)
  --weights NAMES     download these for more effects: all, none, or names by commas (otherwise you are asked)
  --torch-index URL   take torch from this address, for an older CUDA or for the CPU alone; updates remember it;
                      'default' goes back to the usual one
  --python PATH       the Python to build the environment with: $oldest_python to $newest_python
  --python-env DIR    use the environment DIR, where Impasto is installed already; builds none
  --disk GIB          refuse when less is free (default: $needed_gib_default; with torch for the CPU $needed_gib_for_cpu)
  --purge             with --uninstall: remove settings and data too, without asking
  --keep-data         with --uninstall: keep settings and data, without asking
  --unattended        ask nothing; what is needed and not given is an error
  --dry-run           check everything, print every action, change nothing
  --root DIR          install below DIR, for an image of another system: nothing is started
  --help              this text

It ends with 0 when the bot answers; 1 when it failed and everything is as it was before; 3 when Impasto is
installed but does not answer yet.
EOF
}

takes_value() { [[ " --token-file --owner --weights --torch-index --python --python-env --disk --root " == *" $1 "* ]]; }

parse_options() {
    while (($#)); do
        if takes_value "$1" && { (($# < 2)) || [[ -z $2 ]]; }; then fail "$1 needs a value; see --help"; fi
        case $1 in
            --token-file) token_file=$2 ;;
            --owner) owner=$2 ;;
            --weights) weights=$2 ;;
            --torch-index) torch_index=$2 ;;
            --python) python=$2 ;;
            --python-env) python_env=${2%/} ;;
            --disk) needed_gib=$2 ;;
            --root) root=$2 ;;
            --user) kind=user ;;
            --autostart) kind=autostart ;;
            --upgrade) upgrade=yes ;;
            --uninstall) mode=uninstall ;;
            --restart) mode=restart ;;
            --purge) data_wish=purge ;;
            --keep-data) data_wish=keep ;;
            --unattended) unattended=yes ;;
            --dry-run) dry_run=yes ;;
            --help | -h) usage && exit 0 ;;
            --[a-z]*) fail "there is no option ${1%%=*} (values follow after a space); see --help" ;;
            # What it is may be the token, so it is not repeated.
            *) fail "something was given without an option before it; see --help. The token is never given here," \
                "since others can read it: you are asked for it, or give --token-file FILE" ;;
        esac
        if takes_value "$1"; then shift; fi
        shift
    done
    check_options
}

check_options() {
    if [[ $data_wish == purge && $mode != uninstall ]]; then fail "--purge goes with --uninstall"; fi
    if [[ $data_wish == keep && $mode != uninstall ]]; then fail "--keep-data goes with --uninstall"; fi
    if [[ $upgrade == yes && $mode != install ]]; then fail "--upgrade and --$mode exclude each other"; fi
    if [[ -n $python_env && ($python_env != /* || $python_env =~ $odd_characters) ]]; then
        fail "--python-env needs an absolute path of plain characters"
    fi
    if [[ -n $python_env && -n $torch_index ]]; then
        fail "--torch-index is for an environment that is built; the one of --python-env has its torch already"
    fi
    if [[ -n $torch_index && ! $torch_index =~ ^(default|[a-z]+://[^[:space:]]+)$ ]]; then
        fail "--torch-index needs an address with https:// before it, or 'default'"
    fi
    if [[ -n $needed_gib && ! $needed_gib =~ ^[0-9]+$ ]]; then fail "--disk needs a whole number of GiB"; fi
    if [[ -n $owner && ! $owner =~ $chat_id ]]; then
        fail "--owner needs a numeric chat id such as 123456789, not a name"
    fi
    if [[ -n $weights && ! $weights =~ ^[A-Za-z0-9._-]+(,[A-Za-z0-9._-]+)*$ ]]; then
        fail "--weights needs all, none, or names separated by commas, without blanks"
    fi
    [[ -z $root ]] && return
    if [[ $kind != system ]]; then fail "--root goes with a service for the whole computer alone"; fi
    if [[ $mode == restart ]]; then fail "--restart goes with an Impasto on this computer, not below --root"; fi
    if [[ -n $weights && $weights != none ]]; then
        fail "--weights downloads through a running Impasto, which --root has not; do it later in the chat"
    fi
    [[ -d $root ]] || fail "there is no folder $root"
    root=$(cd -- "$root" && pwd -P)
    root=${root%/}
}
