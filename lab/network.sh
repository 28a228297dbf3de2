# Sourced by lab.sh: the lab's cables. Nothing is made in the machine's own network name space.
#
#   lab-sw   the switches: bridges prod (10.77.0.0/24) and repl (10.78.0.0/24); ports p-n1 p-n2 p-w, r-n1 r-n2
#   lab-w    the witness, 10.77.0.254, on prod only
#   lab-n1   br0 10.77.0.1 (guests attach to it), eth1 10.78.0.1;  lab-n2 likewise with .2
network_spaces="sw w n1 n2"

insw() { ip netns exec lab-sw "$@"; }

network_up() {
  local s b n i
  for s in $network_spaces; do ip netns add "lab-$s"; done
  for b in prod repl; do
    ip -n lab-sw link add $b type bridge forward_delay 0 stp_state 0
    ip -n lab-sw link set $b up
  done
  ip link add p-w netns lab-sw type veth peer name eth0 netns lab-w
  ip -n lab-sw link set p-w master prod up
  ip -n lab-w link set lo up
  ip -n lab-w link set eth0 up
  ip -n lab-w addr add 10.77.0.254/24 dev eth0
  for n in n1 n2; do
    i=$(node_number $n)
    ip link add p-$n netns lab-sw type veth peer name eth0 netns lab-$n
    ip link add r-$n netns lab-sw type veth peer name eth1 netns lab-$n
    ip -n lab-sw link set p-$n master prod up
    ip -n lab-sw link set r-$n master repl up
    ip -n lab-$n link set lo up
    ip -n lab-$n link add br0 type bridge forward_delay 0 stp_state 0
    ip -n lab-$n link set br0 address 02:00:00:77:00:0$i
    ip -n lab-$n link set eth0 master br0 up
    ip -n lab-$n link set br0 up
    ip -n lab-$n link set eth1 up
    ip -n lab-$n addr add 10.77.0.$i/24 dev br0
    ip -n lab-$n addr add 10.78.0.$i/24 dev eth1
    ip -n lab-$n route add default via 10.77.0.254
  done
}

network_down() {
  local s port
  # Name spaces go lazily: the cables first, else the next start meets them.
  for port in p-w p-n1 p-n2 r-n1 r-n2; do ip -n lab-sw link del $port 2>/dev/null; done
  for s in $network_spaces; do [ ! -e "/run/netns/lab-$s" ] || ip netns del "lab-$s"; done
}

# ports up|down NODE: both cables of a node.
ports() { ip -n lab-sw link set "p-$2" "$1" && ip -n lab-sw link set "r-$2" "$1"; }

# isolate WHAT: see 'lab.sh help'.
isolate() {
  local n o
  case ${1:-} in
    nodes) for n in p-n1 p-n2 r-n1 r-n2; do insw bridge link set dev $n isolated on; done ;;
    repl) for n in r-n1 r-n2; do insw bridge link set dev $n isolated on; done ;;
    prod) for n in p-n1 p-n2; do insw bridge link set dev $n isolated on; done ;;
    witness) ip -n lab-sw link set p-w down ;;
    n1|n2) ports down "$1" ;;
    one-way)
      node_number "${2:-}" >/dev/null || exit 1
      o=$(peer_of "$2")
      insw nft add table bridge part
      insw nft add chain bridge part cut '{ type filter hook forward priority 0; }'
      insw nft add rule bridge part cut iifname "p-$2" oifname "p-$o" drop
      insw nft add rule bridge part cut iifname "r-$2" oifname "r-$o" drop ;;
    *) fail "isolate what? nodes, repl, prod, witness, n1, n2, or 'one-way n1'." ;;
  esac
}

heal() {
  local n
  for n in n1 n2; do node_runs $n && ports up $n; done
  for n in p-n1 p-n2 r-n1 r-n2; do insw bridge link set dev $n isolated off; done
  ip -n lab-sw link set p-w up
  insw nft delete table bridge part 2>/dev/null
  for n in r-n1 r-n2; do insw tc qdisc del dev $n root 2>/dev/null; done
  return 0
}

# slow NODE RATE: what NODE receives on the replication LAN, e.g. 100mbit.
slow() { insw tc qdisc replace dev "r-$1" root tbf rate "$2" burst 256k latency 50ms; }
