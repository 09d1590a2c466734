# shellcheck shell=bash
# What the installer says and asks, and how it does things or, in a dry run, only tells them.

say() { printf '%s\n' "$*"; }

tell() { printf '%s\n' "$*" >&2; }

readonly has_told=97 # how a subshell ends that said already why

fail() {
    printf 'install_service: %s\n' "$*" >&2
    ((BASH_SUBSHELL == 0)) || exit $has_told
    exit 1
}

doing=""

# went_wrong STATUS WHERE COMMAND: a command failed that nobody expected to fail.
went_wrong() {
    [[ $1 != "$has_told" ]] || exit $((BASH_SUBSHELL ? has_told : 1))
    # shellcheck disable=SC2016
    if [[ $3 == '"$@"' ]]; then fail "this failed: $doing$(no_room)"; fi
    fail "$2 failed: $3$(no_room)"
}

existing() {
    local folder=$1
    until [[ -d $folder ]]; do folder=$(dirname -- "$folder"); done
    say "$folder"
}

free_mib() { say $(($(df -Pk -- "$1" | awk 'END { print $4 }') / 1024)); }

# The commonest reason for what should not fail, as the end of a sentence.
no_room() {
    local folder
    for folder in "$prefix" "$settings" "$data" "${TMPDIR:-/tmp}"; do
        folder=$(existing "$folder")
        if (($(free_mib "$folder") < 64)); then
            say ". The disk of $folder is full: make room, then run this again" && return
        fi
    done
}

# ask VARIABLE QUESTION [OPTION of read…]
ask() {
    IFS= read -r "${@:3}" -p "$2" "$1" && return
    say ""
    fail "stopped by you; nothing was changed"
}

# step TEXT FUNCTION…: say what is done and do it; in a dry run `run` inside tells instead.
step() {
    if [[ $dry_run == yes ]]; then say "would $1"; else say "* $1"; fi
    "${@:2}"
}

# run COMMAND…: the one way in which anything is changed.
run() {
    if [[ $dry_run == no ]]; then
        doing=$*
        "$@"
    else
        local word line=""
        for word; do
            if [[ $word =~ ^[A-Za-z0-9_@%+=:,./~-]+$ ]]; then line+=" $word"; else line+=" '$word'"; fi
        done
        say "    ${line# }"
    fi
}

# write_file MODE PATH [OPTION OF install…]: standard input becomes the file, whole or not at all.
write_file() {
    if [[ $dry_run == yes ]]; then
        cat >/dev/null
        say "    write $2 (mode $1)"
    else
        install -m "$1" "${@:3}" -- /dev/stdin "$2.new"
        mv -f -- "$2.new" "$2"
    fi
}

may_ask() { [[ $unattended == no && $dry_run == no && -t 0 ]]; }

os_release=/etc/os-release

# install_hint DEBIAN FEDORA ARCH: the command that installs these packages here; the reader puts sudo before it.
install_hint() {
    local ID="" ID_LIKE="" family
    # shellcheck source=/dev/null
    [[ ! -r $os_release ]] || . "$os_release"
    for family in $ID $ID_LIKE; do
        case $family in
            debian | ubuntu) say "apt install $1" && return ;;
            fedora | rhel | centos) say "dnf install $2" && return ;;
            arch) say "pacman -S $3" && return ;;
        esac
    done
    say "your package manager; on Debian the packages are called $1"
}
