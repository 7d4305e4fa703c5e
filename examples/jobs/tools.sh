#!/bin/sh
# Calls the daemon of $JOBS_HOME by a stock gRPC client, which knows nothing of it but its address.
set -eu
endpoint=$(sed 's/.*"endpoint":"ws:\([^"]*\)\/".*/http:\1/' "$JOBS_HOME/daemon.json")
token=$(cat "$JOBS_HOME/token")
call() { npx buf curl --protocol grpc --http2-prior-knowledge "$@"; }

# Reflection and health need no session key, and no token.
call --list-methods "$endpoint"
call -d '{"service":"jobs.v1.JobService"}' "$endpoint/grpc.health.v1.Health/Check"

# Everything else needs both; the key of the session is 22 to 128 characters of A-Z a-z 0-9 - _.
call -H "moorline-session-key: key-of-my-nightly-tools" -H "authorization: Bearer $token" \
  -H "moorline-idempotency-key: nightly" \
  -d "{\"paths\":[\"$JOBS_HOME/token\"]}" "$endpoint/jobs.v1.JobService/StartJob"
