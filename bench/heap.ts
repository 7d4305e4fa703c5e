import { text } from "node:stream/consumers";
import { getHeapSnapshot } from "node:v8";

/** What objects of one kind take of the heap. */
export interface HeapUse {
  /** The name of their class, or what they are. */
  readonly kind: string;
  readonly bytes: number;
}

interface Snapshot {
  readonly snapshot: {
    readonly meta: { readonly node_fields: readonly string[]; readonly node_types: readonly (readonly string[])[] };
  };
  readonly nodes: readonly number[];
  readonly strings: readonly string[];
}

/** What the heap of this process holds, by kind. */
export async function heapByKind(): Promise<readonly HeapUse[]> {
  globalThis.gc?.();
  const { snapshot, nodes, strings } = JSON.parse(await text(getHeapSnapshot())) as Snapshot;
  const { node_fields: fields, node_types: types } = snapshot.meta;
  const [type, name, size] = ["type", "name", "self_size"].map((field) => fields.indexOf(field)) as [
    number,
    number,
    number,
  ];
  const uses = new Map<string, number>();
  for (let i = 0; i < nodes.length; i += fields.length) {
    const typeName = types[0]?.[nodes[i + type] ?? 0] ?? "";
    const isNamed = typeName === "object" || typeName === "closure" || typeName === "native";
    const kind = isNamed ? `${typeName} ${strings[nodes[i + name] ?? 0]}` : typeName;
    uses.set(kind, (uses.get(kind) ?? 0) + (nodes[i + size] ?? 0));
  }
  return [...uses].map(([kind, bytes]) => ({ kind, bytes }));
}
