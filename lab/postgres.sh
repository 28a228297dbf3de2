# Sourced by lab.sh: PostgreSQL as a module, and clients that remember what they were promised.
#
# The clients run on the witness (outside the nodes) and write "ACK CLIENT TRANSACTION" only after COMMIT was answered, so
# what they wrote is the oracle, as the guest's console is for a VM.
postgres_bin=/usr/lib/postgresql/15/bin

# lab_postgres NAME: a database in /vm/NAME of n1 (n2 gets it by replication), a module of template mirror on both nodes.
lab_postgres() {
  local name=${1:?name of the module} n
  on n1 bash -s "/vm/$name" $postgres_bin <<'END' || fail "the database cannot be made on n1 (see above)."
set -e
cd /
install -d -o postgres -g postgres -m 700 "$1"
# Checksums, so that a torn or stale page cannot pass unseen.
runuser -u postgres -- "$2/initdb" -D "$1" -E UTF8 --locale=C -A trust --data-checksums >/dev/null
printf '%s\n' "listen_addresses = '*'" "unix_socket_directories = '/tmp'" 'shared_buffers = 32MB' 'checkpoint_timeout = 30s' >> "$1/postgresql.conf"
echo 'host all all 10.77.0.0/24 trust' >> "$1/pg_hba.conf"
control() { runuser -u postgres -- "$2/pg_ctl" -D "$1" -w -l /tmp/postgresql.log "$3" >/dev/null; }
control "$1" "$2" start
runuser -u postgres -- "$2/pgbench" -h /tmp -q -i -s 2 postgres 2>/dev/null
runuser -u postgres -- psql -q -h /tmp postgres -c 'CREATE TABLE promised (client int, id int, delta int, PRIMARY KEY (client, id))'
control "$1" "$2" stop
END
  on n2 install -d -o postgres -g postgres -m 700 "/vm/$name"
  postgres_userconfig "$name" > "$LAB/shared/userconfig.xml"
  for n in n1 n2; do
    on $n hamirror module add "$name" --template mirror || fail "'hamirror module add' fails on $n."
    on $n cp /shared/userconfig.xml "/etc/hamirror/modules/$name/conf/userconfig.xml"
    on $n hamirror module config "$name" || fail "the configuration of $name is refused on $n."
    sync -f "$LAB/$n/disk"
  done
}

postgres_userconfig() {
  local control="runuser -u postgres -- $postgres_bin/pg_ctl -D \$DIRECTORY -w -l /tmp/postgresql.log"
  cat <<END
<!DOCTYPE safe>
<safe>
  <macro name="DIRECTORY" value="/vm/$1"/>
  <service mode="mirror" boot="auto" defaultprim="alone" failover="on">
    <heart>
      <heartbeat name="default"/>
      <heartbeat name="repl" ident="flow"/>
    </heart>
    <rfs async="second">
      <replicated dir="%DIRECTORY%"/>
    </rfs>
    <user nicestoptimeout="60s" forcestoptimeout="30s" logging="userlog">
      <var name="DIRECTORY" value="%DIRECTORY%"/>
      <var name="SERVICE" value=""/>
      <var name="START" value="cd / &amp;&amp; $control start"/>
      <var name="STOP" value="cd / &amp;&amp; $control -m fast stop"/>
      <var name="FORCE_STOP" value="cd / &amp;&amp; $control -m immediate stop"/>
      <var name="RUNNING" value="cd / &amp;&amp; $control status"/>
    </user>
    <check>
      <splitbrain ident="witness" exec="ping" arg="10.77.0.254"/>
    </check>
  </service>
</safe>
END
}

# postgres_load DIRECTORY CLIENTS: runs clients until DIRECTORY/stop exists; each keeps its promises in DIRECTORY/client-N.
postgres_load() {
  local directory=${1:?directory for what the clients remember} clients=${2:-4} client
  mkdir -p "$directory"
  for client in $(seq "$clients"); do postgres_client "$directory" "$client" & done
  wait
}

# One client: a connection as long as it lasts, then the next one, to whichever node answers.
postgres_client() {
  local directory=$1 client=$2 attempt=0
  # A node without power answers nothing, not even a reset: the client must notice by itself.
  local server='host=10.77.0.1,10.77.0.2 user=postgres dbname=postgres connect_timeout=2 tcp_user_timeout=2000
    keepalives_idle=1 keepalives_interval=1 keepalives_count=2 target_session_attrs=read-write'
  until [ -e "$directory/stop" ]; do
    attempt=$((attempt + 1))
    postgres_transactions "$directory" "$client" $((attempt * 1000000)) |
      ip netns exec lab-w stdbuf -oL psql -X -q -v ON_ERROR_STOP=1 "$server" >>"$directory/client-$client" 2>>"$directory/client-$client.errors"
    sleep 0.2
  done
}

# pgbench's transaction (TPC-B), with a record of itself: the sums of all four tables agree when none was torn.
postgres_transactions() {
  local directory=$1 client=$2 id=$3 delta
  until [ -e "$directory/stop" ]; do
    id=$((id + 1))
    delta=$((RANDOM % 10001 - 5000))
    printf 'BEGIN; UPDATE pgbench_accounts SET abalance = abalance + %d WHERE aid = %d; UPDATE pgbench_tellers SET tbalance = tbalance + %d WHERE tid = %d; UPDATE pgbench_branches SET bbalance = bbalance + %d WHERE bid = %d; INSERT INTO promised VALUES (%d, %d, %d); COMMIT;\n\\echo ACK %d %d\n' \
      $delta $((RANDOM * 6 + 1)) $delta $((RANDOM % 20 + 1)) $delta $((RANDOM % 2 + 1)) "$client" $id $delta "$client" $id || break
  done 2>/dev/null
}
