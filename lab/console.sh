# Sourced by lab.sh: both nodes' consoles on this machine's loopback, n1 at HAMIRROR_LAB_PORT (9010) and n2 one above it, and somebody
# who may log in. Files: $LAB/relay.pid, $LAB/relay.log. The relay ends with the lab.
console_user=demo

# The agents are told by which address browsers reach them, so that the page can go on with the other node.
lab_console() {
  local port=${HAMIRROR_LAB_PORT:-9010} n password
  relay_down
  # Without the lab's own lock, and without the marks of a test run.
  env -u HAMIRROR_TEST_RUN setsid python3 "$here/relay.py" "$port" lab-n1 $((port + 1)) lab-n2 </dev/null >"$LAB/relay.log" 2>&1 9>&- &
  echo $! > "$LAB/relay.pid"
  until_true 20 relay_told || fail "the relay to the nodes' consoles says nothing."
  grep -q '^listening' "$LAB/relay.log" || fail "$(tail -n 1 "$LAB/relay.log" | sed 's/^relay: //') HAMIRROR_LAB_PORT=N takes another one."
  for n in n1 n2; do
    printf '<console url="http://localhost:%d"/>\n' $((port + $(node_number $n) - 1)) | on $n tee /etc/hamirror/console.xml >/dev/null
  done
  password=$(tr -dc 'a-z2-9' </dev/urandom | head -c 14)
  # A second call gives the same user another password.
  on n1 hamirror user add $console_user --role admin <<<"$password" >/dev/null 2>&1 ||
    on n1 hamirror user password $console_user <<<"$password" >/dev/null || fail "n1 takes no user."
  echo "http://localhost:$port   user $console_user, password $password"
}

relay_told() { [ -s "$LAB/relay.log" ]; }

relay_down() {
  local pid
  pid=$(cat "$LAB/relay.pid" 2>/dev/null) || return 0
  ! grep -qz 'relay\.py$' "/proc/$pid/cmdline" 2>/dev/null || kill "$pid"
  rm -f "$LAB/relay.pid"
}
