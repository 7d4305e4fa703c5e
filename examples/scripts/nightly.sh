#!/bin/sh
# Starts a daemon on a free port, runs commands on it, looks at how they end, and stops it.
set -eu

work=$(mktemp -d)
state="$work/state"
export MOORLINE_SESSION_KEY_FILE="$work/session-key"

# What a signal is to stop is run by its own path: npx passes none on.
moorline=$(npx -c 'command -v moorline')

# The daemon says in one line that it is ready, or why it is not.
mkfifo "$work/ready"
"$moorline" daemon --json --listen 127.0.0.1:0 --state-dir "$state" >"$work/ready" &
daemon=$!
exec 3<"$work/ready"
trap 'kill "$daemon" 2>/dev/null || true; wait; rm -rf "$work"' EXIT
read -r ready <&3
MOORLINE_ENDPOINT=$(echo "$ready" | sed -n 's/.*"endpoint":"\([^"]*\)".*/\1/p')
export MOORLINE_ENDPOINT
if [ -z "$MOORLINE_ENDPOINT" ]; then
  echo "no daemon: $ready" >&2
  exit 1
fi
ask() { "$moorline" --token-file "$state/token" "$@"; }

# A command prints what it prints, and ends as it ends.
ask run --title "disk space" -- echo "42 percent are free"
code=0
ask run -- sh -c 'echo "a backup is missing" >&2; exit 3' || code=$?
case $code in
  0) echo "all is well" ;;
  120) echo "there is no connection" ;;
  121) echo "the daemon refuses" ;;
  122) echo "there is no such agent" ;;
  123) echo "what became of it is not known" ;;
  *) echo "the check has ended with $code" ;;
esac

# An agent that goes on: anybody may give it lines, and follow it.
agent=$(ask --json call AgentService/CreateAgent '{"providerId":"command","command":{"argv":["cat"]}}' |
  sed 's/.*"agent":{"id":"\([^"]*\)".*/\1/')
mkfifo "$work/tail"
"$moorline" --token-file "$state/token" tail "$agent" >"$work/tail" &
tail=$!
exec 4<"$work/tail"
ask send "$agent" "good night" >"$work/sent"
read -r prompt <&4
read -r answer <&4
echo "$prompt, and it answers: $answer"
ask cancel "$agent" >"$work/cancelled"
kill "$tail"

# With --json a failure is an object too, on standard output.
ask --json send nobody "are you there?" || echo "that was $?"
ask --json agents | grep -c '"id"'
