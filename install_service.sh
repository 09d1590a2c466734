#!/usr/bin/env bash
# Installs Impasto as a systemd service that starts with the computer, updates it, or takes it away again.
# It never takes the bot's token from the command line, never prints it, and leaves settings and data alone.
set -Eeuo pipefail

readonly oldest_python=3.11 newest_python=3.13 # later ones have not been tried
readonly oldest_systemd=250                    # the first with %d, the folder of a service's credentials
readonly needed_gib_default=10                 # the environment takes 6.2, its download up to 3 more
readonly chat_id='^-?[1-9][0-9]{0,15}$'
readonly odd_characters=$'["\'\\\\%$`&|\n]' # which units, desktop entries and sed would read as something else
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)

kind=system mode=install upgrade=no fresh=no unattended=no dry_run=no data_wish=""
root="" python="" python_env="" token_file="" owner="" weights="" torch_index="" needed_gib=$needed_gib_default
export -n token="" # or a variable of that name that came exported would be seen by every child

if [[ ! -d $here/service/linux ]]; then
    printf 'install_service: %s is missing: run this script from a complete copy of Impasto\n' "$here/service/linux" >&2
    exit 1
fi
# shellcheck source-path=SCRIPTDIR source=service/linux/telling.sh
. "$here/service/linux/telling.sh"
# shellcheck source=service/linux/options.sh
. "$here/service/linux/options.sh"
# shellcheck source=service/linux/places.sh
. "$here/service/linux/places.sh"
# shellcheck source=service/linux/checks.sh
. "$here/service/linux/checks.sh"
# shellcheck source=service/linux/torch.sh
. "$here/service/linux/torch.sh"
# shellcheck source=service/linux/answers.sh
. "$here/service/linux/answers.sh"
# shellcheck source=service/linux/going_back.sh
. "$here/service/linux/going_back.sh"
# shellcheck source=service/linux/program.sh
. "$here/service/linux/program.sh"
# shellcheck source=service/linux/service.sh
. "$here/service/linux/service.sh"
# shellcheck source=service/linux/weights.sh
. "$here/service/linux/weights.sh"
# shellcheck source=service/linux/removing.sh
. "$here/service/linux/removing.sh"

check_everything() {
    check_rights
    check_source
    check_systemd
    check_no_other_way
    if [[ -n $python_env ]]; then
        check_python_env
    else
        check_python
        check_torch
        check_disk
    fi
}

install_everything() {
    is_installed || fresh=yes
    if [[ $upgrade == yes && $fresh == yes ]]; then
        fail "nothing is installed here ($starter is not there); without --upgrade this script installs it"
    fi
    check_everything
    obtain_token
    obtain_owner

    going_back=yes
    if [[ $fresh == yes ]] && [[ -d $before || -d $prefix/src.new ]]; then
        step "remove what an installation left that was cut off" remove_program
    elif [[ -d $before ]]; then
        step "mend what an update left that was cut off" mend_interrupted
    fi
    step "copy the program to $prefix/src.new" copy_source
    [[ $fresh == yes || -n $root ]] || step "stop Impasto if it runs" stop_if_running
    step "keep what is there, to go back to it if need be" keep_what_is_there
    step "put the new program in place, as $prefix/src" swap_source
    if [[ -n $python_env ]]; then
        say "The environment in $python_env is used as it is."
    else
        step "build $prefix/venv with $python (the first time up to 6.2 GB, some minutes)" build_environment
    fi
    [[ $kind != system ]] || step "create the account 'impasto' (no login)" create_account
    [[ -z $token ]] || step "write the token to $settings/token, for nobody else to read" write_token
    if [[ -e $settings/impasto.toml ]]; then
        say "The settings in $settings/impasto.toml stay${owner:+; --owner is not written into them}."
    else
        step "write $settings/impasto.toml" write_settings
    fi
    case $kind in
        system) step "install $unit and let it start at boot" install_unit ;;
        user)
            step "install $unit and let it start with your systemd" install_unit
            step "let your systemd start at boot (lingering)" let_linger
            ;;
        autostart) step "install $entry: it starts when you log in to your desktop" install_entry ;;
    esac
    if [[ -z $root ]]; then
        step "start Impasto and wait until it answers in Telegram ($seconds_to_wait seconds at most)" begin
    fi
    going_back=no
    step "remove what was kept to go back to" run rm -rf -- "$before"
    if [[ $dry_run == yes ]]; then
        fetch_weights
        say "Nothing was changed."
    elif [[ -n $root ]]; then
        say "Done: the service starts when the system in $root does."
    else
        [[ $verdict == up ]] || not_yet
        say_how
        fetch_weights
    fi
}

# An update that does not come up is taken back; so is a first installation, unless what lacks is not Impasto's.
begin() {
    if [[ $dry_run == yes ]]; then
        if [[ $kind == autostart ]]; then say "    start it"; else run "${control[@]}" restart impasto.service; fi
    elif ! start_and_wait && [[ $fresh == no || $verdict == down ]]; then
        fail "Impasto does not come up: $why_not"
    fi
}

not_yet() {
    tell "Impasto is installed, but does not answer yet: $why_not"
    if [[ $verdict == misconfigured ]]; then
        tell "Mend $settings/impasto.toml, or have --token-file FILE at hand, and run this script again."
    fi
    exit 3
}

say_how() {
    local logs="${journal[*]} -f" when="whenever this computer is on" restart="sudo ${control[*]} restart impasto"
    local uninstall="sudo $prefix/src/install_service.sh --uninstall"
    if [[ $kind != system ]]; then
        restart="${control[*]} restart impasto"
        uninstall="$(printf '%q' "$prefix/src/install_service.sh") --$kind --uninstall"
    fi
    if [[ $kind == autostart ]]; then
        logs="tail -f $(printf '%q' "$own_log")" when="whenever you are logged in" restart="log out and in"
    fi
    cat <<EOF

Impasto answers in Telegram, and will $when.
  logs:       $logs
  settings:   $settings/impasto.toml, then: $restart
  update:     git pull, then: $again
  uninstall:  $uninstall
EOF
}

at_exit() {
    local status=$?
    trap - EXIT
    if [[ $status != 0 && $going_back == yes && $dry_run == no ]]; then put_back_what_was; fi
    exit "$status"
}

main() {
    umask 022
    parse_options "$@"
    set_places
    trap at_exit EXIT
    trap 'fail "line $LINENO of ${BASH_SOURCE[0]##*/} failed: $BASH_COMMAND"' ERR
    trap 'fail "stopped by you"' INT TERM HUP
    "${mode}_everything"
}

main "$@"
