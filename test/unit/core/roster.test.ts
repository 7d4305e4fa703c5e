import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Roster, type RosterMember } from "../../../src/core/roster.ts";

class Guest implements RosterMember {
  rosterIndex = -1;
}

describe("Roster", () => {
  it("lists who is here, in the order of coming", () => {
    const roster = new Roster<Guest>();
    const [first, second, third] = [new Guest(), new Guest(), new Guest()];
    for (const guest of [first, second, third]) roster.add(guest);
    expect(roster.delete(second)).toBe(true);
    roster.add(second);
    expect([...roster]).toEqual([first, third, second]);
    expect(roster.size).toBe(3);
  });

  it("says that somebody was not here", () => {
    const roster = new Roster<Guest>();
    const guest = new Guest();
    expect([roster.has(guest), roster.delete(guest)]).toEqual([false, false]);
    roster.add(guest);
    roster.delete(guest);
    expect([roster.has(guest), roster.delete(guest), roster.size]).toEqual([false, false, 0]);
  });

  it("goes on listing what it began with, whoever goes meanwhile", () => {
    const roster = new Roster<Guest>();
    const guests = Array.from({ length: 100 }, () => new Guest());
    for (const guest of guests) roster.add(guest);
    const seen: Guest[] = [];
    for (const guest of roster) {
      seen.push(guest);
      roster.delete(guest);
    }
    expect(seen).toEqual(guests);
    expect(roster.size).toBe(0);
  });

  it("does what a Set does, whatever comes and goes", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(60), { maxLength: 500 }), (moves) => {
        const guests = Array.from({ length: 61 }, () => new Guest());
        const roster = new Roster<Guest>();
        const set = new Set<Guest>();
        for (const move of moves) {
          const guest = guests[move] as Guest;
          if (set.has(guest)) expect(roster.delete(guest)).toBe(set.delete(guest));
          else {
            roster.add(guest);
            set.add(guest);
          }
          expect(roster.size).toBe(set.size);
        }
        expect([...roster]).toEqual([...set]);
        expect(guests.map((guest) => roster.has(guest))).toEqual(guests.map((guest) => set.has(guest)));
      }),
    );
  });
});
