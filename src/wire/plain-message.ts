import { type DescMessage, fromBinary, type Message, type MessageShape, toBinary } from "@bufbuild/protobuf";

/*
 * What `equals` and `clone` of `@bufbuild/protobuf` do, by what else there is: they go by reflection, which is much to load.
 */

/**
 * Whether two messages of one type have the same content, with what this version does not know of. A float that is no
 * number is the same as another one.
 */
export function areSameMessages(a: Message, b: Message): boolean {
  return areSame(a, b);
}

/** Messages are plain data: what they have is in their own properties, and one that is undefined is not there. */
function areSame(a: unknown, b: unknown): boolean {
  if (!isObject(a) || !isObject(b)) return a === b || Object.is(a, b);
  for (const key of Object.keys(a)) if (!areSame(a[key], b[key])) return false;
  for (const key of Object.keys(b)) if (a[key] === undefined && b[key] !== undefined) return false;
  return true;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

/**
 * A message with the same content that shares nothing with it.
 * @throws Error where it is no such message.
 */
export function copyMessage<D extends DescMessage>(desc: D, message: MessageShape<D>): MessageShape<D> {
  return fromBinary(desc, toBinary(desc, message));
}
