# shellcheck shell=bash
# The program, and the Python environment that it runs in.

readonly what_to_copy="core plugins locales service docs requirements.txt constraints.txt pyproject.toml
    LICENSE README.md CHANGELOG.md install_service.sh"

# A copy, because the clone usually lies in a home folder, which the service may not read, or is changed while
# it runs. Only what is named is taken, so that nothing private beside it comes along.
copy_source() {
    local part parts=() archive=$prefix/src.new/all.tar
    for part in $what_to_copy; do [[ ! -e $here/$part ]] || parts+=("$part"); done
    make_folder "$prefix"
    run rm -rf -- "$prefix/src.new"
    run mkdir -- "$prefix/src.new"
    run tar -C "$here" --exclude=__pycache__ --exclude='*.egg-info' --exclude='.*' \
        --owner=0 --group=0 --mode='u=rwX,go=rX' -cf "$archive" -- "${parts[@]}"
    run tar -C "$prefix/src.new" --no-same-owner -xf "$archive"
    run rm -- "$archive"
}

swap_source() { run mv -- "$prefix/src.new" "$prefix/src"; }

pip() {
    # /tmp may be a small disk in memory; the download is not.
    run env -C "$prefix/src" TMPDIR="$prefix/tmp" "$prefix/venv/bin/python" -m pip "$1" \
        --disable-pip-version-check --no-cache-dir --root-user-action=ignore "${@:2}"
}

build_environment() {
    # A distribution that moved to another Python leaves an environment that does not run: make it anew.
    if ! "$prefix/venv/bin/python" -m pip --version >/dev/null 2>&1; then
        run rm -rf -- "$prefix/venv"
        run "$python" -m venv "$prefix/venv"
    fi
    run mkdir -p -- "$prefix/tmp"
    choose_torch
    pip install -r requirements.txt || fail "the packages could not be installed; pip says why above$(no_room)"
    [[ $dry_run == yes || -x $prefix/venv/bin/impasto ]] ||
        fail "the packages are installed, but no program 'impasto'"
    # The service may not write here, so compile now what it would compile at each start.
    run "$prefix/venv/bin/python" -m compileall -q "$prefix/src/core" "$prefix/src/plugins" || true
    run rm -rf -- "$prefix/tmp"
    if [[ -n $root ]]; then
        # Environments carry absolute paths; in the image they are those of the system to come.
        grep -rlIZF --exclude-dir=__pycache__ -- "$prefix" "$prefix/venv" |
            xargs -0r sed -i "s|$prefix|$seen_prefix|g"
    elif [[ $kind == system ]] && command -v restorecon >/dev/null; then
        run restorecon -R "$prefix"
    fi
}

# Another torch than the usual one comes first, so that pip finds it there; its companions differ from those
# that constraints.txt names, so these lines go. Both wheels of one version satisfy the same requirement.
choose_torch() {
    local previous="" wanted=() index=()
    [[ ! -e $prefix/torch-index ]] || previous=$(<"$prefix/torch-index")
    case $torch_index in
        default) torch_index="" ;;
        "") torch_index=$previous ;;
    esac
    if [[ -n $torch_index ]]; then
        index=(--index-url "$torch_index")
        run sed -i '/^\(nvidia\|cuda\)-/d' "$prefix/src/constraints.txt"
    fi
    mapfile -t wanted < <(pinned torch && pinned torchvision)
    if [[ $torch_index != "$previous" ]]; then
        remove_companions
        pip install --no-deps --force-reinstall "${index[@]}" "${wanted[@]}" || torch_not_found
    elif [[ -n $torch_index ]]; then
        pip install --no-deps "${index[@]}" "${wanted[@]}" || torch_not_found
    fi
    if [[ -n $torch_index ]]; then
        write_file 0644 "$prefix/torch-index" <<<"$torch_index"
    else
        run rm -f -- "$prefix/torch-index"
    fi
}

torch_not_found() { fail "torch could not be had from ${torch_index:-the usual place}; pip says why above$(no_room)"; }

# 3 GB of CUDA's parts that another torch does not use.
remove_companions() {
    local names=()
    [[ -x $prefix/venv/bin/python ]] || return 0
    mapfile -t names < <("$prefix/venv/bin/python" -m pip list --format=freeze --disable-pip-version-check |
        sed -n 's/^\(nvidia-[^=]*\|cuda-[^=]*\|triton\)==.*/\1/p')
    if ((${#names[@]})); then pip uninstall --yes "${names[@]}"; fi
}
