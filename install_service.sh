#!/usr/bin/env bash
# Installs Impasto as a systemd service that starts with the computer, updates it, or takes it away again.
# It never takes the bot's token from the command line, never prints it, and leaves settings and data alone.
set -Eeuo pipefail

readonly oldest_python=3.11 newest_python=3.13 # later ones have not been tried
readonly oldest_systemd=250                    # the first with %d, the folder of a service's credentials
readonly needed_gib_default=10                 # the environment takes 6.2, its download up to 3 more
readonly needed_gib_for_cpu=5                  # 3 GB of these are CUDA's
readonly chat_id='^-?[1-9][0-9]{0,15}$'
readonly odd_characters=$'["\'\\\\%$`&|\n]' # which units, desktop entries and sed would read as something else
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)

kind=system mode=install upgrade=no fresh=no unattended=no dry_run=no data_wish=""
root="" python="" python_env="" token_file="" owner="" weights="" torch_index="" needed_gib=""
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
# shellcheck source=service/linux/reporting.sh
. "$here/service/linux/reporting.sh"
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
    check_token_is_free
    obtain_owner

    going_back=yes
    if [[ $fresh == yes ]] && [[ -d $before || -d $prefix/src.new ]]; then
        step "remove what an installation left that was cut off" remove_program
    elif [[ -d $before ]]; then
        say "An update was cut off here. Should this one fail, the Impasto of before that one comes back."
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
        say "The settings in $settings/impasto.toml stay."
        if [[ -n $owner ]] && ! grep -qsx "owner *= *$owner *\(#.*\)\?" "$settings/impasto.toml"; then
            say "--owner is not written into them: write this line into them yourself, at the top: owner = $owner"
        fi
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
    step "remove what was kept to go back to" forget_what_was
    if [[ $dry_run == yes ]]; then
        fetch_weights
        say "Nothing was changed."
    elif [[ -n $root ]]; then
        say "Done: the service starts when the system in $root does."
    else
        say_how_it_went
        fetch_weights
        [[ $verdict == up ]] || exit 3
    fi
}

restart_everything() {
    is_installed || fail "nothing is installed here ($starter is not there); without --restart this script installs it"
    check_rights
    if [[ $kind == user ]]; then
        check_user_manager
    elif [[ $kind == autostart ]]; then
        environment=$(sed -n 's|.*"\([^"]*\)/bin/impasto" run .*|\1|p' "$entry")
        step "stop Impasto if it runs" stop_if_running
    fi
    fresh=yes # nothing was changed, so nothing is put back
    step "start Impasto and wait until it answers in Telegram ($seconds_to_wait seconds at most)" begin
    if [[ $dry_run == yes ]]; then
        say "Nothing was changed."
    elif [[ $verdict == up ]]; then
        say "Impasto answers in Telegram."
    elif [[ $verdict == deaf ]]; then
        tell "Impasto runs, but does not answer yet: $why_not"
        exit 3
    else
        fail "Impasto does not answer: $why_not$(what_to_do)"
    fi
}

# An update that does not come up is taken back; so is a first installation, unless what lacks is not Impasto's.
begin() {
    if [[ $dry_run == yes ]]; then
        if [[ $kind == autostart ]]; then say "    start it"; else run "${control[@]}" restart impasto.service; fi
    elif ! start_and_wait && [[ $fresh == no || $verdict == down ]]; then
        fail "Impasto does not come up: $why_not$(what_to_do)"
    fi
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
    trap 'went_wrong $? "line $LINENO of ${BASH_SOURCE[0]##*/}" "$BASH_COMMAND"' ERR
    trap 'fail "stopped by you"' INT TERM HUP
    "${mode}_everything"
}

main "$@"
