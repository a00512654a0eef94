#!/usr/bin/env bash
# end-with.sh OWNER PROCESS MARK DIRECTORY: waits for the process OWNER to end, then kills PROCESS, if MARK is in its
# command line, and removes DIRECTORY. Numbers of processes come round again, so each is told by more than that.
started() { sed 's/.*) //' "/proc/$1/stat" 2> /dev/null | cut -d ' ' -f 20; }

begun=$(started "$1")
while [ -n "$begun" ] && [ "$(started "$1")" = "$begun" ]; do sleep 1; done
grep -aqF -- "$3" "/proc/$2/cmdline" 2> /dev/null && kill -9 "$2"
sleep 1
rm -rf "$4"
rmdir "${4%/*}" 2> /dev/null
