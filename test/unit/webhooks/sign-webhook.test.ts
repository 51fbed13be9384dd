// Tests src/webhooks/sign-webhook.ts
import { randomBytes } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { readWebhookSecrets, signWebhook } from '../../../src/webhooks/sign-webhook.js';

const secretsIn = (text: string) => {
  const read = readWebhookSecrets(text);
  if (!read.ok) throw new Error(read.message);
  return read.secrets;
};
const secretOf = (octets: number) => `whsec_${randomBytes(octets).toString('base64')}`;

describe('signWebhook', () => {
  it('signs the specification’s own example as every of its libraries does', () => {
    // libraries/*/webhook_test of github.com/standard-webhooks/standard-webhooks.
    const headers = signWebhook(
      secretsIn('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'),
      'msg_p5jXN8AQM9LWM0D4loKWxJek',
      new Date(1_614_265_330_999),
      '{"test": 2432232314}',
    );
    expect(headers).toEqual({
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    });
  });

  it.each([24, 25, 26, 32, 64])('signs with %i octets what its JavaScript library verifies', (octets) => {
    const secret = secretOf(octets);
    const payload = JSON.stringify({ name: 'Jäne 😀\u2028', list: [1, 2] });
    const headers = signWebhook(secretsIn(`${secret}\n`), 'msg_1', new Date(), payload);
    expect(new Webhook(secret).verify(payload, { ...headers })).toEqual(JSON.parse(payload));
    expect(() => new Webhook(secret).verify(`${payload} `, { ...headers })).toThrow();
    expect(() => new Webhook(secretOf(octets)).verify(payload, { ...headers })).toThrow();
  });

  it('signs with each secret, so that a receiver may know the old one or the new one', () => {
    const [old, new_] = [secretOf(24), secretOf(32)];
    const headers = signWebhook(secretsIn(`${new_}\r\n\n  ${old}  \n`), 'msg_1', new Date(), '{}');
    expect(headers['webhook-signature']).toMatch(/^v1,[A-Za-z0-9+/]{43}= v1,[A-Za-z0-9+/]{43}=$/);
    for (const secret of [old, new_]) expect(new Webhook(secret).verify('{}', { ...headers })).toEqual({});
  });
});

describe('readWebhookSecrets', () => {
  const good = secretOf(24);
  it.each<[string, string, RegExp]>([
    ['nothing', ' \n\n', /^holds no secret/],
    ['a secret without its prefix', good.slice(6), /^line 1 is not a secret/],
    ['a prefix alone', 'whsec_', /^line 1 /],
    ['a prefix in capitals', good.toUpperCase(), /^line 1 /],
    ['23 octets', secretOf(23), /^line 1 /],
    ['65 octets', secretOf(65), /^line 1 /],
    ['base64url', `whsec_${Buffer.alloc(24, 0xfb).toString('base64url')}`, /^line 1 /],
    ['base64 that several octets could be written as', `whsec_${'A'.repeat(33)}B=`, /^line 1 /],
    ['too much padding', `whsec_${'A'.repeat(32)}=`, /^line 1 /],
    ['two on one line', `${good} ${good}`, /^line 1 /],
    ['a comment', `${good}\n# old\n`, /^line 2 /],
    ['the key of an asymmetric signature', 'whsk_C2FVsBQIhrscChlQIMV+b5sSYspob7oD', /^line 1 /],
    ['eleven', Array.from({ length: 11 }, () => secretOf(24)).join('\n'), /^holds more than 10 secrets/],
  ])('refuses %s, without repeating it', (_what, text, message) => {
    const read = readWebhookSecrets(text);
    expect(read).toMatchObject({ ok: false, message: expect.stringMatching(message) as string });
    expect(JSON.stringify(read)).not.toContain(text.trim().slice(8, 24) || 'nothing');
  });

  it('takes base64 with and without its padding for the same octets', () => {
    const secret = secretOf(25);
    const [one, other] = [secretsIn(secret), secretsIn(secret.replace(/=+$/, ''))];
    expect(one[0]?.equals(other[0]!)).toBe(true);
  });
});
