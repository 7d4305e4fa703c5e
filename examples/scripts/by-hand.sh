#!/bin/sh
# What one types by hand, towards the daemon at $MOORLINE_ENDPOINT whose state is in $MOORLINE_STATE.
set -eu
token="$MOORLINE_STATE/token"

npx moorline --token-file "$token" ping
npx moorline --token-file "$token" run -- echo hello
npx moorline --token-file "$token" agents
npx moorline --token-file "$token" call AgentService/ListProviders '{}'

# Both go on until they are interrupted: here the pipe is closed behind the first line.
mkfifo watched
watcher=$(npx -c 'command -v moorline')
"$watcher" --token-file "$token" --json agents --watch >watched &
exec 3<watched
read -r first <&3
echo "$first"
kill $!
rm watched
