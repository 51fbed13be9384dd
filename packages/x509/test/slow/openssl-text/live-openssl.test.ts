// Tests packages/x509/src/openssl-text/certificate-text.ts
import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { certificateText } from '../../../src/openssl-text/certificate-text.js';
import { certificateOf, requestText, trustedText, writtenOut } from '../../openssl-text/certificate-parts.js';

const version = spawnSync('openssl', ['version'], { encoding: 'utf8' }).stdout as string | null;
/** OpenSSL's text of a certificate or request in PEM, as ours writes it. */
const printedBy = (command: string, pem: string): string =>
  writtenOut(
    execFileSync('openssl', [command, '-noout', '-text'], { input: pem, encoding: 'utf8' }).replace(/\r\n?/g, '\n'),
  );

const folder = new URL('../../fixtures/openssl-3.5/', import.meta.url);

describe.runIf(version?.startsWith('OpenSSL 3.5.'))('text as the installed OpenSSL 3.5 prints it', () => {
  it.each(readdirSync(folder).filter((name) => name.endsWith('.pem')))('%s', (name) => {
    const pem = readFileSync(new URL(name, folder), 'utf8');
    const [command, show] = name.includes('.csr')
      ? (['req', requestText] as const)
      : (['x509', certificateText] as const);
    expect(show(Buffer.from(pem.split('-----')[2] ?? '', 'base64'))).toBe(printedBy(command, pem));
  });

  const { trust } = JSON.parse(readFileSync(new URL('parts.json', folder), 'utf8')) as { trust: [string, string][] };
  it.each(trust)('with the trust %s behind it', (hex) => {
    const trusted = Buffer.concat([certificateOf({}), Buffer.from(hex, 'hex')]);
    const base64 = trusted.toString('base64').replace(/.{64}(?=.)/g, '$&\n');
    const pem = `-----BEGIN TRUSTED CERTIFICATE-----\n${base64}\n-----END TRUSTED CERTIFICATE-----\n`;
    expect(trustedText(trusted)).toBe(printedBy('x509', pem));
  });
});
