# shellcheck shell=bash
# Everything that an installation changes is remembered first, so that a failure, or Ctrl-C, leaves what was before.

places=() was=() made_folders=()
going_back=no was_running=no made_account=no made_lingering=no

# remember HOW PATH: before PATH is changed or made. HOW is how it is kept meanwhile: move, copy, or link, which
# takes no room (pip never writes into a file, it puts another in its place).
remember() {
    local path=$2 kept=$before/${2##*/}
    if [[ -e $kept.absent || ! (-e $path || -e $kept) ]]; then
        [[ $dry_run == yes ]] || : >"$kept.absent"
        places+=("$path") was+=(absent)
        return
    fi
    places+=("$path") was+=(there)
    if [[ -e $kept ]]; then # by an update that was cut off: what stands in its place is only half there
        if [[ $1 != copy ]]; then run rm -rf -- "$path"; fi
        if [[ $1 == link ]]; then run cp -al -- "$kept" "$path"; fi
        return
    fi
    # Under its name only when it is whole: a copy that was cut off must not take the place of the original.
    case $1 in
        move) run mv -- "$path" "$kept" ;;
        copy) run cp -a -- "$path" "$kept.part" ;;
        link) run cp -al -- "$path" "$kept.part" ;;
    esac
    if [[ $1 != move ]]; then run mv -- "$kept.part" "$kept"; fi
}

# make_folder PATH [MODE]: and those above it; where the installation fails they go again.
make_folder() {
    local made
    for made in "${made_folders[@]}"; do [[ $made != "$1" ]] || return 0; done
    [[ ! -d $1 ]] || return 0
    make_folder "$(dirname -- "$1")"
    made_folders+=("$1")
    run mkdir -m "${2:-0755}" -- "$1"
}

keep_what_is_there() {
    local path
    make_folder "$prefix"
    [[ ! -d $before.old ]] || run rm -rf -- "$before.old"
    if [[ ! -d $before ]]; then
        run mkdir -m 0700 -- "$before"
    else
        run rm -rf -- "$before"/*.part
        [[ -n $root ]] || was_running=yes
        # It may hold what people did since. That is lost only where the Impasto of before could not read it.
        if [[ $(schema_of "$before/impasto.sqlite3") == "$(schema_of "$data/impasto.sqlite3")" ]]; then
            run rm -f -- "$before"/impasto.sqlite3*
        fi
    fi
    remember move "$prefix/src"
    if [[ -z $python_env || -e $before/venv ]]; then remember link "$prefix/venv"; fi
    make_folder "$settings"
    for path in "$prefix/torch-index" "$settings/impasto.toml" "$settings/token" "$starter"; do
        remember copy "$path"
    done
    [[ $kind == autostart ]] || remember copy "$starter.d"
    [[ $kind != system ]] || remember copy "$account"
    if [[ -e $data ]]; then
        # A newer Impasto may bring the database to a form that an older one refuses.
        for path in "$data"/impasto.sqlite3{,-wal,-shm}; do remember copy "$path"; done
    else
        remember copy "$data"
    fi
}

# The version of a database's tables: SQLite's user_version, at its place in the file.
schema_of() { od -An -j60 -N4 -tx1 -- "$1" 2>/dev/null || true; }

# At one stroke: what a power cut leaves of it must not be taken for what was before.
forget_what_was() {
    run mv -- "$before" "$before.old"
    run rm -rf -- "$before.old"
    ((${#made_folders[@]} == 0)) || note_made_folders
}

# For the removal, which takes those away that are empty then.
note_made_folders() {
    {
        cat -- "$prefix/made-folders" 2>/dev/null || true
        printf '%s\n' "${made_folders[@]#"$root"}"
    } | write_file 0644 "$prefix/made-folders"
}

put_back_what_was() {
    local i kept
    trap '' INT TERM HUP
    trap - ERR
    set +e
    rm -rf -- "$prefix/src.new" "$prefix/tmp" "$settings"/*.new
    if ((${#places[@]})); then
        tell "Putting everything back as it was …"
        stop_again
    fi
    for ((i = ${#places[@]} - 1; i >= 0; i--)); do
        kept=$before/${places[i]##*/}
        if [[ -e $kept ]]; then
            rm -rf -- "${places[i]}"
            mv -- "$kept" "${places[i]}"
        elif [[ ${was[i]} == absent ]]; then
            rm -rf -- "${places[i]}"
        fi
    done
    rm -rf -- "$before"
    if [[ $made_account == yes ]]; then forget_account; fi
    if [[ $made_lingering == yes ]]; then forget_lingering; fi
    for ((i = ${#made_folders[@]} - 1; i >= 0; i--)); do rmdir -- "${made_folders[i]}" 2>/dev/null; done
    if ((${#places[@]})); then reload; fi
    trap : INT TERM HUP # what is started now would ignore them too
    if [[ $was_running == no ]]; then
        tell "Everything is as it was before."
    elif start_and_wait; then
        tell "Everything is as it was before, and the Impasto of before runs again."
    else
        tell "The files are as they were before, but the Impasto of before does not answer either: $why_not"
    fi
}
