/** Where mirrors keep what they have, cursor and data together. */
export interface MirrorStorage {
  /** The name in errors, for example `IndexedDB`. */
  readonly name: string;
}
