import { describe, it } from "node:test";
import { createHostRegistry } from "moorline/runtime";
import { describeHostRegistry, describeMirrorStorage } from "moorline/testing";
import { createTextMirrorStorage, type TextStore } from "./text-mirror-storage.ts";

function createTexts(): TextStore & { readonly texts: Map<string, string> } {
  const texts = new Map<string, string>();
  const setItem = async (key: string, value: string) => texts.set(key, value);
  return { texts, getItem: async (key) => texts.get(key) ?? null, setItem };
}

describeMirrorStorage({ describe, it }, "in a text", () => {
  const storage = createTextMirrorStorage(createTexts());
  return { open: () => storage };
});

describeHostRegistry({ describe, it }, "in a text", () => {
  const copies = new Map<number, string>();
  let text: string | undefined;
  const write = (next: string): void => {
    text = next;
  };
  const keepCopy = (copy: string, number: number): boolean =>
    copies.get(number) === copy || (!copies.has(number) && copies.set(number, copy).has(number));
  const registry = createHostRegistry({ name: "in a text", read: () => text, write, keepCopy });
  return { open: () => registry, text: { read: () => text, write, copies: () => [...copies.values()] } };
});
