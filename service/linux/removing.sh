# shellcheck shell=bash
# Taking Impasto away: the program always, the data only where the owner wants it.

uninstall_everything() {
    local made=()
    check_rights
    program_is_here || { nothing_is_here && return; }
    [[ $kind == system || ! -e $unit ]] || check_user_manager
    obtain_data_wish
    [[ ! -e $prefix/made-folders ]] || mapfile -t made <"$prefix/made-folders"
    if [[ -e $unit ]]; then step "stop the service and no longer start it at boot" disable_service; fi
    if [[ $kind != system ]]; then step "no longer start it at your login" remove_entry; fi
    if [[ -d $prefix ]]; then step "remove $prefix" remove_program; fi
    step "remove the token" run rm -f -- "$settings/token"
    if [[ $data_wish == purge ]]; then
        step "remove settings and data" remove_data
    fi
    remove_made_folders "${made[@]}"
    if [[ $dry_run == yes ]]; then
        say "Nothing was changed."
    elif [[ $data_wish == purge ]]; then
        say "Nothing of Impasto is left."
    else
        say "Removed, and the bot's token with it."
        say_what_stays
    fi
}

program_is_here() {
    local path
    for path in "$unit" "$entry" "$prefix"/{src,venv,before} "$settings/token"; do
        [[ ! -e $path ]] || return 0
    done
    return 1
}

# Fails where an Impasto of another kind is installed, and where only settings and data remain that shall go.
nothing_is_here() {
    local others name home own what="for the whole computer"
    if [[ $data_wish == purge && (-e $data || -e $settings) ]]; then return 1; fi
    if [[ $kind != system ]]; then
        what="for your account"
        [[ ! -e $system_unit ]] ||
            others="One for the whole computer is; that goes with: sudo /opt/impasto/src/install_service.sh --uninstall"
    elif [[ -z $root ]]; then
        others=$(while IFS=: read -r name home own; do
            say "$name has one of their own; that goes, as $name, with: $(removal_of "$home" "$own")"
        done < <(own_ones))
    fi
    [[ -z ${others:-} ]] || fail "no Impasto is installed $what. $others"
    say "No Impasto is installed $what."
    if [[ -e $data || -e $settings ]]; then say_what_stays; fi
}

# With commands of the system's own, because the script may be gone.
say_what_stays() {
    local path there=() sudo=""
    for path in "$settings" "$data" "${account:-}"; do
        [[ ! -e $path ]] || there+=("$(printf '%q' "$path")")
    done
    ((${#there[@]})) || return 0
    [[ $kind != system ]] || sudo="sudo "
    if [[ $kind == system ]] && grep -qs '^impasto:' "$root/etc/passwd"; then
        say "Settings, data and the account 'impasto' stay. Should they go too:"
        say "  sudo rm -r ${there[*]}; sudo userdel ${root:+--prefix $(printf '%q' "$root") }impasto"
    else
        say "Settings and data stay. Should they go too:"
        say "  ${sudo}rm -r ${there[*]}"
    fi
}

disable_service() {
    if [[ -n $root ]]; then
        run systemctl --root="$root" --quiet disable impasto.service
    else
        run "${control[@]}" --quiet disable --now impasto.service
    fi
    run rm -rf -- "$unit" "$unit.d"
    reload
    if [[ -e $prefix/lingering ]]; then forget_lingering; fi
}

remove_entry() {
    kind=autostart run stop_own_process
    run rm -f -- "$entry"
}

# By its parts: the folder itself may be a mount point.
remove_program() {
    run rm -rf -- "$prefix"/{src,venv,before,before.old,src.new,tmp,torch-index,lingering,made-folders}
    [[ ! -d $prefix ]] || run rmdir -- "$prefix" 2>/dev/null || true
}

remove_data() {
    run rm -rf -- "$settings/impasto.toml" "$data"
    [[ ! -d $settings ]] || run rmdir --ignore-fail-on-non-empty -- "$settings"
    if [[ $kind == system ]]; then
        run rm -f -- "$account"
        forget_account
    fi
}

remove_made_folders() {
    local i made=("$@")
    for ((i = ${#made[@]} - 1; i >= 0; i--)); do
        [[ ! -d $root${made[i]} ]] || run rmdir -- "$root${made[i]}" 2>/dev/null || true
    done
}
