# What the hooks of a service have in common; read by them, never run. The variables are userconfig.xml's.

complain() {
    echo "$*" >&2
    [ ! -x "$SAFE/safekit" ] || "$SAFE/safekit" printe "$*" >/dev/null 2>&1 || :
}

# Runs a command of the configuration. Its output belongs to the hook's; a service that stays must detach itself.
command_of() {
    [ -n "$1" ] || return 0
    echo "+ $1"
    sh -c "$1" </dev/null
}

# True while the service runs, as far as can be told.
service_runs() {
    if [ -n "$SERVICE" ]; then
        case $(systemctl show -p ActiveState --value -- "$SERVICE") in
            inactive | failed) return 1 ;;
        esac
        return 0
    fi
    [ -n "$RUNNING" ] && sh -c "$RUNNING" >/dev/null 2>&1 </dev/null
}
