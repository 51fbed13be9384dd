import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { certificateText } from '../../../src/inspection/text/certificate-text.js';
import { certificationRequestText } from '../../../src/inspection/text/certification-request-text.js';

const folder = new URL('../../fixtures/openssl-3.5/', import.meta.url);
const read = (name: string): string => readFileSync(new URL(name, folder), 'utf8');
const derOf = (pem: string): Buffer => Buffer.from(pem.split('-----')[2] ?? '', 'base64');
const samples = readdirSync(folder)
  .filter((name) => name.endsWith('.pem'))
  .map((name) => name.slice(0, -'.pem'.length));

describe('text as OpenSSL 3.5 prints it', () => {
  it.each(samples)('%s', (name) => {
    const show = name.includes('.csr') ? certificationRequestText : certificateText;
    expect(show(derOf(read(`${name}.pem`)))).toBe(read(`${name}.txt`));
  });
});
