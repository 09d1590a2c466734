# shellcheck shell=bash
# The weights of more effects, which are downloaded when the bot is there already: it takes them up by itself.

impasto() {
    local as=()
    [[ $kind != system ]] || as=(runuser -u impasto -- env HOME="$data")
    run "${as[@]}" env -C / IMPASTO_DATA_DIR="$data" "$environment/bin/impasto" "$@" \
        --config "$settings/impasto.toml"
}

# weights_there [NAME…]: lines of what can be downloaded and is not here; with names, those that there are not.
weights_there() {
    "$environment/bin/python" "$here/service/linux/weights_there.py" \
        <(impasto effects --json) <(impasto weights list --json) "$@"
}

obtain_weights() {
    local there
    [[ -z $weights && $fresh == yes ]] && may_ask || return 0
    there=$(weights_there 2>/dev/null) || return 0
    [[ -n $there ]] || return 0
    say "" && say "More can be downloaded now:" && say "$there"
    while true; do
        IFS= read -rp "Which? Names with commas between them, all, or Enter for none: " weights || say ""
        weights=${weights//[[:space:]]/}
        ! names_are_unknown || continue
        return
    done
}

# Says which of the wanted there are not. What can't be found out is left to the download.
names_are_unknown() {
    local unknown wanted=()
    [[ -n $weights && $weights != none && $weights != all ]] || return 1
    IFS=, read -ra wanted <<<"$weights"
    unknown=$(weights_there "${wanted[@]}" 2>/dev/null) && [[ -n $unknown ]] || return 1
    say "There is nothing to download of the name $unknown."
}

fetch_weights() {
    local names=() by_hand="" later
    [[ $kind != system ]] || by_hand="sudo -u impasto IMPASTO_DATA_DIR=$data "
    by_hand+="$(printf '%q' "$environment/bin/impasto") weights"
    later="Get them later: in the chat under 'More effects', or: $by_hand fetch"
    [[ $verdict == misconfigured ]] || obtain_weights
    [[ -n $weights && $weights != none ]] || return 0
    [[ $weights == all ]] || IFS=, read -ra names <<<"$weights"
    if [[ $verdict == misconfigured ]]; then # then the program tells and fetches nothing
        say "No weights were downloaded. $later ${names[*]}"
    elif [[ $dry_run == no ]] && names_are_unknown; then
        say "So no weights were downloaded; all else is done. What there is shows: $by_hand list"
    else
        step "download weights: $weights" impasto weights fetch --yes "${names[@]}" ||
            say "The weights did not come (see above); all else is done. $later ${names[*]}"
    fi
}
