# shellcheck shell=bash
# What the installer says and asks, and how it does things or, in a dry run, only tells them.

say() { printf '%s\n' "$*"; }

tell() { printf '%s\n' "$*" >&2; }

fail() {
    printf 'install_service: %s\n' "$*" >&2
    exit 1
}

# step TEXT FUNCTION…: say what is done and do it; in a dry run `run` inside tells instead.
step() {
    if [[ $dry_run == yes ]]; then say "would $1"; else say "* $1"; fi
    "${@:2}"
}

# run COMMAND…: the one way in which anything is changed.
run() {
    if [[ $dry_run == no ]]; then
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
