import { createDaemonClient, createSessionKey } from "../../src/client/index.ts";
import { EchoService } from "../unit/rpc/gen/rpctest/v1/echo_pb.ts";

const client = createDaemonClient({
  endpoint: process.argv[2] ?? "",
  sessionKey: createSessionKey(),
  client: { name: "story", version: "1.0.0" },
});
const { text } = await client.service(EchoService).say({ text: "hello" });
console.log(`said ${text}`);
await client.close();
