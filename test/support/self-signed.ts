import { generateKeyPairSync, sign } from "node:crypto";

const SEQUENCE = 0x30;
const SET = 0x31;
const INTEGER = 0x02;
const BIT_STRING = 0x03;
const UTF8_STRING = 0x0c;
const UTC_TIME = 0x17;
/** ecdsa-with-SHA256, 1.2.840.10045.4.3.2. */
const ALGORITHM = der(SEQUENCE, Buffer.from("06082a8648ce3d040302", "hex"));
/** commonName, 2.5.4.3. */
const COMMON_NAME = Buffer.from("0603550403", "hex");

/** A key and a certificate that it has signed itself, as PEM, for TLS servers in tests. */
export function createSelfSigned(): { readonly key: string; readonly cert: string } {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const name = der(SEQUENCE, der(SET, der(SEQUENCE, COMMON_NAME, der(UTF8_STRING, Buffer.from("localhost")))));
  const validity = der(SEQUENCE, time("250101000000Z"), time("491231235959Z"));
  const spki = publicKey.export({ type: "spki", format: "der" });
  const tbs = der(SEQUENCE, der(INTEGER, Buffer.from([1])), ALGORITHM, name, validity, name, spki);
  const signature = der(BIT_STRING, Buffer.from([0]), sign("sha256", tbs, privateKey));
  const base64 = der(SEQUENCE, tbs, ALGORITHM, signature).toString("base64");
  const lines = base64.match(/.{1,64}/g) ?? [];
  return {
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    cert: ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n"),
  };
}

function time(text: string): Buffer {
  return der(UTC_TIME, Buffer.from(text));
}

function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const header = length < 128 ? [tag, length] : [tag, 0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from(header), content]);
}
