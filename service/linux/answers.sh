# shellcheck shell=bash
# What only the owner knows: the token, their chat id, which weights, and whether the data go too.

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
        ask_telegram || fail "Telegram does not know the token in $token_file; get it anew from @BotFather"
    elif [[ -s $settings/token ]]; then
        say "The token in $settings/token stays; --token-file FILE puts another in its place."
    elif may_ask; then
        for _ in 1 2 3; do
            ask token "The bot's token from @BotFather (what you paste stays unseen): " -s
            say ""
            if ! token_is_well_formed; then
                say "That is not it: $form."
            elif ask_telegram; then
                return
            else
                say "Telegram does not know this token; copy it again."
            fi
        done
        fail "that was no token three times. @BotFather in Telegram shows the right one (/mybots, API Token): copy" \
            "all of it, and run this again"
    elif [[ $dry_run == yes && $unattended == no ]]; then
        say "would ask for the bot's token, unseen"
        token=asked
    else
        fail "nobody is here to be asked for the token; give it with --token-file FILE"
    fi
}

# Before 3 GB are downloaded. Says so and succeeds where Telegram can't be asked.
ask_telegram() {
    [[ -z $root ]] || return 0
    printf '%s\n' "$token" |
        "${python:-$python_env/bin/python}" "$here/service/ask_telegram.py" "$settings/impasto.toml"
}

obtain_owner() {
    [[ -z $owner && ! -e $settings/impasto.toml ]] && may_ask || return 0
    say "Reports and errors can come to you in Telegram. For that the bot needs your chat id, a number. If you don't" \
        "know it, press Enter: later the bot tells it when you send it /id."
    while true; do
        ask owner "Your numeric chat id (Enter for none): "
        if [[ -z $owner || $owner =~ $chat_id ]]; then return; fi
        say "That is not a number such as 123456789."
    done
}

# Sets `data_wish` to keep or purge.
obtain_data_wish() {
    local answer
    [[ -z $data_wish ]] || return 0
    data_wish=keep
    [[ -e $data || -e $settings/impasto.toml ]] || return 0
    if [[ $dry_run == yes && $unattended == no ]]; then
        say "would ask whether settings and data go too, and keeps them here; --purge or --keep-data answer beforehand"
    elif may_ask; then
        say "The program and the bot's token go. Your data are in $data (jobs, people's settings, your plugins," \
            "weights, paintings), your settings in $settings."
        ask answer "Delete them too? They can't be brought back. [y/N] "
        if [[ $answer == [yY]* ]]; then data_wish=purge; fi
    fi
}
