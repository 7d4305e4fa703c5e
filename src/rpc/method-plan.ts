import type { DescMessage, DescMethod } from "@bufbuild/protobuf";
import { type CodecSource, MessageFormat } from "./message-format.ts";

/** A method, as this side deals with it, with everything that does not change from call to call. */
export interface MethodPlan<I extends DescMessage = DescMessage, O extends DescMessage = DescMessage> {
  /** The method. */
  readonly method: DescMethod & { readonly input: I; readonly output: O };
  /** `package.Service/Method`, as it goes over the wire. */
  readonly path: string;
  /** What interceptors and handlers see as the address of the call. Nothing is at it. */
  readonly url: string;
  /** Its requests. */
  readonly input: MessageFormat<I>;
  /** Its answers. */
  readonly output: MessageFormat<O>;
  /** Whether running it twice does no harm, as the schema says. */
  readonly isRepeatable: boolean;
  /** Whether it has no effect at all, as the schema says. */
  readonly isEffectless: boolean;
}

/** `google.protobuf.MethodOptions.IdempotencyLevel`. Its generated enum would bring all of its file along. */
const Idempotency = { NO_SIDE_EFFECTS: 1, IDEMPOTENT: 2 };

/** Prefix of the URL of every call: an address of its own, because a channel has none. */
const BASE_URL = "moorline://channel/";

/** Makes the plan of a method. */
export function planMethod<I extends DescMessage, O extends DescMessage>(
  method: DescMethod & { readonly input: I; readonly output: O },
  codecs: CodecSource,
): MethodPlan<I, O> {
  const path = `${method.parent.typeName}/${method.name}`;
  const idempotency: number = method.idempotency;
  const isEffectless = idempotency === Idempotency.NO_SIDE_EFFECTS;
  return {
    method,
    path,
    url: BASE_URL + path,
    input: new MessageFormat(method.input, codecs),
    output: new MessageFormat(method.output, codecs),
    isRepeatable: isEffectless || idempotency === Idempotency.IDEMPOTENT,
    isEffectless,
  };
}
