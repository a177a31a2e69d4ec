import { X509Certificate } from "node:crypto";

/** Certificates in PEM, without what is written between them. */
export function pemCertificates(text: string): readonly string[] {
  return text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
}

/**
 * A certificate that Envoy reads, too; otherwise why it can't be read, to follow "it".
 *
 * Node reads some that Envoy (BoringSSL) refuses: encodings other than DER, times that X.509 does not have, and versions that
 * don't go with what is in the certificate.
 */
export function readCertificate(pem: string): X509Certificate | string {
  const certificate = parsed(pem);
  if (certificate === undefined) return "can't be read";
  try {
    // Not `certificate.raw`, which is encoded anew.
    check(Buffer.from(pem.replace(/-----[^-]*-----/g, ""), "base64"));
    return certificate;
  } catch (error) {
    if (error instanceof NotDer) return error.message;
    throw error;
  }
}

function parsed(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}

class NotDer extends Error {}

interface Element {
  readonly tag: number;
  readonly content: Buffer;
}

const integer = 0x02;
const utcTime = 0x17;
const generalizedTime = 0x18;
const version = 0xa0;
const extensions = 0xa3;
const constructed = 0x20;

/** RFC 5280, 4.1, as far as BoringSSL asks for it and OpenSSL does not. */
function check(raw: Buffer): void {
  const [certificate] = elements(raw);
  const [signed] = elements(certificate?.content ?? raw);
  const fields = elements(signed?.content ?? raw);
  for (const field of fields) checkLengths(field);
  checkVersion(fields);
  const [, , , validity] = fields.filter(({ tag }) => tag !== version);
  for (const time of elements(validity?.content ?? Buffer.alloc(0))) checkTime(time);
}

function checkLengths({ tag, content }: Element): void {
  if ((tag & constructed) === 0) return;
  for (const element of elements(content)) checkLengths(element);
}

/** 4.1.2.1: "If present, version MUST be v3" where there are extensions; v1 is the default, which DER leaves out. */
function checkVersion(fields: readonly Element[]): void {
  const given = fields.find(({ tag }) => tag === version);
  const [value] = given === undefined ? [] : elements(given.content);
  const number = value?.tag === integer && value.content.length === 1 ? value.content[0] : undefined;
  const isV3 = number === 2;
  const hasExtensions = fields.some(({ tag }) => tag === extensions);
  if (given === undefined ? hasExtensions : !isV3 && (number !== 1 || hasExtensions)) {
    throw new NotDer("has a version that does not go with what is in it");
  }
}

/** 4.1.2.5: to the second, and in GMT. */
function checkTime({ tag, content }: Element): void {
  const text = content.toString("latin1");
  const [, month = "", day = "", hour = "", minute = "", second = ""] =
    /^(?:\d\d){1,2}(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(text) ?? [];
  const length = tag === utcTime ? 13 : tag === generalizedTime ? 15 : 0;
  const isDate = month >= "01" && month <= "12" && day >= "01" && day <= "31";
  const isTime = hour < "24" && minute < "60" && second < "60";
  if (text.length !== length || !isDate || !isTime) {
    throw new NotDer(`is valid from or until "${text}", which is no time as X.509 has it`);
  }
}

/** What stands one after the other. */
function elements(from: Buffer): readonly Element[] {
  const found: Element[] = [];
  let rest = from;
  while (rest.length > 0) {
    const [tag = 0, first = 0] = rest;
    const longer = first < 0x80 ? 0 : first - 0x80;
    const start = 2 + longer;
    const length = longer === 0 ? first : longer <= 4 && rest.length >= start ? rest.readUIntBE(2, longer) : 0;
    const isShortest = longer === 0 || (length >= 0x80 && length >= 256 ** (longer - 1));
    if (first === 0x80 || !isShortest || start + length > rest.length) {
      throw new NotDer("is not encoded in DER");
    }
    found.push({ tag, content: rest.subarray(start, start + length) });
    rest = rest.subarray(start + length);
  }
  return found;
}
