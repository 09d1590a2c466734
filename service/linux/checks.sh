# shellcheck shell=bash
# What must be so before anything is changed.

check_rights() {
    if [[ $kind == system && $EUID != 0 && $dry_run == no ]]; then
        fail "this needs root: run it with sudo, or with --user for a service of your own"
    fi
}

check_systemd() {
    local tool tools=(systemctl systemd-sysusers)
    [[ $kind != autostart ]] || return 0
    [[ $kind != user ]] || tools=(systemctl loginctl)
    for tool in "${tools[@]}"; do
        command -v "$tool" >/dev/null || fail "systemd's $tool is not installed here; without systemd there is" \
            "--autostart, which starts Impasto when you log in to your desktop"
    done
    systemd_version=$(systemctl --version | sed -n '1s/^systemd \([0-9]*\).*/\1/p')
    ((systemd_version >= oldest_systemd)) ||
        fail "systemd $systemd_version is too old: $oldest_systemd or later is needed (Debian 12, say)"
    if [[ $kind == user ]]; then
        check_user_manager
    else
        [[ -n $root || -d /run/systemd/system ]] ||
            fail "systemd is installed here but does not run this system, as in most containers and old WSL"
    fi
}

# `su` and `sudo -u` leave the address of the user's own systemd out.
check_user_manager() {
    if [[ -z ${XDG_RUNTIME_DIR:-} && -d /run/user/$EUID ]]; then export XDG_RUNTIME_DIR=/run/user/$EUID; fi
    systemctl --user show-environment >/dev/null 2>&1 ||
        fail "the systemd of your own account ($(id -un)) does not answer. If you came here by su or sudo, log in" \
            "as that user instead, or first run: sudo loginctl enable-linger $(id -un)"
}

check_source() {
    local part
    for part in core plugins requirements.txt constraints.txt service/impasto.service service/impasto-user.service; do
        [[ -e $here/$part ]] || fail "$here/$part is missing: run this script from a complete copy of Impasto"
    done
}

# Two Impastos that ask Telegram with one token take each other's messages away. Whether the system's has the same
# one, a user may not see; whoever wants two bots installs the system's last.
check_no_other_way() {
    if [[ $kind == user && -e $entry ]]; then
        fail "Impasto starts at your login already; take that away first (your data stay):" \
            "$prefix/src/install_service.sh --uninstall --autostart --keep-data"
    elif [[ $kind == autostart && -e $unit ]]; then
        fail "Impasto is installed as your user service already; take that away first (your data stay):" \
            "$prefix/src/install_service.sh --uninstall --user --keep-data"
    elif [[ $kind != system && $fresh == yes && -e $system_unit ]]; then
        fail "Impasto is installed for the whole computer already, and two with one token disturb each other. Take" \
            "that away first (its data stay): sudo /opt/impasto/src/install_service.sh --uninstall --keep-data"
    fi
}

# Lines of account, home and kind: who has an Impasto of their own in the usual place.
own_ones() {
    local name home
    getent passwd | while IFS=: read -r name _ _ _ _ home _; do
        if [[ -e $home/.config/systemd/user/impasto.service ]]; then
            say "$name:$home:user"
        elif [[ -e $home/.config/autostart/impasto.desktop ]]; then
            say "$name:$home:autostart"
        fi
    done
}

removal_of() { say "$1/.local/share/impasto-service/src/install_service.sh --uninstall --$2"; }

check_token_is_free() {
    local name home own ours=$token
    [[ $kind == system && -z $root ]] || return 0
    if [[ -z $ours && -r $settings/token ]]; then ours=$(<"$settings/token"); fi
    while IFS=: read -r name home own; do
        if [[ -r $home/.config/impasto/token && $(<"$home/.config/impasto/token") == "$ours" ]]; then
            fail "$name has an Impasto with this token already, and two with one token disturb each other. Take that" \
                "away first, as $name (the data stay): $(removal_of "$home" "$own") --keep-data"
        fi
    done < <(own_ones)
}

version_of() { "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null; }

fits() {
    local version
    version=$(version_of "$1") && [[ ${version%%.*} == 3 ]] &&
        ((${version#*.} >= ${oldest_python#*.} && ${version#*.} <= ${newest_python#*.}))
}

check_python() {
    local candidate home wanted="Python $oldest_python to $newest_python"
    if [[ -n $python ]]; then
        fits "$python" || fail "$python is not $wanted (it says: $(version_of "$python" || say nothing))"
    else
        for candidate in /usr/bin/python3 /usr/bin/python3.1{3,2,1} /usr/local/bin/python3{,.13,.12,.11} python3; do
            if fits "$candidate"; then python=$(command -v "$candidate") && break; fi
        done
        [[ -n $python ]] || fail "no $wanted was found. Install one ($(install_hint "python3 python3-venv" \
            python3.13 "uv, then: uv python install --install-dir /opt/python 3.13")) or name one with --python"
    fi
    # One under a home folder, as pyenv's, would fail at the service's first start.
    home=$("$python" -c 'import sys; print(sys.base_prefix)')
    if [[ -z $root ]] && hidden_from_service "$home"; then
        fail "$python lives in $home, where the service may not look. Install a Python for the whole system" \
            "($(install_hint "python3 python3-venv" python3.13 python)), or use --user, which may look there"
    fi
    "$python" -c 'import venv, ensurepip' 2>/dev/null ||
        fail "$python cannot make environments: install its venv package" \
            "($(install_hint "python$(version_of "$python")-venv" python3 python))"
}

check_python_env() {
    [[ -x $root$python_env/bin/impasto ]] ||
        fail "there is no program $root$python_env/bin/impasto: install Impasto into that environment first"
    if hidden_from_service "$python_env"; then
        fail "the service may not look into $python_env; move the environment, to /srv or /opt for example"
    fi
}

# An update needs the room of a first installation again where it brings another torch.
check_disk() {
    local folder free needed=${needed_gib:-$needed_gib_default} cpu=""
    if [[ -z $needed_gib && $torch_index =~ /cpu/?$ ]]; then needed=$needed_gib_for_cpu; fi
    folder=$(existing "$prefix")
    if [[ -d $prefix/venv && -z $torch_index ]] && grep -qsx "$(pinned torch)" "$prefix/src/constraints.txt"; then
        return
    fi
    free=$(($(free_mib "$folder") / 1024))
    ((free < needed)) || return 0
    if ((needed == needed_gib_default)); then
        cpu=", or take torch for the CPU, which needs $needed_gib_for_cpu (--torch-index with the address for it)"
    fi
    fail "$folder has $free GiB free; $needed GiB are needed. Make room, or let $prefix be a folder on a larger disk" \
        "(a mount point)$cpu; then run this again. --disk GIB changes what is demanded"
}
