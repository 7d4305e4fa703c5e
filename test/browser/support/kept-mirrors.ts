import type { Page } from "playwright-core";
import { vi } from "vitest";

/**
 * Waits until the browser keeps an agent and its timeline. Mirrors are saved at marks, of which the daemon sends one 5 s
 * after a change (DIR-9).
 */
export async function areMirrorsKept(page: Page, agentId: string): Promise<void> {
  await vi.waitUntil(
    async () => {
      const keys = await readKeys(page);
      const isOfDirectory = keys.some(([, entry]) => entry === agentId);
      return isOfDirectory && keys.some(([mirror]) => mirror?.endsWith(agentId));
    },
    { timeout: 20_000, interval: 100 },
  );
}

/** Waits until the browser keeps any agent. */
export async function isDirectoryKept(page: Page): Promise<void> {
  const isKept = async (): Promise<boolean> => {
    return (await readKeys(page)).some(([mirror]) => mirror?.includes("/agents/"));
  };
  await vi.waitUntil(isKept, { timeout: 20_000, interval: 100 });
}

/** Of what mirrors have kept: the name of the mirror, and that of the entry. */
async function readKeys(page: Page): Promise<string[][]> {
  return await page.evaluate(async () => {
    const settled = <T>(request: IDBRequest<T>): Promise<T> =>
      new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
    const database = await settled(indexedDB.open("moorline-mirrors"));
    const keys = await settled(database.transaction("entries").objectStore("entries").getAllKeys());
    database.close();
    return keys as unknown as string[][];
  });
}
