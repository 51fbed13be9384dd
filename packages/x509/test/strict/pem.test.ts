// Tests packages/x509/src/strict/pem.ts
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodePemBundle, decodeSinglePem, encodePem } from '../../src/strict/pem.js';

const reasonOf = (reading: ReturnType<typeof decodeSinglePem>): string =>
  reading.ok ? 'accepted' : reading.refusal.reason;

const block = encodePem('X', Buffer.from('hello'));

describe('a single PEM block', () => {
  it('reads back what was written, in lines of at most 64 characters', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), (octets) => {
        const text = encodePem('CERTIFICATE', octets);
        expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(64);
        const reading = decodeSinglePem(text, 'CERTIFICATE');
        expect(reading.ok && reading.der.equals(octets)).toBe(true);
      }),
    );
  });

  it.each([
    ['Windows line ends', block.replaceAll('\n', '\r\n')],
    ['no newline at the end', block.trimEnd()],
    ['blank lines around it', `\n\n${block}\n \t\n`],
    ['base64 in one long line', encodePem('X', Buffer.alloc(300)).replace(/([A-Za-z0-9+/=])\n(?!-)/g, '$1')],
  ])('may have %s', (_, text) => {
    expect(reasonOf(decodeSinglePem(text, 'X'))).toBe('accepted');
  });

  it.each([
    ['nothing', '', 'NotPem'],
    ['no block', 'hello', 'NotPem'],
    ['no END line', '-----BEGIN X-----\naGVsbG8=\n', 'NotPem'],
    ['no base64', '-----BEGIN X-----\n-----END X-----\n', 'NotPem'],
    ['an unfinished BEGIN line', '-----BEGIN X\naGVsbG8=\n-----END X-----\n', 'NotPem'],
    ['all on one line', block.replaceAll('\n', ''), 'NotPem'],
    ['base64 without its padding', block.replace('=', ''), 'NotPem'],
    ['base64 with other bits in the padding', block.replace('G8=', 'G9='), 'NotPem'],
    ['base64url', encodePem('X', Buffer.of(0xff, 0xff, 0xff)).replaceAll('/', '_'), 'NotPem'],
    ['a no-break space in the base64', block.replace('aGV', 'aG\u00a0V'), 'NotPem'],
    ['a byte order mark', `\ufeff${block}`, 'NotPem'],
    ['text before it', `hello\n${block}`, 'NotPem'],
    ['text on the line of BEGIN', block.replace('X-----\n', 'X----- hello\n'), 'NotPem'],
    ['text after it', `${block}hello`, 'TrailingData'],
    ['text on the line of END', `${block.trimEnd()}hello\n`, 'TrailingData'],
    ['a NUL after it', `${block}\0`, 'TrailingData'],
    ['a second block', block + block, 'SeveralPemBlocks'],
    ['a second block that is broken', `${block}-----BEGIN X-----`, 'SeveralPemBlocks'],
    ['a second block on the line of END', `${block.trimEnd()}${block}`, 'SeveralPemBlocks'],
    ['another label', encodePem('Y', Buffer.from('hello')), 'WrongPemLabel'],
    ['a label in lower case', encodePem('x', Buffer.from('hello')), 'WrongPemLabel'],
  ])('is refused with %s', (_, text, reason) => {
    expect(reasonOf(decodeSinglePem(text, 'X'))).toBe(reason);
  });

  it('does not quote a label without end', () => {
    const reading = decodeSinglePem(encodePem('Y'.repeat(10000), Buffer.from('hello')), 'X');
    expect(reading.ok ? '' : reading.refusal.message.length).toBe(300);
  });
});

describe('a PEM bundle', () => {
  it('is one or more blocks with text around them', () => {
    const reading = decodePemBundle(`# our CA\n${block}\nsubject=CN = x\n${block}end`, 'X');
    expect(reading.ok && reading.ders.map(String)).toEqual(['hello', 'hello']);
  });

  it.each([
    ['no block', '# nothing\n', 'NotPem'],
    ['a block with another label', block + encodePem('PRIVATE KEY', Buffer.from('k')), 'WrongPemLabel'],
    ['a block without an end', `${block}-----BEGIN X-----\naGVsbG8=\n`, 'NotPem'],
  ])('is refused with %s', (_, text, reason) => {
    const reading = decodePemBundle(text, 'X');
    expect(reading.ok ? 'accepted' : reading.refusal.reason).toBe(reason);
  });
});
