# shellcheck shell=bash
# The service's account, files and unit; starting it, and waiting until it answers.

readonly seconds_to_wait=300 # the unit is ready after 90 without Telegram, and gives itself 300
why_not="" verdict=""

create_account() {
    make_folder "$(dirname -- "$account")"
    write_file 0644 "$account" <"$here/service/impasto.sysusers"
    if ! grep -qs '^impasto:' "$root/etc/passwd"; then made_account=yes; fi
    run systemd-sysusers --root="$root/" impasto.conf
}

# forget_account: the account alone; its line in sysusers.d is somebody else's to remove.
forget_account() {
    if grep -qs '^impasto:' "$root/etc/passwd"; then run userdel ${root:+--prefix "$root"} impasto; fi
}

# Through a pipe: a here-document may be a file in /tmp for a moment.
write_token() { printf '%s\n' "$token" | write_file 0600 "$settings/token"; }

write_settings() {
    local owned=() mode=0600
    if [[ $kind == system ]]; then
        # The service reads it through its group, whose number an image may have different from here.
        mode=0640
        owned=(-g "$(sed -n 's/^impasto:[^:]*:\([0-9]*\):.*/\1/p' "$root/etc/group" 2>/dev/null || true)")
    fi
    {
        say "# Impasto's settings: docs/service.md says where to find every key. They are read at the start."
        if [[ -n $owner ]]; then say "owner = $owner"; else say "# owner = 123456789"; fi
    } | write_file "$mode" "$settings/impasto.toml" "${owned[@]}"
}

with_places() {
    sed -e "s|@environment@|$environment|g; s|@program@|$prefix/src|g; s|@settings@|$settings|g" \
        -e "s|@data@|$data|g; s|@log@|$own_log|g" "$1"
}

install_unit() {
    make_folder "$(dirname -- "$unit")"
    if [[ $kind == system ]]; then
        sed "s|^ExecStart=/opt/impasto/venv/|ExecStart=$environment/|" "$here/service/impasto.service"
    else
        with_places "$here/service/impasto-user.service"
    fi | write_file 0644 "$unit"
    run rm -rf -- "$unit.d/restart-steps.conf"
    if ((systemd_version >= 254)); then
        make_folder "$unit.d"
        write_file 0644 "$unit.d/restart-steps.conf" <"$here/service/restart-steps.conf"
    fi
    if [[ -n $root ]]; then
        run systemctl --root="$root" --quiet enable impasto.service
    else
        run "${control[@]}" daemon-reload
        run "${control[@]}" --quiet enable impasto.service
    fi
}

# A user's services run from boot on, and after logging out, only with lingering.
let_linger() {
    if [[ $(loginctl show-user "$(id -un)" --property=Linger --value 2>/dev/null || true) == yes ]]; then return; fi
    run loginctl enable-linger || fail "lingering could not be switched on, without which the service would end when" \
        "you log out; an administrator can: sudo loginctl enable-linger $(id -un)"
    made_lingering=yes
    write_file 0644 "$prefix/lingering" <<<"Switched on by Impasto's installer; uninstalling switches it off."
}

forget_lingering() {
    run loginctl disable-linger
    run rm -f -- "$prefix/lingering"
}

install_entry() {
    make_folder "$(dirname -- "$entry")"
    with_places "$here/service/impasto.desktop" | write_file 0644 "$entry"
    if command -v desktop-file-validate >/dev/null; then run desktop-file-validate "$entry"; fi
}

reload() {
    if [[ -z $root && $kind != autostart ]]; then run "${control[@]}" daemon-reload; fi
}

# The process that the desktop's entry started, or this installer.
own_process() {
    local process words
    for process in $(pgrep -u "$EUID" -f "impasto run --config" || true); do
        words=$(tr '\0' ' ' <"/proc/$process/cmdline" 2>/dev/null) || continue
        if [[ $words == *"/bin/impasto run --config $settings/"* ]]; then say "$process"; fi
    done
}

stop_if_running() {
    if [[ $kind == autostart ]]; then
        [[ -n $(own_process) ]] || return 0
        was_running=yes
        run stop_own_process
    elif [[ -e $unit ]]; then
        # "activating" is also what waits for its next try.
        case $(property ActiveState) in active | activating | reloading) was_running=yes ;; esac
        run "${control[@]}" stop impasto.service
    fi
}

stop_own_process() {
    local processes try
    processes=$(own_process)
    [[ -n $processes ]] || return 0
    # shellcheck disable=SC2086
    kill -- $processes
    for try in {1..200}; do
        sleep 0.2 # a process that is not the shell's own can't be waited for
        [[ -n $(own_process) ]] || return 0
    done
    tell "It did not end within $((try / 5)) seconds, so it is made to."
    # shellcheck disable=SC2086
    kill -KILL -- $processes
}

# What a failed installation may have started or enabled.
stop_again() {
    if [[ $kind == autostart ]]; then
        stop_own_process
    elif [[ -n $root ]]; then
        [[ $fresh == no ]] || systemctl --root="$root" --quiet disable impasto.service 2>/dev/null
    else
        "${control[@]}" stop impasto.service 2>/dev/null
        [[ $fresh == no ]] || "${control[@]}" --quiet disable impasto.service 2>/dev/null
    fi
}

property() { "${control[@]}" show --property="$1" --value impasto.service; }

# Sets `verdict` to up, deaf (it runs, and Telegram can't be reached), misconfigured or down, and `why_not`.
start_and_wait() {
    local status=0 code
    since=$(date '+%Y-%m-%d %H:%M:%S')
    verdict=up why_not=""
    if [[ $kind == autostart ]]; then
        start_own_process || status=$?
        code=$status
    else
        timeout --foreground "$seconds_to_wait" "${control[@]}" restart impasto.service 2>/dev/null || status=$?
        code=$(property ExecMainStatus)
        if [[ $status == 0 && $(property StatusText) == Starting* ]]; then status=124; fi
    fi
    if [[ $status == 0 ]]; then return 0; fi
    if [[ $status == 124 ]]; then
        verdict=deaf why_not="Telegram can't be reached from here; it keeps trying."
    elif [[ $code == 78 ]]; then
        verdict=misconfigured why_not="its settings or its token are wrong (the last lines above say which)."
    else
        verdict=down why_not="it ended with exit code ${code:-unknown}."
    fi
    tell "The last lines of its log:"
    last_lines | sed 's/^/    /' >&2
    return 1
}

last_lines() {
    if [[ $kind == autostart ]]; then
        tail -n 15 -- "$data/logs/start.log" 2>/dev/null || true
    else
        # --since and --lines together: older journalctls show the first lines, not the last.
        "${journal[@]}" --since="$since" --no-pager --output=cat 2>/dev/null | tail -n 15 || true
    fi
}

start_own_process() {
    make_folder "$data" 0700
    make_folder "$data/logs"
    env IMPASTO_TOKEN_FILE="$settings/token" IMPASTO_DATA_DIR="$data" IMPASTO_LOG_FILE="$own_log" \
        "$environment/bin/python" "$here/service/linux/start_and_wait.py" "$seconds_to_wait" "$data/logs/start.log" \
        "$environment/bin/impasto" run --config "$settings/impasto.toml"
}
