#!/usr/bin/env bash
# cassandra.sh DIRECTORY ADDRESS [SEEDS] [HEAP] [OWNER]: a Cassandra node on ADDRESS:9042, with its data, logs and pid
# below DIRECTORY; returns when it takes CQL. Nodes with the same SEEDS are one cluster: 127.0.0.1, 127.0.0.2, … are
# machines of their own here. With OWNER (a process id) the node ends, and its DIRECTORY with it, when that ends.
# M2MP_CASSANDRA_COMMITLOG=batch: it confirms a write only when it is on the disk.
# With M2MP_CASSANDRA_GUARDED it speaks TLS only, with the certificate DIRECTORY/node.pem, and asks for credentials: user
# and password are cassandra.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
directory=$(mkdir -p "$1" && cd "$1" && pwd)
address=$2
seeds=${3:-$address}
heap=${4:-512m}
owner=${5:-}
libraries=$("$here/fetch.sh" cassandra)
mkdir -p "$directory/conf"

# Two test files may ask for the same node at once: one starts it, the other finds it started.
exec 8> "$directory/lock"
flock 8
answers() { (echo > "/dev/tcp/$address/9042") 2> /dev/null; }
if [ -e "$directory/pid" ] && kill -0 "$(cat "$directory/pid")" 2> /dev/null && answers; then
  echo "cassandra $address:9042 pid $(cat "$directory/pid")"
  exit 0
fi

# Periodic, Cassandra's default: what it confirmed in the last seconds is gone when it is killed.
commitlog='commitlog_sync: periodic
commitlog_sync_period: 10000ms'
[ "${M2MP_CASSANDRA_COMMITLOG:-periodic}" = periodic ] || commitlog="commitlog_sync: $M2MP_CASSANDRA_COMMITLOG"
authenticator=AllowAllAuthenticator
encryption='{ enabled: false }'
if [ -n "${M2MP_CASSANDRA_GUARDED:-}" ]; then
  authenticator=PasswordAuthenticator
  keys=$directory/node.p12
  if [ ! -e "$keys" ]; then
    # A certificate for this node alone, whose password guards nothing.
    keytool -genkeypair -alias node -keyalg RSA -validity 30 -dname "CN=$address" -ext "san=ip:$address" \
      -storetype PKCS12 -keystore "$keys" -storepass password 2> /dev/null
    keytool -exportcert -rfc -alias node -keystore "$keys" -storepass password -file "$directory/node.pem" 2> /dev/null
  fi
  encryption="{ enabled: true, optional: false, store_type: PKCS12, keystore: $keys, keystore_password: password }"
fi
cat > "$directory/conf/cassandra.yaml" << YAML
cluster_name: m2mp
num_tokens: 8
partitioner: org.apache.cassandra.dht.Murmur3Partitioner
endpoint_snitch: SimpleSnitch
authenticator: $authenticator
authorizer: AllowAllAuthorizer
listen_address: $address
rpc_address: $address
native_transport_port: 9042
client_encryption_options: $encryption
storage_port: 7000
seed_provider:
  - class_name: org.apache.cassandra.locator.SimpleSeedProvider
    parameters: [ { seeds: "$seeds" } ]
data_file_directories: [ $directory/data ]
commitlog_directory: $directory/commitlog
saved_caches_directory: $directory/saved
hints_directory: $directory/hints
cdc_raw_directory: $directory/cdc
$commitlog
commitlog_segment_size: 16MiB
memtable_heap_space: 128MiB
memtable_offheap_space: 128MiB
file_cache_size: 64MiB
key_cache_size: 16MiB
auto_snapshot: false
dynamic_snitch: false
YAML
cat > "$directory/conf/logback.xml" << XML
<configuration>
  <appender name="file" class="ch.qos.logback.core.FileAppender">
    <file>$directory/system.log</file>
    <encoder><pattern>%-5level %date{ISO8601} [%thread] %logger{0} %msg%n</pattern></encoder>
  </appender>
  <root level="INFO"><appender-ref ref="file"/></root>
</configuration>
XML

# What Cassandra reaches into of the JDK, as its own start script opens it.
opened=()
for package in java.base/java.{io,lang,lang.module,lang.reflect,math,net,nio,nio.charset,nio.file.spi,util} \
  java.base/java.util.concurrent{,.atomic,.locks} java.base/jdk.internal.{loader,misc,ref,reflect,math,module,util.jar} \
  java.base/sun.nio.ch java.management.rmi/javax.management.remote.rmi java.management/{javax,sun}.management \
  java.rmi/sun.rmi.{registry,server,transport,transport.tcp} java.sql/java.sql java.logging/java.util.logging \
  jdk.management/com.sun.management.internal jdk.management.jfr/jdk.management.jfr; do
  opened+=(--add-opens "$package=ALL-UNNAMED" --add-exports "$package=ALL-UNNAMED")
done
opened+=(--add-exports jdk.attach/sun.tools.attach=ALL-UNNAMED)

setsid java -javaagent:"$(ls "$libraries"/jamm-*.jar)" -Xms"$heap" -Xmx"$heap" -Xss512k -XX:+UseG1GC "${opened[@]}" \
  -Djdk.attach.allowAttachSelf=true -Dcassandra-foreground=yes -Dcassandra.storagedir="$directory" \
  -Dcassandra.config="file://$directory/conf/cassandra.yaml" \
  -Dlogback.configurationFile="file://$directory/conf/logback.xml" \
  -Dcassandra.superuser_setup_delay_ms=0 -Dcassandra.ring_delay_ms=2000 -Dcassandra.skip_wait_for_gossip_to_settle=0 \
  -cp "$directory/conf:$libraries/*" org.apache.cassandra.service.CassandraDaemon \
  > "$directory/output.log" 2>&1 < /dev/null 8>&- &
node=$!
echo "$node" > "$directory/pid"

if [ -n "$owner" ]; then
  setsid "$here/end-with.sh" "$owner" "$node" "$directory" "$directory" > /dev/null 2>&1 < /dev/null 8>&- &
fi

for _ in $(seq 240); do
  if answers; then
    echo "cassandra $address:9042 pid $node"
    exit 0
  fi
  kill -0 "$node" 2> /dev/null || break
  sleep 0.5
done
echo "cassandra.sh: no CQL on $address:9042; the end of $directory/output.log:" >&2
tail -n 20 "$directory/output.log" >&2
exit 1
