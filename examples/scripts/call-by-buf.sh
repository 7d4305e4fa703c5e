#!/bin/sh
# Calls the daemon at $MOORLINE_ENDPOINT by a stock gRPC client, which knows nothing of it but its address.
set -eu
endpoint=$(echo "$MOORLINE_ENDPOINT" | sed 's/^ws/http/; s/\/$//')
token=$(cat "$MOORLINE_STATE/token")
call() { npx buf curl --protocol grpc --http2-prior-knowledge "$@"; }

# Who it is, whether it serves and what, needs no session key and no token.
call -d '{}' "$endpoint/moorline.session.v1.SessionService/Describe"
call -d '{}' "$endpoint/grpc.health.v1.Health/Check"
call --list-methods "$endpoint"

# Everything else needs both. The key is made up once and kept: it is who the caller is.
key="moorline-session-key: key-of-my-nightly-tools"
call -H "$key" -H "authorization: Bearer $token" -H "moorline-idempotency-key: hello-of-today" \
  -d '{"providerId":"command","command":{"argv":["echo","hello"],"closeInput":true}}' \
  "$endpoint/moorline.agent.v1.AgentService/CreateAgent"
call -H "$key" -H "authorization: Bearer $token" -d '{}' "$endpoint/moorline.agent.v1.AgentDirectoryService/ListAgents"
