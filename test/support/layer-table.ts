/** What one folder of `src` may reach. */
export interface LayerRow {
  /** Layers it names. What those may import, it may import too. */
  readonly imports: readonly string[];
  /** Packages of other people it may import, by package name. */
  readonly packages: readonly string[];
  /** Whether `node:` built-ins and computed dynamic imports are allowed everywhere in the layer. Default: no. */
  readonly node?: true;
}

const PROTOBUF = "@bufbuild/protobuf";
const CONNECT = "@connectrpc/connect";
const CONNECT_NODE = "@connectrpc/connect-node";
const HASHES = "@noble/hashes";

/**
 * The layers, lowest first. Arrows go down; brothers do not talk; nothing imports `testing`.
 * `gen` is the generated code beside `src`; `relay/client` is the part of `relay` that a daemon dials out with,
 * and `wire/codec.ts`, `wire/descriptor.ts` and what is below them the parts of `wire` that generated code stands on.
 */
export const LAYERS: Readonly<Record<string, LayerRow>> = {
  core: { imports: [], packages: [] },
  "wire/codec.ts": { imports: ["core"], packages: [PROTOBUF] },
  "wire/describe-file.ts": { imports: [], packages: [PROTOBUF] },
  "wire/descriptor.ts": { imports: ["wire/describe-file.ts"], packages: [PROTOBUF] },
  "wire/utf8.ts": { imports: ["wire/codec.ts"], packages: [PROTOBUF] },
  "wire/bigint.ts": { imports: ["wire/codec.ts"], packages: [] },
  "wire/wire-writer.ts": { imports: ["wire/utf8.ts", "wire/bigint.ts"], packages: [PROTOBUF] },
  "wire/message-codec.ts": { imports: ["wire/wire-writer.ts"], packages: [PROTOBUF] },
  gen: { imports: ["wire/message-codec.ts", "wire/descriptor.ts"], packages: [PROTOBUF] },
  wire: { imports: ["gen"], packages: [PROTOBUF, HASHES] },
  machine: { imports: ["wire"], packages: [PROTOBUF] },
  channel: { imports: ["wire"], packages: [PROTOBUF] },
  observe: { imports: ["machine"], packages: [PROTOBUF, CONNECT, "pino"], node: true },
  otel: { imports: ["machine"], packages: [PROTOBUF, CONNECT, "@opentelemetry/api"] },
  transport: { imports: ["wire"], packages: [PROTOBUF, "ws"] },
  secure: { imports: ["wire"], packages: [HASHES, "@noble/ciphers", "@noble/curves"] },
  rpc: { imports: ["channel"], packages: [PROTOBUF, CONNECT] },
  client: { imports: ["rpc", "machine", "transport", "secure"], packages: [PROTOBUF, CONNECT, HASHES] },
  serve: { imports: ["rpc"], packages: [] },
  probe: { imports: ["client"], packages: [] },
  runtime: { imports: ["client"], packages: [PROTOBUF, CONNECT] },
  react: { imports: ["runtime"], packages: ["react"] },
  console: { imports: ["react"], packages: [PROTOBUF, CONNECT, "react", "react-dom"] },
  node: {
    imports: ["client", "runtime", "transport", "observe"],
    packages: [PROTOBUF, CONNECT, CONNECT_NODE],
    node: true,
  },
  server: {
    imports: ["rpc", "machine", "transport", "secure"],
    packages: [PROTOBUF, CONNECT, CONNECT_NODE],
    node: true,
  },
  relay: { imports: ["transport", "wire", "machine"], packages: [PROTOBUF, CONNECT, CONNECT_NODE], node: true },
  faults: { imports: ["transport", "wire"], packages: [PROTOBUF], node: true },
  daemon: {
    imports: ["server", "relay/client", "observe"],
    packages: [PROTOBUF, CONNECT, CONNECT_NODE, "execa"],
    node: true,
  },
  conformance: { imports: ["client", "runtime", "server", "relay"], packages: [PROTOBUF, CONNECT], node: true },
  testing: { imports: ["client", "runtime", "server"], packages: [PROTOBUF, CONNECT] },
  cli: {
    imports: ["client", "runtime", "node", "server", "relay", "daemon", "observe", "otel", "faults", "conformance"],
    packages: [PROTOBUF, CONNECT, CONNECT_NODE, "commander", "cli-table3"],
    node: true,
  },
};

/** Files outside the `node: true` layers where built-ins are allowed: the transports over the `ws` package. */
export const NODE_FILES = /^src\/transport\/ws[^/]*\.ts$/;

/** The only files that may import `ws`. */
export const WS_FILES = /^src\/transport\/ws(-[^/]*)?\.ts$/;

/** The entry of the browser door. */
export const CLIENT_DOOR = "src/client/index.ts";

/** The doors of package.json, all of them. */
export const DOORS: readonly string[] = [
  ".",
  "./node",
  "./otel",
  "./probe",
  "./react",
  "./runtime",
  "./serve",
  "./server",
  "./testing",
  "./schema/*.js",
  "./schema/*",
  "./proto/*",
];
