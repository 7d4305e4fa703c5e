import type { DescMethodStreaming, DescMethodUnary, DescService } from "@bufbuild/protobuf";
import { Code, createClient } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { AgentService } from "../../gen/moorline/agent/v1/agent_service_pb.ts";
import { AgentDirectoryService } from "../../gen/moorline/agent/v1/directory_service_pb.ts";
import { TimelineService } from "../../gen/moorline/agent/v1/timeline_service_pb.ts";
import type { Authenticate } from "../../src/server/index.ts";
import { openTestDaemon } from "../support/open-daemon.ts";
import { KEY, type PlainProtocol, refusalOf, transportOf, withKey } from "../support/port-stage.ts";

const METHODS = [AgentService, AgentDirectoryService, TimelineService].flatMap((service: DescService) => {
  return service.methods.map((method) => [`${service.name}.${method.name}`, service, method] as const);
});
/** Whoever has a token is called like it. */
const byName: Authenticate = ({ credential }) => {
  return credential === undefined ? { rejected: "UNAUTHENTICATED" } : { principal: credential.token };
};

type Options = ReturnType<typeof withKey> | object;

/** Calls a method with an empty request. */
async function call(
  port: number,
  protocol: PlainProtocol,
  service: DescService,
  method: DescMethodUnary | DescMethodStreaming,
  options: Options,
): Promise<void> {
  type Callable = Record<string, (request: object, options: Options) => Promise<unknown> | AsyncIterable<unknown>>;
  const client = createClient(service, transportOf(protocol, `http://127.0.0.1:${port}`)) as unknown as Callable;
  const answer = client[method.localName]?.({}, options);
  if (method.methodKind === "unary") await answer;
  else for await (const _ of answer as AsyncIterable<unknown>) return;
}

describe("a plain RPC of the daemon", () => {
  it.each(METHODS)(
    "%s without a session key, or with one that is none or another's, is refused and does nothing [INV-2, HTTP-5, SESSION-1]",
    async (...row) => {
      const [, service, method] = row;
      const { port, daemon } = await openTestDaemon({ authenticate: byName, insecureNoAuth: false });
      const ada = withKey(KEY, { authorization: "Bearer ada" });
      const mine = createClient(AgentDirectoryService, transportOf("connect-1", `http://127.0.0.1:${port}`));
      await mine.listAgents({}, ada);
      for (const protocol of ["connect-1", "grpc"] as const) {
        const refused = (options: Options) => refusalOf(call(port, protocol, service, method, options));
        const bearer = { headers: { authorization: "Bearer ada" } };
        expect(await refused(bearer)).toEqual([Code.InvalidArgument, "SESSION_KEY_MISSING"]);
        expect(await refused(withKey("short", bearer.headers))).toEqual([
          Code.InvalidArgument,
          "SESSION_KEY_MALFORMED",
        ]);
        expect(await refused(withKey(`${KEY} `.repeat(9), bearer.headers))).toEqual([
          Code.InvalidArgument,
          "SESSION_KEY_MALFORMED",
        ]);
        expect(await refused(withKey())).toEqual([Code.Unauthenticated, "UNAUTHENTICATED"]);
        const foreign = withKey(KEY, { authorization: "Bearer bob" });
        expect(await refused(foreign)).toEqual([Code.PermissionDenied, "PERMISSION_DENIED"]);
      }
      expect(daemon.server.sessions.list()).toMatchObject([{ principal: "ada" }]);
      expect((await mine.listAgents({}, ada)).agents).toEqual([]);
    },
  );
});
