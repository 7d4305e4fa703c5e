import { ConnectError } from "@connectrpc/connect";

/** The status that a call ends with. Fails where it is answered. */
export async function statusOf(call: Promise<unknown>): Promise<ConnectError> {
  return call.then(
    () => {
      throw new Error("the call was answered");
    },
    (thrown: unknown) => ConnectError.from(thrown),
  );
}
