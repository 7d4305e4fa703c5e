/** Stands in for the storage of texts. It lasts as long as the bundle that it is in. */
const texts = new Map<string, string>();

export default {
  getItem: async (key: string): Promise<string | null> => texts.get(key) ?? null,
  setItem: async (key: string, value: string): Promise<void> => void texts.set(key, value),
};
