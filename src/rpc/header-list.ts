import type { Header } from "../../gen/moorline/session/v1/packet_moorline.ts";

/** What `Headers` can be made of. */
export type HeadersSource = ConstructorParameters<typeof Headers>[0];

/** No headers: what most calls have. */
export const noHeaders: readonly Header[] = [];

/** Whatever `Headers` can be made of, as it goes over the wire. @throws TypeError where it has a header that is none. */
export function sourceToList(source: NonNullable<HeadersSource>): readonly Header[] {
  return headersToList(source instanceof Headers ? source : new Headers(source));
}

/** Headers as they go over the wire, in lower case. */
export function headersToList(headers: Headers): readonly Header[] {
  const list: Header[] = [];
  headers.forEach((value, name) => {
    list.push({ name, value, unknown: undefined });
  });
  return list.length === 0 ? noHeaders : list;
}

/** Headers as interceptors and handlers see them. A name that occurs more than once is joined by commas. */
export function listToHeaders(list: readonly Header[]): Headers {
  const headers = new Headers();
  for (const { name, value } of list) headers.append(name, value);
  return headers;
}

/** Adds headers of the wire to `headers`. */
export function appendList(headers: Headers, list: readonly Header[]): void {
  for (const { name, value } of list) headers.append(name, value);
}

/** The name of the first header that is none: its name is no token, or its value has other characters than HTTP allows. */
export function findBadHeader(list: readonly Header[]): string | undefined {
  return list.find(({ name, value }) => !TOKEN.test(name) || !isFieldValue(value))?.name;
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

function isFieldValue(value: string): boolean {
  for (let i = 0; i < value.length; i += 1) {
    const code = value.charCodeAt(i);
    if (code > 0xff || code === 0 || code === 10 || code === 13) return false;
  }
  return true;
}
