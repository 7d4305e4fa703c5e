import { create } from "@bufbuild/protobuf";
import { type CallOptions, Code, ConnectError } from "@connectrpc/connect";
import type { Agent } from "../../../../gen/moorline/agent/v1/agent_pb.ts";
import {
  type CreateAgentRequest,
  CreateAgentResponseSchema,
} from "../../../../gen/moorline/agent/v1/agent_service_pb.ts";
import { idempotencyKey } from "../../../../src/rpc/context-keys.ts";
import { createCreations } from "../../../../src/runtime/creation/create-creations.ts";
import { SimulatedClock } from "../../../../src/testing/simulated-clock.ts";
import { SimulatedRandom } from "../../../../src/testing/simulated-random.ts";
import { createAgent, FakeDirectory } from "../fake-directory.ts";
import type { Sorting } from "../support/list-store.ts";

/** A call that a test answers. */
export interface PendingCall {
  readonly request: CreateAgentRequest;
  /** The idempotency key that it was sent with. */
  readonly key: string | undefined;
  /** The agent that the daemon makes of it. */
  readonly agent: Agent;
  answer(agent?: Agent): Promise<void>;
  refuse(error: ConnectError): Promise<void>;
}

/** Creations over a directory and calls that a test plays. @param sorting Of the directory. Default: none. */
export function stageCreations(seed = 1, sorting?: Sorting<Agent>) {
  const clock = new SimulatedClock();
  const directory = new FakeDirectory(sorting);
  const calls: PendingCall[] = [];
  const log: string[] = [];
  const errors: unknown[] = [];
  const settleAfter = (work: () => void): Promise<void> => {
    work();
    return clock.settle();
  };
  const createAgentCall = (request: CreateAgentRequest, options?: CallOptions) =>
    new Promise<ReturnType<typeof respond>>((resolve, reject) => {
      const agent = createAgent(`agent ${calls.length + 1}`, 0, { creationId: request.creationId });
      options?.signal?.addEventListener("abort", () => reject(new ConnectError("aborted", Code.Canceled)));
      calls.push({
        request,
        agent,
        key: options?.contextValues?.get(idempotencyKey),
        answer: (given = agent) => settleAfter(() => resolve(respond(given))),
        refuse: (error) => settleAfter(() => reject(error)),
      });
    });
  const creations = createCreations({
    service: { createAgent: createAgentCall as Parameters<typeof createCreations>[0]["service"]["createAgent"] },
    ...{ directory, clock },
    random: new SimulatedRandom(seed),
    host: () => ({ serverId: "S", sessionRef: "R" }),
    onTransition: ({ machine, subject, from, event, to }) => log.push(`${machine} ${subject} ${from} ${event} ${to}`),
    onError: (error) => errors.push(error),
  });
  /** Asks for an agent. What comes of it is an agent or an error. */
  const ask = (title = "new") => {
    const outcome: { value?: unknown } = {};
    void creations
      .create({ providerId: "p", title })
      .catch((error: unknown) => error)
      .then((value) => {
        outcome.value = value;
      });
    return { outcome, call: calls.at(-1) as PendingCall };
  };
  return {
    ...{ clock, directory, calls, creations, ask, log, errors },
    /** What the list shows: creation ids of what is on its way, ids of what is there. */
    shown: (): string[] => creations.agents.agents.getSnapshot().map(({ id }) => id),
    states: () => creations.list.getSnapshot().map(({ state }) => state.state.case),
  };
}

function respond(agent: Agent) {
  return create(CreateAgentResponseSchema, { agent });
}
