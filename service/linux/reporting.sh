# shellcheck shell=bash
# What the owner reads when it is installed: whether it answers, and what to type from now on.

say_how_it_went() {
    local logs="${journal[*]} -f" when="whenever this computer is on" restart="${control[*]} restart impasto"
    local script sudo="" doctor
    script=$(printf '%q' "$prefix/src/install_service.sh")
    doctor="$(printf '%q' "$environment/bin/impasto") doctor"
    if [[ $kind == system ]]; then
        sudo="sudo " logs="sudo $logs" restart="sudo $restart"
    else
        script+=" --$kind"
    fi
    if [[ $kind == autostart ]]; then
        logs="tail -f $(printf '%q' "$own_log")" when="whenever you are logged in" restart="$script --restart"
    fi
    say ""
    case $verdict in
        up) say "Impasto answers in Telegram, and will $when." ;;
        deaf)
            tell "Impasto is installed and runs, but does not answer yet: $why_not"
            tell "It answers as soon as Telegram can be reached; nothing has to be run again."
            ;;
        *)
            tell "Impasto is installed, but does not answer yet: $why_not"
            tell "Mend $settings/impasto.toml, then: $restart"
            tell "or, for another token: $again --token-file FILE"
            ;;
    esac
    cat <<EOF
  check:      $sudo$doctor
  logs:       $logs
  settings:   $settings/impasto.toml, then: $restart
  update:     git pull, then: $again
  uninstall:  $sudo$script --uninstall
EOF
    grep -qs '^ *owner *=' "$settings/impasto.toml" || cat <<EOF

Whose bot it is, it does not know yet. Send it /id in Telegram, write the number that it answers at the top of the
settings, as  owner = 123456789 , and restart it as above: then reports and errors come to you.
EOF
}

# What follows after why_not where everything was put back, or nothing was changed.
what_to_do() {
    if [[ $verdict == misconfigured ]]; then
        say " Mend $settings/impasto.toml, or give another token with --token-file FILE; then run this again."
    fi
}
