#!/usr/bin/env bash
# opensearch.sh DIRECTORY ADDRESS [HEAP] [OWNER]: an OpenSearch node on ADDRESS:9200, with its data, logs and pid below
# DIRECTORY; returns when it answers. With OWNER (a process id) it ends, and its DIRECTORY with it, when that ends.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
directory=$(mkdir -p "$1/config" && cd "$1" && pwd)
address=$2
heap=${3:-512m}
owner=${4:-}
libraries=$("$here/fetch.sh" opensearch)

# Two test files may ask for the same node at once: one starts it, the other finds it started.
exec 8> "$directory/lock"
flock 8
answers() { curl -fs "http://$address:9200/" > /dev/null; }
if [ -e "$directory/pid" ] && kill -0 "$(cat "$directory/pid")" 2> /dev/null && answers; then
  echo "opensearch $address:9200 pid $(cat "$directory/pid")"
  exit 0
fi

# A disk that is nearly full is no reason to refuse what a test writes.
cat > "$directory/config/opensearch.yml" << YAML
network.host: $address
transport.port: 9300
cluster.routing.allocation.disk.threshold_enabled: false
YAML
# Its runner takes another port where localhost has something on 9200: localhost is this node's own address.
echo "$address localhost" > "$directory/config/hosts"

setsid java -Xms"$heap" -Xmx"$heap" -Xss512k -XX:+UseSerialGC -Djava.io.tmpdir="$directory" -Djdk.net.hosts.file="$directory/config/hosts" \
  -cp "$libraries/*" org.codelibs.opensearch.runner.OpenSearchRunner \
  -basePath "$directory/node" -confPath "$directory/config" -numOfNode 1 -baseHttpPort 9199 -clusterName m2mp \
  > "$directory/output.log" 2>&1 < /dev/null 8>&- &
node=$!
echo "$node" > "$directory/pid"

if [ -n "$owner" ]; then
  setsid "$here/end-with.sh" "$owner" "$node" "$directory" "$directory" > /dev/null 2>&1 < /dev/null 8>&- &
fi

for _ in $(seq 240); do
  if answers; then
    echo "opensearch $address:9200 pid $node"
    exit 0
  fi
  kill -0 "$node" 2> /dev/null || break
  sleep 0.5
done
echo "opensearch.sh: no answer on $address:9200; the end of $directory/output.log:" >&2
tail -n 20 "$directory/output.log" >&2
exit 1
