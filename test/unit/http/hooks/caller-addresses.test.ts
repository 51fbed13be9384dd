// Tests src/http/hooks/every-request.ts
import { describe, expect, it } from 'vitest';
import { CallerAddresses } from '../../../../src/http/hooks/every-request.js';

const trusted = ['10.0.0.0/8', '192.0.2.7', 'fd00::/8'];
const proxy = '10.0.0.1';
const of = (headers: Readonly<Record<string, string>>, remoteAddress: string | undefined = proxy, proxies = trusted) =>
  new CallerAddresses(proxies).of({ headers, socket: { remoteAddress } });

describe('the address of a caller', () => {
  it.each(['x-forwarded-for', 'forwarded'])(
    'is that of the connection where it is no trusted proxy, whatever %s says',
    (name) => {
      const headers = { [name]: name === 'forwarded' ? 'for=203.0.113.9' : '203.0.113.9' };
      expect(of(headers, '198.51.100.1')).toBe('198.51.100.1');
      expect(of(headers, '11.0.0.1')).toBe('11.0.0.1');
      expect(of(headers, 'fe00::1')).toBe('fe00::1');
      expect(of(headers, proxy, [])).toBe(proxy);
      expect(new CallerAddresses(trusted).of({ headers, socket: { remoteAddress: undefined } })).toBe('');
    },
  );

  it.each(['10.0.0.1', '::ffff:10.0.0.1', '192.0.2.7', 'fd12::1'])('is told by the trusted proxy %s', (address) => {
    expect(of({ 'x-forwarded-for': '203.0.113.9' }, address)).toBe('203.0.113.9');
  });

  it.each<readonly [string, string]>([
    // The rightmost that no trusted proxy has: what stands left of it, anybody may have written.
    ['203.0.113.9', '203.0.113.9'],
    ['1.1.1.1, 203.0.113.9', '203.0.113.9'],
    ['1.1.1.1,203.0.113.9,10.9.9.9 , fd00::2', '203.0.113.9'],
    ['garbage, for=1.1.1.1, "203.0.113.9', proxy],
    ['<script>, ,,, 203.0.113.9', '203.0.113.9'],
    ['10.1.2.3, 10.4.5.6', '10.1.2.3'],
    // Ports, brackets, IPv6 in its one form.
    ['203.0.113.9:4711', '203.0.113.9'],
    ['[2001:DB8:0::1]:443', '2001:db8::1'],
    ['[2001:db8::1]', '2001:db8::1'],
    ['2001:0db8:0:0:0:0:0:1', '2001:db8::1'],
    ['::ffff:203.0.113.9', '::ffff:203.0.113.9'],
    ['203.0.113.9, ::ffff:10.0.0.9', '203.0.113.9'],
    ['203.0.113.9, ::ffff:a00:9', '203.0.113.9'],
    // Nothing that is told counts where the proxy tells no address.
    ...['', ' ', ',', '203.0.113.9,', 'unknown', '_hidden', 'localhost', '203.0.113', '0313.0.113.9', '3405803785'].map(
      (text) => [text, proxy] as const,
    ),
    ...['203.0.113.9:', '203.0.113.9:123456', '203.0.113.9:x', '[203.0.113.9]', '[2001:db8::1', '2001:db8::1]'].map(
      (text) => [text, proxy] as const,
    ),
    ...[
      '[2001:db8::1]443',
      'fe80::1%eth0',
      '[fe80::1%25eth0]',
      '203.0.113.9;',
      'for=203.0.113.9',
      '203.0.113.9/32',
    ].map((text) => [text, proxy] as const),
    ['1.1.1.1, unknown', proxy],
    ['1.1.1.1, unknown, 10.0.0.5', proxy],
    ['203.0.113.9\u0000', proxy],
    ['２０３.0.113.9', proxy],
  ])('is, by X-Forwarded-For %j, %s', (text, expected) => {
    expect(of({ 'x-forwarded-for': text })).toBe(expected);
  });

  it.each<readonly [string, string]>([
    ['for=203.0.113.9', '203.0.113.9'],
    ['For=203.0.113.9;proto=https;by=10.0.0.1', '203.0.113.9'],
    ['for="203.0.113.9:4711" ; host="kubepass.example"', '203.0.113.9'],
    ['for="[2001:db8::1]:_port"', '2001:db8::1'],
    ['for="[2001:db8::1]"', '2001:db8::1'],
    ['for=1.1.1.1, for=203.0.113.9, for=10.0.0.3', '203.0.113.9'],
    // A quotation mark that somebody left open does not swallow what the proxy has added.
    ['for=", for=203.0.113.9', '203.0.113.9'],
    ['for=1.1.1.1;host="a, for=203.0.113.9', '203.0.113.9'],
    ...['', 'for', 'for=', 'for=unknown', 'for=_hidden', 'for="_gazonk"', 'by=203.0.113.9', '203.0.113.9'].map(
      (text) => [text, proxy] as const,
    ),
    ...['for=203.0.113.9;for=1.1.1.1', 'for="203.0.113.9', 'for=203.0.113.9"', 'for="203.0\\.113.9"'].map(
      (text) => [text, proxy] as const,
    ),
    ...[
      'for=203.0.113.9;',
      'for =203.0.113.9',
      'for=203.0.113.9;=x',
      'for=203.0.113.9;host=a b',
      'for=2001:db8::1',
    ].map((text) => [text, proxy] as const),
    ['for=1.1.1.1, for=unknown', proxy],
    ['for=203.0.113.9;host="a,b"', proxy],
  ])('is, by Forwarded %j, %s', (text, expected) => {
    expect(of({ forwarded: text })).toBe(expected);
  });

  it('is that of the connection where both headers are there, even if they agree', () => {
    expect(of({ forwarded: 'for=203.0.113.9', 'x-forwarded-for': '203.0.113.9' })).toBe(proxy);
    expect(of({ forwarded: '', 'x-forwarded-for': '203.0.113.9' })).toBe(proxy);
  });
});
