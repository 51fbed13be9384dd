import { wholeBase64 } from './base64.js';
import { looksLikeSequence } from './der-header.js';
import { looksLikeDocuments, readDocuments } from './read-documents.js';
import { limits } from './limits.js';
import { isGzip } from './read-archive.js';
import { PEM_BEGIN } from './pem-blocks.js';
import { readPem } from './read-pem.js';
import type { Reading, Source } from './reading.js';
import type { Text } from './text-of.js';
import { unknown } from './unknown.js';

/** Reads a text: Kubernetes documents, PEM, or base64 of anything; whichever it is by what it holds. */
export function readText({ text, isUtf16 }: Text, source: Source, reading: Reading): readonly string[] {
  if (source.expected !== 'credential' && looksLikeDocuments(text)) {
    const found = readDocuments(text, source, reading);
    if (found !== null) return found;
  }
  if (text.includes(PEM_BEGIN)) return readPem(text, isUtf16, source, reading);
  const unwrapped = wholeBase64(text);
  if (unwrapped !== null && isWorthReading(unwrapped)) {
    reading.context.budget.spendOctets(unwrapped.length);
    return reading.read({ ...source, bytes: unwrapped, depth: source.depth + 1 });
  }
  return unknown(source, resemblance(text), reading);
}

/** Any word is base64 of something; what it is of must be something that is read here. */
function isWorthReading(bytes: Buffer, depth = 0): boolean {
  if (looksLikeSequence(bytes) || isGzip(bytes) || bytes.includes(PEM_BEGIN)) return true;
  if (!/^[\t\r\n\x20-\x7e]+$/.test(bytes.toString('latin1', 0, 64))) return false;
  const text = bytes.toString('utf8');
  if (looksLikeDocuments(text)) return true;
  const unwrapped = wholeBase64(text);
  // What goes on for so long is refused when it is read.
  return unwrapped !== null && (depth === limits.depth || isWorthReading(unwrapped, depth + 1));
}

function resemblance(text: string): string | null {
  const start = text.slice(0, 256).trimStart();
  return shapes.find(([shape]) => shape.test(start))?.[1] ?? null;
}

const shapes: readonly (readonly [RegExp, string])[] = [
  [/^(?:ssh|ecdsa)-[a-z0-9@.-]+ AAAA/, 'an OpenSSH public key'],
  [/^---- BEGIN SSH2 /, 'an SSH2 public key'],
  [/^PuTTY-User-Key-File-/, 'a PuTTY private key'],
  [/^eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*/, 'a token (JWT)'],
  [/^-----BEGIN/, 'a PEM block that is cut off'],
  [/^<\?xml|^<!doctype|^<html/i, 'a markup document'],
];
