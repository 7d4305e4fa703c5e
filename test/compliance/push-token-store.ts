import { describe, expect, it } from "vitest";
import type { PushToken, PushTokenStore } from "../../src/daemon/presence/push-token-store.ts";

/** Where a store lies that can be opened again. */
export interface PushTokenStorePlace {
  /** A store on the place; the one before it is not used any more. */
  open(): PushTokenStore | Promise<PushTokenStore>;
}

function tokenOf(sessionRef: string, service: string, values: Partial<PushToken> = {}): PushToken {
  return { sessionRef, service, principal: "anna", token: `token of ${sessionRef} for ${service}`, ...values };
}

function listed(store: PushTokenStore): readonly PushToken[] {
  const nameOf = ({ sessionRef, service }: PushToken) => `${sessionRef} ${service}`;
  return [...store.list()].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
}

/** What every {@link PushTokenStore} does. @param name The implementation. @param createPlace Makes an empty place. */
export function testPushTokenStore(
  name: string,
  createPlace: () => PushTokenStorePlace | Promise<PushTokenStorePlace>,
): void {
  describe(`${name} as a PushTokenStore`, () => {
    it("keeps tokens as they are, also for the next to open it [PRESENCE-9]", async () => {
      const place = await createPlace();
      const store = await place.open();
      expect(listed(store)).toEqual([]);
      const odd = "⚓ 'quoted' \n \u0000 \u{1f6a2}";
      const tokens = [
        tokenOf("a", "apns"),
        tokenOf("b", odd, { principal: odd, token: odd }),
        tokenOf("c", "fcm", { token: "x".repeat(4096) }),
      ];
      for (const token of tokens) store.put(token);
      expect(listed(store)).toEqual(tokens);
      expect(listed(await place.open())).toEqual(tokens);
    });

    it("keeps one token of a session and service, the last [PRESENCE-9]", async () => {
      const store = await (await createPlace()).open();
      store.put(tokenOf("a", "apns"));
      store.put(tokenOf("a", "fcm"));
      store.put(tokenOf("b", "apns"));
      store.put(tokenOf("a", "apns", { token: "another" }));
      expect(listed(store)).toEqual([
        tokenOf("a", "apns", { token: "another" }),
        tokenOf("a", "fcm"),
        tokenOf("b", "apns"),
      ]);
    });

    it("forgets a token, and does nothing where there is none [PRESENCE-9]", async () => {
      const place = await createPlace();
      const store = await place.open();
      for (const service of ["apns", "fcm"]) store.put(tokenOf("a", service));
      store.delete("a", "apns");
      store.delete("a", "apns");
      store.delete("b", "fcm");
      expect(listed(store)).toEqual([tokenOf("a", "fcm")]);
      expect(listed(await place.open())).toEqual([tokenOf("a", "fcm")]);
    });

    it("forgets all tokens of a session, and no others [PRESENCE-9]", async () => {
      const place = await createPlace();
      const store = await place.open();
      for (const service of ["apns", "fcm"]) for (const ref of ["a", "b"]) store.put(tokenOf(ref, service));
      store.deleteSession("a");
      store.deleteSession("c");
      const left = [tokenOf("b", "apns"), tokenOf("b", "fcm")];
      expect(listed(store)).toEqual(left);
      expect(listed(await place.open())).toEqual(left);
    });
  });
}
