# shellcheck shell=bash
# Taking Impasto away: the program always, the data only where the owner wants it.

uninstall_everything() {
    check_rights
    [[ $kind == system || ! -e $unit ]] || check_user_manager
    obtain_data_wish
    if [[ -e $unit ]]; then step "stop the service and no longer start it at boot" disable_service; fi
    if [[ $kind != system ]]; then step "no longer start it at your login" remove_entry; fi
    step "remove $prefix" remove_program
    step "remove the token" run rm -f -- "$settings/token"
    if [[ $data_wish == purge ]]; then
        step "remove settings and data" remove_data
    fi
    if [[ $dry_run == yes ]]; then
        say "Nothing was changed."
    elif [[ $data_wish == purge ]]; then
        say "Nothing of Impasto is left."
    else
        say "Removed. Kept: settings in $settings, data in $data; --purge removes them too."
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
    run rm -rf -- "$prefix"/{src,venv,before,src.new,tmp,torch-index,lingering}
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
