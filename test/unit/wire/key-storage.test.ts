import { createMemoryStorage } from "../../../src/wire/key-storage.ts";
import { testKeyStorage } from "../../compliance/key-storage.ts";

testKeyStorage("createMemoryStorage", () => {
  const storage = createMemoryStorage();
  return { open: () => storage };
});
