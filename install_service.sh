#!/usr/bin/env bash
# Installs Impasto as a systemd service that starts with the computer, updates it, or takes it away again.
# It never takes the bot's token from the command line, never prints it, and leaves settings and data alone.
set -Eeuo pipefail

readonly oldest_python=3.11 newest_python=3.13 # later ones have not been tried
readonly oldest_systemd=250                    # the first with %d, the folder of a service's credentials
readonly needed_gib_default=10                 # the environment takes 6.2, its download up to 3 more
readonly seconds_to_settle=8                   # a wrong configuration ends the program sooner than this
readonly what_to_copy="core plugins locales service docs requirements.txt constraints.txt pyproject.toml
    LICENSE README.md CHANGELOG.md install_service.sh"
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)

mode=install root="" python="" python_env="" token_file="" owner="" needed_gib=$needed_gib_default
purge=no dry_run=no undo="" was_running=no
export -n token="" # or a variable of that name that came exported would be seen by every child

usage() {
    cat <<EOF
Usage: sudo ./install_service.sh [options]        install Impasto, or update it from this folder
       sudo ./install_service.sh --uninstall      take it away; settings and data stay

  --token-file FILE   read the bot's token from FILE (otherwise you are asked for it, unseen)
  --owner ID          your numeric chat id, for reports and errors (otherwise you are asked)
  --python PATH       the Python to build the environment with: $oldest_python to $newest_python
  --python-env DIR    use the environment DIR, where Impasto is installed already; builds none
  --disk GIB          refuse when less is free in /opt (default: $needed_gib_default)
  --uninstall         stop and remove the service, the program and the token
  --purge             with --uninstall: remove settings, data and the account too
  --dry-run           check everything, print every action, change nothing
  --root DIR          install below DIR, for an image of another system: nothing is started
  --help              this text
EOF
}

say() { printf '%s\n' "$*"; }

fail() {
    printf 'install_service: %s\n' "$*" >&2
    exit 1
}

# step TEXT COMMAND…: say what is done, and do it unless this is a dry run.
step() {
    if [[ $dry_run == yes ]]; then
        say "would $1"
    else
        say "* $1"
        "${@:2}"
    fi
}

parse_options() {
    while (($#)); do
        case $1 in
            --token-file | --owner | --python | --python-env | --disk | --root)
                if (($# < 2)) || [[ -z $2 ]]; then fail "$1 needs a value; see --help"; fi
                ;;&
            --token-file) token_file=$2 && shift ;;
            --owner) owner=$2 && shift ;;
            --python) python=$2 && shift ;;
            --python-env) python_env=${2%/} && shift ;;
            --disk) needed_gib=$2 && shift ;;
            --root) root=$2 && shift ;;
            --uninstall) mode=uninstall ;;
            --purge) purge=yes ;;
            --dry-run) dry_run=yes ;;
            --help | -h) usage && exit 0 ;;
            *) fail "there is no option ${1%%=*} (values follow after a space); see --help" ;;
        esac
        shift
    done
    if [[ $purge == yes && $mode != uninstall ]]; then fail "--purge goes with --uninstall"; fi
    if [[ -n $python_env && $python_env != /* ]]; then fail "--python-env needs an absolute path"; fi
    if [[ ! $needed_gib =~ ^[0-9]+$ ]]; then fail "--disk needs a whole number of GiB"; fi
    if [[ -n $owner && ! $owner =~ ^-?[1-9][0-9]{0,15}$ ]]; then
        fail "--owner needs a numeric chat id such as 123456789, not a name"
    fi
    if [[ -n $root ]]; then
        [[ -d $root ]] || fail "there is no folder $root"
        root=$(cd -- "$root" && pwd -P)
        root=${root%/}
    fi
    prefix=$root/opt/impasto
    settings=$root/etc/impasto
    data=$root/var/lib/impasto
    units=$root/etc/systemd/system
    account=$root/etc/sysusers.d/impasto.conf
}

# The service cannot see these: ProtectHome= and PrivateTmp= in its unit.
hidden_from_service() { [[ $1/ =~ ^/(home|root|run/user|tmp|var/tmp)/ ]]; }

check_rights() {
    [[ $EUID == 0 || $dry_run == yes ]] || fail "this needs root: run it with sudo"
}

check_systemd() {
    local tool
    for tool in systemctl systemd-sysusers; do
        command -v "$tool" >/dev/null || fail "systemd's $tool is not installed here; without systemd run" \
            "'impasto run' by your own means"
    done
    systemd_version=$(systemctl --version | sed -n '1s/^systemd \([0-9]*\).*/\1/p')
    ((systemd_version >= oldest_systemd)) ||
        fail "systemd $systemd_version is too old: $oldest_systemd or later is needed (Debian 12, say)"
    [[ -n $root || -d /run/systemd/system ]] ||
        fail "systemd is installed here but does not run this system, as in most containers and old WSL"
}

check_source() {
    local part
    for part in core plugins requirements.txt service/impasto.service; do
        [[ -e $here/$part ]] || fail "$here/$part is missing: run this script from a complete copy of Impasto"
    done
}

version_of() { "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null; }

fits() {
    local version
    version=$(version_of "$1") && [[ ${version%%.*} == 3 ]] &&
        ((${version#*.} >= ${oldest_python#*.} && ${version#*.} <= ${newest_python#*.}))
}

# A Python that the service may read: one under a home folder, as pyenv's, would fail at its first start.
check_python() {
    local candidate home wanted="Python $oldest_python to $newest_python"
    if [[ -n $python ]]; then
        fits "$python" || fail "$python is not $wanted (it says: $(version_of "$python" || say nothing))"
    else
        for candidate in /usr/bin/python3 /usr/bin/python3.1{3,2,1} /usr/local/bin/python3{,.13,.12,.11} python3; do
            if fits "$candidate"; then python=$(command -v "$candidate") && break; fi
        done
        [[ -n $python ]] || fail "no $wanted was found; install one (Debian, Ubuntu: apt install python3" \
            "python3-venv; Fedora: dnf install python3.12) or name it with --python"
    fi
    home=$("$python" -c 'import sys; print(sys.base_prefix)')
    if [[ -z $root ]] && hidden_from_service "$home"; then
        fail "$python lives in $home, where the service may not look; install one for the whole system"
    fi
    "$python" -c 'import venv, ensurepip' 2>/dev/null ||
        fail "$python cannot make environments; install its venv package (Debian, Ubuntu: apt install" \
            "python$(version_of "$python")-venv)"
}

check_python_env() {
    [[ -x $root$python_env/bin/impasto ]] ||
        fail "there is no program $root$python_env/bin/impasto: install Impasto into that environment first"
    if hidden_from_service "$python_env"; then
        fail "the service may not look into $python_env; move the environment, to /srv or /opt for example"
    fi
}

check_disk() {
    local folder=$prefix free
    until [[ -d $folder ]]; do folder=$(dirname -- "$folder"); done
    [[ ! -d $prefix/venv ]] || return 0
    free=$(($(df -Pk -- "$folder" | awk 'END { print $4 }') / 1048576))
    ((free >= needed_gib)) || fail "$folder has $free GiB free; $needed_gib GiB are needed"
}

# Takes the blanks around the token off, then looks whether it is one.
token_is_well_formed() {
    token=${token#"${token%%[![:space:]]*}"}
    token=${token%"${token##*[![:space:]]}"}
    [[ $token =~ ^[0-9]{3,}:[A-Za-z0-9_-]{30,}$ ]]
}

# Sets `token`, or leaves it empty where the one that is there shall stay.
obtain_token() {
    local form="a token looks like 123456789:AA… and comes from @BotFather in Telegram"
    if [[ -n $token_file ]]; then
        [[ -r $token_file ]] || fail "cannot read the token file $token_file"
        token=$(<"$token_file")
        token_is_well_formed || fail "$token_file holds no bot token: $form"
    elif [[ -s $settings/token ]]; then
        say "The token in $settings/token stays; --token-file FILE puts another in its place."
    elif [[ $dry_run == yes ]]; then
        say "would ask for the bot's token, unseen"
    elif [[ -t 0 ]]; then
        local try
        for try in 1 2 3; do
            IFS= read -rsp "The bot's token from @BotFather (what you paste stays unseen): " token
            say ""
            if token_is_well_formed; then return; fi
            say "That is not it: $form."
        done
        fail "no token after $try tries"
    else
        fail "nobody is here to be asked for the token; give it with --token-file FILE"
    fi
}

obtain_owner() {
    [[ -z $owner && ! -e $settings/impasto.toml && $dry_run == no && -t 0 ]] || return 0
    while true; do
        IFS= read -rp "Your numeric chat id, for reports and errors (Enter for none): " owner
        if [[ -z $owner || $owner =~ ^-?[1-9][0-9]{0,15}$ ]]; then return; fi
        say "That is not a number such as 123456789."
    done
}

# A copy, because the clone usually lies in a home folder, which the service may not read. Only what is
# named is taken, so that nothing private beside it comes along.
copy_source() {
    local part parts=()
    for part in $what_to_copy; do [[ ! -e $here/$part ]] || parts+=("$part"); done
    rm -rf -- "$prefix/src.new" "$prefix/src.old"
    mkdir -p -- "$prefix/src.new"
    tar -C "$here" --exclude=__pycache__ --exclude='*.egg-info' --exclude='.*' \
        --owner=0 --group=0 --mode='u=rwX,go=rX' -cf - "${parts[@]}" | tar -C "$prefix/src.new" -xf -
}

swap_source() {
    [[ ! -d $prefix/src ]] || mv -- "$prefix/src" "$prefix/src.old"
    mv -- "$prefix/src.new" "$prefix/src"
}

put_back_what_was() {
    if [[ -d $prefix/src.old ]]; then
        rm -rf -- "$prefix/src"
        mv -- "$prefix/src.old" "$prefix/src"
        say "The program from before is back in place." >&2
    fi
    if [[ $was_running == yes ]]; then systemctl start impasto.service; fi
}

build_environment() {
    # A distribution that moved to another Python leaves an environment that does not run: make it anew.
    if ! "$prefix/venv/bin/python" -m pip --version >/dev/null 2>&1; then
        rm -rf -- "$prefix/venv"
        "$python" -m venv "$prefix/venv"
    fi
    # /tmp may be a small disk in memory; the download is not.
    mkdir -p -- "$prefix/tmp"
    (cd -- "$prefix/src" && TMPDIR=$prefix/tmp "$prefix/venv/bin/python" -m pip install \
        --disable-pip-version-check --no-cache-dir --root-user-action=ignore -r requirements.txt) ||
        fail "the packages could not be installed; pip says why above"
    [[ -x $prefix/venv/bin/impasto ]] || fail "the packages are installed, but no program 'impasto'"
    # The service may not write here, so compile now what it would compile at each start.
    "$prefix/venv/bin/python" -m compileall -q "$prefix/src/core" "$prefix/src/plugins" || true
    if [[ -n $root ]]; then
        # Environments carry absolute paths; in the image they are those of the system to come.
        grep -rlIZF --exclude-dir=__pycache__ -- "$prefix" "$prefix/venv" |
            xargs -0r sed -i "s|$prefix|${prefix#"$root"}|g"
    elif command -v restorecon >/dev/null; then
        restorecon -R "$prefix"
    fi
}

create_account() {
    install -D -m 0644 -- "$here/service/impasto.sysusers" "$account"
    systemd-sysusers --root="$root/" impasto.conf
}

write_token() {
    install -d -m 0755 -- "$settings"
    (
        umask 077
        printf '%s\n' "$token" >"$settings/.token.new"
    )
    mv -f -- "$settings/.token.new" "$settings/token"
}

write_settings() {
    local group
    group=$(sed -n 's/^impasto:[^:]*:\([0-9]*\):.*/\1/p' "$root/etc/group")
    install -d -m 0755 -- "$settings"
    {
        say "# Impasto's settings: docs/service.md says where to find every key. After a change:"
        say "# systemctl restart impasto"
        if [[ -n $owner ]]; then say "owner = $owner"; else say "# owner = 123456789"; fi
    } | install -m 0640 -g "$group" -- /dev/stdin "$settings/impasto.toml"
}

install_unit() {
    mkdir -p -- "$units"
    sed "s|^ExecStart=/opt/impasto/venv/|ExecStart=${python_env:-/opt/impasto/venv}/|" \
        "$here/service/impasto.service" | install -m 0644 -- /dev/stdin "$units/impasto.service"
    rm -f -- "$units/impasto.service.d/restart-steps.conf"
    if ((systemd_version >= 254)); then
        install -D -m 0644 -- "$here/service/restart-steps.conf" "$units/impasto.service.d/restart-steps.conf"
    fi
    if [[ -n $root ]]; then
        systemctl --root="$root" --quiet enable impasto.service
    else
        systemctl daemon-reload
        systemctl --quiet enable impasto.service
    fi
}

property() { systemctl show --property="$1" --value impasto.service; }

start_and_wait() {
    local started pid="" settled=0 second
    started=$(date '+%Y-%m-%d %H:%M:%S')
    systemctl restart impasto.service || true
    for second in {1..60}; do
        sleep 1
        if [[ $(property ActiveState) == active && $(property MainPID) == "$pid" ]]; then
            settled=$((settled + 1))
            if ((settled >= seconds_to_settle)); then return; fi
        else
            settled=0
            pid=$(property MainPID)
        fi
        if [[ $(property ActiveState) == failed ]] || (($(property NRestarts) > 1)); then break; fi
    done
    say "The last lines of the service:" >&2
    journalctl --unit=impasto.service --since="$started" --lines=15 --no-pager --output=cat >&2 || true
    if [[ $(property ExecMainStatus) == 78 ]]; then
        fail "the service says that its configuration is wrong (see above); mend it and run this script again"
    fi
    fail "the service does not stay up ($second seconds) and goes on trying; see: journalctl -u impasto"
}

stop_service() {
    if systemctl is-active --quiet impasto.service; then
        was_running=yes
        systemctl stop impasto.service
    fi
}

install_everything() {
    check_rights
    check_source
    check_systemd
    if [[ -n $python_env ]]; then
        check_python_env
    else
        check_python
        check_disk
    fi
    obtain_token
    obtain_owner

    step "copy the program to $prefix/src" copy_source
    undo=put_back_what_was
    [[ -n $root ]] || step "stop the service if it runs" stop_service
    step "put the new copy in place" swap_source
    if [[ -n $python_env ]]; then
        say "The environment in $python_env is used as it is."
    else
        step "build $prefix/venv with $python (the first time 6.2 GB, some minutes)" build_environment
    fi
    step "create the account 'impasto' (no login)" create_account
    [[ -z $token ]] || step "write the token to $settings/token, readable by root alone" write_token
    if [[ -e $settings/impasto.toml ]]; then
        say "The settings in $settings/impasto.toml stay${owner:+; --owner is not written into them}."
    else
        step "write $settings/impasto.toml" write_settings
    fi
    step "install $units/impasto.service and let it start at boot" install_unit
    step "remove the copy from before" rm -rf -- "$prefix/src.old"
    undo=""
    if [[ -n $root ]]; then
        say "Done: the service starts when the system in $root does."
        return
    fi
    step "start the service and wait until it stays up" start_and_wait
    [[ $dry_run == yes ]] || cat <<EOF

Impasto runs, and will whenever this computer does.
  logs:       journalctl -u impasto -f
  settings:   $settings/impasto.toml, then: systemctl restart impasto
  update:     git pull, then run this script again
  uninstall:  sudo $prefix/src/install_service.sh --uninstall
EOF
}

uninstall_everything() {
    check_rights
    if [[ -z $root && -e $units/impasto.service ]]; then
        step "stop the service and no longer start it at boot" systemctl disable --now impasto.service
    elif [[ -e $units/impasto.service ]]; then
        step "no longer start it at boot" systemctl --root="$root" --quiet disable impasto.service
    fi
    step "remove $units/impasto.service" rm -rf -- "$units/impasto.service" "$units/impasto.service.d"
    [[ -n $root ]] || step "tell systemd" systemctl daemon-reload
    step "remove $prefix" rm -rf -- "$prefix"
    step "remove the token" rm -f -- "$settings/token"
    if [[ $purge == yes ]]; then
        step "remove $settings" rm -rf -- "$settings"
        step "remove $data" rm -rf -- "$data"
        step "remove the account 'impasto'" remove_account
        say "Nothing of Impasto is left."
    else
        say "Removed. Kept: settings in $settings, data in $data, their account; --purge removes them too."
    fi
}

remove_account() {
    rm -f -- "$account"
    if grep -q '^impasto:' "$root/etc/passwd" 2>/dev/null; then userdel ${root:+--prefix "$root"} impasto; fi
}

at_exit() {
    local status=$?
    if [[ $EUID == 0 && $dry_run == no ]]; then rm -rf -- "$settings/.token.new" "$prefix/tmp" "$prefix/src.new"; fi
    if [[ $status != 0 && -n $undo ]]; then "$undo"; fi
    exit "$status"
}

main() {
    umask 022
    parse_options "$@"
    trap at_exit EXIT
    trap 'fail "line $LINENO failed: $BASH_COMMAND"' ERR
    trap 'fail "stopped by you"' INT TERM
    "${mode}_everything"
}

main "$@"
