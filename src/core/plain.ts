/**
 * A message of a package as plain data: with all of its fields, and without the name of its type. What it holds of other
 * packages stays a message. Every such message is plain data of this shape as well, and `create` makes a message of it.
 */
export type Plain<T, Package extends string> = T extends string | number | bigint | boolean | undefined | Uint8Array
  ? T
  : T extends { readonly $typeName: `${Package}.${string}` }
    ? { [K in keyof T as Exclude<K, "$typeName" | "$unknown">]: Plain<T[K], Package> }
    : T extends { readonly $typeName: string }
      ? T
      : { [K in keyof T]: Plain<T[K], Package> };
