#!/usr/bin/env bash
# nsq.sh DIRECTORY ADDRESS [OWNER]: nsqlookupd on ADDRESS:4160 (HTTP 4161) and nsqd on ADDRESS:4150 (HTTP 4151), with
# data, logs and pids below DIRECTORY; returns when both answer. With OWNER (a process id) both end when that ends. With
# M2MP_NSQ_LOOKUP, the address of another nsqlookupd, nsqd alone, which tells that one.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
directory=$(mkdir -p "$1/data" && cd "$1" && pwd)
address=$2
owner=${3:-}
lookup=${M2MP_NSQ_LOOKUP:-$address}
programs=$("$here/fetch.sh" nsq)

answers() { (echo > "/dev/tcp/${2:-$address}/$1") 2> /dev/null; }

start() {
  local program=$1
  shift
  setsid "$programs/$program" "$@" > "$directory/$program.log" 2>&1 < /dev/null &
  local process=$!
  echo "$process" > "$directory/$program.pid"
  if [ -n "$owner" ]; then
    setsid "$here/end-with.sh" "$owner" "$process" "$address:" "$directory" > /dev/null 2>&1 < /dev/null &
  fi
}

# Either one alone can be gone, killed by a test: what still answers is left as it is.
answers 4161 "$lookup" || start nsqlookupd -tcp-address "$address:4160" -http-address "$address:4161"
answers 4151 || start nsqd -tcp-address "$address:4150" -http-address "$address:4151" -broadcast-address "$address" \
  -lookupd-tcp-address "$lookup:4160" -data-path "$directory/data"

for _ in $(seq 100); do
  if answers 4161 "$lookup" && answers 4151 && answers 4150; then
    echo "nsqd $address:4150 nsqlookupd $lookup:4161"
    exit 0
  fi
  sleep 0.1
done
echo "nsq.sh: no answer on $address; the ends of the logs in $directory:" >&2
tail -n 20 "$directory"/nsq*.log >&2
exit 1
