import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { certificateText } from '../../../src/openssl-text/certificate-text.js';
import { requestText } from '../../openssl-text/certificate-parts.js';

const version = spawnSync('openssl', ['version'], { encoding: 'utf8' }).stdout as string | null;
const folder = new URL('../../fixtures/openssl-3.5/', import.meta.url);

describe.runIf(version?.startsWith('OpenSSL 3.5.'))('text as the installed OpenSSL 3.5 prints it', () => {
  it.each(readdirSync(folder).filter((name) => name.endsWith('.pem')))('%s', (name) => {
    const pem = readFileSync(new URL(name, folder), 'utf8');
    const [command, show] = name.includes('.csr')
      ? (['req', requestText] as const)
      : (['x509', certificateText] as const);
    const printed = execFileSync('openssl', [command, '-noout', '-text'], { input: pem, encoding: 'utf8' });
    expect(show(Buffer.from(pem.split('-----')[2] ?? '', 'base64'))).toBe(printed.replace(/\r\n?/g, '\n'));
  });
});
