// Tests src/callers/routes/login-routes.ts
import { describe, expect, it } from 'vitest';
import { isReturnTo, readAttempt, writeAttempt } from '../../../../../src/callers/routes/login-routes.js';

describe('returnTo', () => {
  it.each(['/', '/docs', '/docs/', '/docs?a=b', '/docs#/identity/whoami', '/a%2F%2Fb', `/${'a'.repeat(511)}`])(
    'leads to a page of ours: %s',
    (path) => expect(isReturnTo(path)).toBe(true),
  );

  it.each([
    ['nothing', ''],
    ['another address', 'https://evil.example'],
    ['another host', '//evil.example'],
    ['another host behind three slashes', '///evil.example'],
    ['another host behind a backslash', '/\\evil.example'],
    ['another host behind two backslashes', '\\\\evil.example'],
    ['another host behind a tab, which browsers leave out', '/\t/evil.example'],
    ['another host behind a line break', '/\n/evil.example'],
    ['another host behind a dot segment', '/.//evil.example'],
    ['another host within', '/docs//evil.example'],
    ['a path without a slash', 'docs'],
    ['a script', 'javascript:alert(1)'],
    ['a space before', ' /docs'],
    ['a header', '/docs\r\nset-cookie: a=b'],
    ['NUL', '/docs\0'],
    ['letters that are no ASCII', '/döcs'],
    ['a slash in another width', '/／evil.example'],
    ['more than there is room for', `/${'a'.repeat(512)}`],
  ])('does not lead to %s', (_, path) => {
    expect(isReturnTo(path)).toBe(false);
  });
});

describe('the cookie of a sign-in', () => {
  const secret = (letter: string) => letter.repeat(43);
  const attempt = {
    issuer: 'corp',
    state: secret('s'),
    nonce: secret('n'),
    codeVerifier: secret('v'),
    returnTo: '/docs#/x',
  };

  it('is read as it was written, in characters that a cookie may have', () => {
    const written = writeAttempt(attempt);
    expect(written).toMatch(/^[A-Za-z0-9_-]+$/);
    expect(readAttempt(written)).toEqual(attempt);
    expect(writeAttempt({ ...attempt, returnTo: `/${'a'.repeat(511)}` }).length).toBeLessThan(4_000);
  });

  it.each([
    ['missing', undefined],
    ['empty', ''],
    ['no JSON', Buffer.from('{').toString('base64url')],
    ['something else', Buffer.from('{"state":"x"}').toString('base64url')],
    ['too short', Buffer.from('["corp"]').toString('base64url')],
    ['with numbers', Buffer.from('[1,2,3,4,5]').toString('base64url')],
    ['too long', 'a'.repeat(5_000)],
    ['with a state of ours that is too short', writeAttempt({ ...attempt, state: 's' })],
    ['with a path that leads elsewhere', writeAttempt({ ...attempt, returnTo: '//evil.example' })],
  ])('is not believed where it is %s', (_, value) => {
    expect(readAttempt(value)).toBeNull();
  });
});
