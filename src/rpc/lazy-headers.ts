import type { Header } from "../../gen/moorline/session/v1/packet_moorline.ts";
import { appendList, listToHeaders, noHeaders } from "./header-list.ts";

/** Headers of the wire that become a `Headers` only when somebody asks for it; the same one from then on. */
export class LazyHeaders {
  private list: readonly Header[] = noHeaders;
  private headers: Headers | undefined = undefined;

  /** What came over the wire. */
  get received(): readonly Header[] {
    return this.list;
  }

  /** What interceptors, handlers and callers see. */
  get value(): Headers {
    this.headers ??= listToHeaders(this.list);
    return this.headers;
  }

  /** Takes what came over the wire. Once. */
  receive(list: readonly Header[]): void {
    this.list = list;
    if (this.headers !== undefined) appendList(this.headers, list);
  }
}
