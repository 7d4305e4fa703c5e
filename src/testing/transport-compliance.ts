import { declareTests, type TestFunctions } from "./declare-tests.ts";
import { closingTests } from "./transport-closing-tests.ts";
import { dialingTests } from "./transport-dialing-tests.ts";
import type { TransportHarness, TransportTests } from "./transport-harness.ts";
import { listenerTests } from "./transport-listener-tests.ts";
import { messageTests } from "./transport-message-tests.ts";
import { silentPeerTests, textTests } from "./transport-optional-tests.ts";

export type { SilentPeer, TransportHarness } from "./transport-harness.ts";

const optionalTests = { sendText: textTests, silent: silentPeerTests };

/**
 * Declares the tests that hold a transport to every sentence of the seam: `Transport`, `Connection` and
 * `ConnectionListener`. Spec: TRANS.
 * @param name How the transport is called in the titles.
 * @param createHarness Makes a transport with something to dial; called once per test.
 * @param lacks What the harness does not have because the transport cannot; such tests are not declared. Default: nothing.
 */
export function describeTransport(
  functions: TestFunctions,
  name: string,
  createHarness: () => Promise<TransportHarness>,
  lacks: ReadonlyArray<keyof typeof optionalTests> = [],
): void {
  const groups: Record<string, TransportTests> = {
    dialing: dialingTests,
    messages: messageTests,
    closing: closingTests,
    listeners: listenerTests,
  };
  for (const [feature, tests] of Object.entries(optionalTests)) {
    if (!lacks.some((lacking) => lacking === feature)) groups[feature] = tests;
  }
  for (const [group, tests] of Object.entries(groups)) {
    declareTests(functions, `transport ${name}: ${group}`, createHarness, tests);
  }
}
