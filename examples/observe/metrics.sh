#!/bin/sh
# Prints the metrics of the daemon of this example.
set -eu
home=${EXEC_HOME:-.exec}
port=$(node -p 'JSON.parse(fs.readFileSync(process.argv[1])).port' "$home/daemon.json")
curl --silent --fail -H "Authorization: Bearer $(cat "$home/token")" "http://127.0.0.1:$port/metrics"
