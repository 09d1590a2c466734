# shellcheck shell=bash
# The weights of more effects, which are downloaded when the bot runs already: it takes them up by itself.

impasto() {
    local as=()
    [[ $kind != system ]] || as=(runuser -u impasto -- env HOME="$data")
    run "${as[@]}" env -C / IMPASTO_DATA_DIR="$data" "$environment/bin/impasto" "$@" \
        --config "$settings/impasto.toml"
}

# Lines of name, size and effects of what can be downloaded and is not here.
downloadable() {
    impasto weights list --json | "$environment/bin/python" -c '
import json, sys
for row in json.load(sys.stdin):
    if row["addresses"] and not row["file"]:
        print("  {name:28} {0:>7.1f} MB  {1}".format(row["size"] / 1e6, ", ".join(row["effects"]), **row))'
}

obtain_weights() {
    local there
    [[ -z $weights && $fresh == yes ]] && may_ask || return 0
    there=$(downloadable) || return 0
    [[ -n $there ]] || return 0
    say "" && say "The bot is there. More effects need a download:" && say "$there"
    IFS= read -rp "Which? Names with commas between them, all, or Enter for none: " weights
    weights=${weights//[[:space:]]/}
}

fetch_weights() {
    local names=()
    obtain_weights
    [[ -n $weights && $weights != none ]] || return 0
    [[ $weights == all ]] || IFS=, read -ra names <<<"$weights"
    step "download weights: $weights" impasto weights fetch --yes "${names[@]}" ||
        say "The weights did not come (see above); all else is done. Get them later: in the chat under 'More effects'," \
            "or with $again --weights $weights"
}
