/** Stands in for the secure storage. It lasts as long as the bundle that it is in. */
const secrets = new Map<string, string>();

/** As the platform's. */
export const getItemAsync = async (key: string): Promise<string | null> => secrets.get(key) ?? null;

/** As the platform's. */
export const setItemAsync = async (key: string, value: string): Promise<void> => void secrets.set(key, value);
