# Sourced by lab.sh: what an operator does on two fresh hosts, by the same commands.

lab_cluster() {
  local token
  token=$(on n1 hamirror cluster init n1 10.77.0.1 n2 10.77.0.2 --lan repl=10.78.0.1,10.78.0.2 | grep -o 'hmj1-[A-Za-z0-9_-]*' | head -n 1)
  [ -n "$token" ] || fail "'hamirror cluster init' on n1 gave no join token."
  on n2 hamirror cluster join "$token" || fail "n2 cannot join the cluster."
}

# lab_vm NAME ADDRESS: the guest's directory on n1 (n2 gets it by replication), its domain on both, its module on both.
lab_vm() {
  local name=${1:?name of the VM} address=${2:?address of the guest} n
  guest_build "$LAB/n1/disk/vm/$name" "$name"
  mkdir -p "$LAB/n2/disk/vm/$name"
  for n in n1 n2; do
    on $n hamirror module add "$name" --template kvm || fail "'hamirror module add' fails on $n."
  done
  lab_settings "$name" "$address"
}

# lab_settings NAME ADDRESS: domain and configuration anew, from the environment; the module must be stopped on both nodes.
lab_settings() {
  local name=${1:?name of the VM} address=${2:?address of the guest} n
  guest_xml "$name" "$address" > "$LAB/shared/$name.xml"
  lab_userconfig "$name" > "$LAB/shared/userconfig.xml"
  # The definition that came with the disks counts (modules/kvm), so every replica must hold it.
  for n in n1 n2; do
    [ ! -e "$LAB/$n/disk/vm/$name/$name.qcow2" ] || cp "$LAB/shared/$name.xml" "$LAB/$n/disk/vm/$name/$name.xml"
    on $n bash -s "$name" <<'END' || fail "libvirt or HaMirror of $n refuses $name (see above)."
set -e
virsh -q define "/shared/$1.xml"
cp /shared/userconfig.xml "/etc/hamirror/modules/$1/conf/userconfig.xml"
hamirror module config "$1"
END
    sync -f "$LAB/$n/disk"
  done
}

# The kvm template's configuration with the lab's two LANs and its witness (LAB_WITNESS=none: without one).
lab_userconfig() {
  cat <<END
<!DOCTYPE safe>
<safe>
  <macro name="VM_PATH" value="/vm"/>
  <macro name="VM_NAME" value="$1"/>
  <service mode="mirror" boot="auto" defaultprim="${LAB_DEFAULTPRIM:-alone}" failover="on">
    <heart>
      <heartbeat name="default"/>
      <heartbeat name="repl" ident="flow"/>
    </heart>
    <rfs async="${LAB_ASYNC:-second}">
      <replicated dir="%VM_PATH%/%VM_NAME%"/>
    </rfs>
    <user>
      <var name="VM_PATH" value="%VM_PATH%/%VM_NAME%"/>
      <var name="VM_NAME" value="%VM_NAME%"/>
    </user>
    <check>
      <custom ident="%VM_NAME%_check" exec="vmcheck" arg="%VM_NAME%" when="prim" action="restart"/>
      $([ "${LAB_WITNESS:-10.77.0.254}" = none ] || echo "<splitbrain ident=\"witness\" exec=\"ping\" arg=\"${LAB_WITNESS:-10.77.0.254}\"/>")
    </check>
  </service>
</safe>
END
}
