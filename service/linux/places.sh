# shellcheck shell=bash
# Where everything goes: in the system's folders, or in those that the user's desktop names (XDG).

system_unit=/etc/systemd/system/impasto.service entry=""

set_places() {
    if [[ $kind == system ]]; then
        prefix=$root/opt/impasto
        settings=$root/etc/impasto
        data=$root/var/lib/impasto
        unit=$root$system_unit
        account=$root/etc/sysusers.d/impasto.conf
        control=(systemctl) journal=(journalctl --unit=impasto.service)
        again="sudo ./install_service.sh"
    else
        check_home
        prefix=${XDG_DATA_HOME:-$HOME/.local/share}/impasto-service
        settings=${XDG_CONFIG_HOME:-$HOME/.config}/impasto
        data=${XDG_DATA_HOME:-$HOME/.local/share}/impasto
        unit=${XDG_CONFIG_HOME:-$HOME/.config}/systemd/user/impasto.service
        entry=${XDG_CONFIG_HOME:-$HOME/.config}/autostart/impasto.desktop
        own_log=$data/logs/impasto.log
        control=(systemctl --user) journal=(journalctl --user --unit=impasto.service)
        again="./install_service.sh --$kind"
    fi
    before=$prefix/before
    # Inside an image, programs are told the paths of the system to come.
    seen_prefix=${prefix#"$root"} seen_settings=${settings#"$root"} seen_data=${data#"$root"}
    environment=${python_env:-$seen_prefix/venv}
    if [[ $kind == autostart ]]; then starter=$entry; else starter=$unit; fi
}

check_home() {
    [[ $EUID != 0 ]] || fail "--$kind installs for the one who runs it, and that is root now: run it as yourself," \
        "without sudo; or without --$kind, for the whole computer"
    [[ ${HOME:-} == /* && -d ${HOME:-} ]] || fail "you have no home folder: HOME says '${HOME:-}'"
    local folder
    for folder in "$HOME" "${XDG_DATA_HOME:-$HOME}" "${XDG_CONFIG_HOME:-$HOME}"; do
        [[ $folder == /* && ! $folder =~ $odd_characters ]] ||
            fail "the folder '$folder' has a character in its name that a service can't be given"
    done
}

is_installed() { [[ -e $starter ]]; }

# The service cannot see these: ProtectHome= and PrivateTmp= in its unit.
hidden_from_service() { [[ $kind == system && $1/ =~ ^/(home|root|run/user|tmp|var/tmp)/ ]]; }
