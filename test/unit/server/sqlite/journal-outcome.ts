/** The outcome of a call, by its number: of various lengths, and none like another. */
export function journalOutcome(number: number): Uint8Array {
  return new TextEncoder().encode(`outcome ${number} `.repeat(1 + (number % 50)));
}
