# What the hooks of a VM have in common; read by them, never run.
#
# Two questions are asked of two different witnesses, because only both together are safe:
#   what libvirt says of the VM      domain_state
#   whether a QEMU of it exists      domain_processes
# A VM counts as stopped only when no process of it is left: libvirt may not answer, or may have forgotten it.
#
# Needs VM_NAME and VM_PATH (variables of userconfig.xml) and what every hook gets: SAFE, SAFEUSERBIN, SAFEUSERVAR.

: "${VM_NAME:?userconfig.xml has no var VM_NAME}" "${VM_PATH:?userconfig.xml has no var VM_PATH}"

# Words of virsh must not depend on the operator's language.
LANG=C LC_ALL=C
export LANG LC_ALL VM_NAME VM_PATH

# Seconds that a single virsh may take. It blocks for ever while a QEMU hangs on its disk.
VIRSH_SECONDS=15

# Seconds that a QEMU gets to vanish after its plug was pulled, and once more after it was killed. May be a var.
DESTROY_SECONDS=${DESTROY_SECONDS:-10}

# Where the VM's definition travels.
DEFINITION="$VM_PATH/$VM_NAME.xml"

say() {
    echo "$*"
    [ ! -x "$SAFE/safekit" ] || "$SAFE/safekit" printi "$*" >/dev/null 2>&1 || :
}

complain() {
    echo "$*" >&2
    [ ! -x "$SAFE/safekit" ] || "$SAFE/safekit" printe "$*" >/dev/null 2>&1 || :
}

ask_virsh() {
    timeout -k 2 "$VIRSH_SECONDS" virsh -q "$@" </dev/null
}

# One line: libvirt's state of the VM ("running", "shut off", "paused" ...), "absent" when libvirt does not know it,
# "unknown" when libvirt does not answer.
domain_state() {
    if _state=$(ask_virsh domstate "$VM_NAME" 2>/dev/null); then
        echo "$_state" | head -n 1
    elif ask_virsh uri >/dev/null 2>&1; then
        echo absent
    else
        echo unknown
    fi
}

# The ids of the VM's QEMU processes, one a line. libvirt names the guest on the command line; the file of its own run
# directory is not enough, because it vanishes when libvirt believes that the VM is gone. Where the processes cannot be
# looked at (one that hangs can block that, too), the word "unknown" stands for one that may live.
domain_processes() {
    _name=$(printf '%s' "$VM_NAME" | sed 's/[][\.*^$+?(){}|]/\\&/g')
    timeout -k 1 5 pgrep -f -- "qemu.* -name guest=$_name(,| |\$)"
    [ $? -le 1 ] || echo unknown
}

# True when no process of the VM is left within $1 seconds.
domain_gone_within() {
    _end=$(($(date +%s) + $1))
    while [ -n "$(domain_processes)" ]; do
        [ "$(date +%s)" -lt "$_end" ] || return 1
        sleep 0.2
    done
}

# True as soon as libvirt answers, false when it does not within $1 seconds (a host that boots starts it late).
libvirt_answers_within() {
    _end=$(($(date +%s) + $1))
    until ask_virsh uri >/dev/null 2>&1; do
        [ "$(date +%s)" -lt "$_end" ] || return 1
        sleep 0.5
    done
}

# True when the VM's directory is mounted by HaMirror: what is written anywhere else is not replicated.
directory_is_served() {
    [ "$(findmnt -n -o FSTYPE --mountpoint "$VM_PATH" 2>/dev/null | tail -n 1)" = fuse.hamirror ]
}

# What the process $1 works on:
#   ours     it has files of the mount that serves now open
#   stale    its command line names the VM's directory, but it has the files beneath the mount open, or those of a mount
#            that is gone: what it writes is lost or not replicated
#   foreign  it has nothing to do with the directory
# Files are known by their device: the path of a file on a mount that was taken away no longer begins as it did.
process_belongs() {
    _device=$(stat -c %d "$VM_PATH")
    for _file in /proc/"$1"/fd/*; do
        # A file of a mount that hangs would hold this up for ever.
        if [ "$(timeout -k 1 2 stat -L -c %d "$_file" 2>/dev/null)" = "$_device" ]; then
            echo ours
            return
        fi
    done
    if tr '\0' ' ' <"/proc/$1/cmdline" 2>/dev/null | grep -qF "$VM_PATH/"; then
        echo stale
    else
        echo foreign
    fi
}

# Puts the VM's present definition beside its disks, if it differs from what is there. No failure of it matters to the
# VM that runs now.
keep_definition() {
    directory_is_served || return 0
    _new=$(mktemp "$SAFEUSERVAR/definition.XXXXXX") || return 0
    if ask_virsh dumpxml --inactive --security-info "$VM_NAME" >"$_new" 2>/dev/null && [ -s "$_new" ] \
        && ! cmp -s "$_new" "$DEFINITION"; then
        # Under another name first: a power cut must not leave half a definition.
        install -m 0600 "$_new" "$DEFINITION.new" && sync "$DEFINITION.new" && mv -f "$DEFINITION.new" "$DEFINITION" \
            && echo "kept the definition of $VM_NAME in $DEFINITION"
    fi
    rm -f "$_new"
}

# libvirt must not start the VM by itself when the host boots: nobody knows then whose data is right.
autostart_off() {
    ask_virsh autostart --disable "$VM_NAME" >/dev/null 2>&1 || :
}
