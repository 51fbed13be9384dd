// Tests src/http/hooks/pages.ts
import type { FastifyRequest } from 'fastify';
import { describe, expect, it } from 'vitest';
import { originOfPages } from '../../../../src/http/hooks/pages.js';

interface Ends {
  readonly local?: string;
  readonly remote?: string;
  /** The address of the caller behind a trusted proxy. */
  readonly caller?: string;
}

/** The origin whose sessions count for a call to this host. */
function originOf(host: string | undefined, { local = '127.0.0.1', remote = '127.0.0.1', caller = remote }: Ends = {}) {
  const socket = { localAddress: local, remoteAddress: remote };
  const request = { headers: { host }, raw: { socket }, remoteAddress: caller };
  return originOfPages(request as FastifyRequest, { isTls: false, origin: null, issuers: [] });
}

describe('the origin of the pages whose sessions count over plain HTTP', () => {
  it.each([
    ['127.0.0.1:8080', 'http://127.0.0.1:8080'],
    ['localhost:8080', 'http://localhost:8080'],
    ['LocalHost:8080', 'http://localhost:8080'],
    ['localhost', 'http://localhost'],
    ['127.1.2.3:9', 'http://127.1.2.3:9'],
    ['[::1]:8080', 'http://[::1]:8080'],
  ])('is the host of the call where that is this machine: %s', (host, origin) => {
    expect(originOf(host)).toBe(origin);
  });

  it.each([
    'kubepass.example:8080',
    'evil.example',
    'localhost.evil.example:8080',
    '127.0.0.1.evil.example:8080',
    'evil.example:80:127.0.0.1',
    'localhost:8080@evil.example',
    'evil.example/127.0.0.1:8080',
    '192.0.2.2:8080',
    '0.0.0.0:8080',
    '[::]:8080',
    '[fd00::2]:8080',
    'localhost.',
    'localhost:123456',
    '',
    undefined,
  ])('is none where a browser was sent here under another name: %s', (host) => {
    expect(originOf(host)).toBeNull();
  });

  it.each([
    ['127.0.0.1', '127.0.0.1', true],
    ['::1', '::1', true],
    ['::ffff:127.0.0.1', '::ffff:127.0.0.1', true],
    ['192.0.2.2', '192.0.2.2', false],
    ['127.0.0.1', '192.0.2.2', false],
    ['192.0.2.2', '127.0.0.1', false],
    ['::ffff:192.0.2.2', '::ffff:192.0.2.2', false],
    ['fd00::2', 'fd00::2', false],
    ['', '', false],
  ])('takes both ends on this machine: %s and %s', (local, remote, isTaken) => {
    expect(originOf('localhost', { local, remote }) !== null).toBe(isTaken);
  });

  it('is none where a trusted proxy here tells of a caller elsewhere, or an end is not known', () => {
    expect(originOf('localhost', { caller: '192.0.2.7' })).toBeNull();
    const request = { headers: { host: 'localhost' }, raw: { socket: {} }, remoteAddress: '' };
    expect(originOfPages(request as FastifyRequest, { isTls: false, origin: null, issuers: [] })).toBeNull();
  });
});

describe('the origin of the pages whose sessions count over TLS', () => {
  const request = { headers: { host: 'kubepass.example' }, raw: { socket: {} }, remoteAddress: '192.0.2.7' };

  it('is that of the configuration, else the host of the call', () => {
    const over = (origin: string | null) =>
      originOfPages(request as FastifyRequest, { isTls: true, origin, issuers: [] });
    expect(over('https://public.example')).toBe('https://public.example');
    expect(over(null)).toBe('https://kubepass.example');
  });
});
