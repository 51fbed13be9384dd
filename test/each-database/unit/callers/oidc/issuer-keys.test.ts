// Tests src/callers/oidc/issuer-keys.ts
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { IssuerKeys } from '../../../../../src/callers/oidc/issuer-keys.js';
import { readKeySet } from '../../../../../src/callers/oidc/fetch-keys.js';
import { quietMoment } from '../../../../helpers/quiet-moment.js';
import { jwkOf, makeKeys } from '../../../../helpers/raw-tokens.js';

const pairs = makeKeys();
const rsa = (kid: string) => jwkOf(pairs.rsa.publicKey, { kid });

let open: IssuerKeys[] = [];
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] });
});
afterEach(() => {
  for (const one of open) one.stop();
  open = [];
  vi.useRealTimers();
});

/** An issuer whose provider is this object. */
function issuerWith({ staleKeysSeconds = 3600 } = {}) {
  const provider = { keys: [rsa('a')] as unknown[], isDown: false, loads: [] as number[], slow: 0 };
  const lines: string[] = [];
  const line = (_: object, message: string) => void lines.push(message);
  const keys = new IssuerKeys({
    name: 'corp',
    staleKeysSeconds,
    log: { info: line, warn: line, error: line },
    source: {
      async load() {
        provider.loads.push(Date.now());
        const published = provider.keys;
        if (provider.slow > 0) await quietMoment(provider.slow);
        if (provider.isDown) throw new Error('connect ECONNREFUSED');
        return readKeySet({ keys: published })!;
      },
    },
  });
  open.push(keys);
  const find = (kid: string | null) => keys.find(kid, 'RS256');
  return { provider, keys, find, lines };
}

const pass = (seconds: number) => vi.advanceTimersByTimeAsync(seconds * 1000);

describe('the keys of an issuer', () => {
  it('are fetched at the start, and every five minutes', async () => {
    const { provider, keys, find } = issuerWith();
    keys.start();
    await pass(0);
    await expect(find('a')).resolves.toMatchObject({ outcome: 'found', keys: [{ type: 'public' }] });
    expect(provider.loads).toHaveLength(1);
    await pass(299);
    expect(provider.loads).toHaveLength(1);
    await pass(602);
    expect(provider.loads).toHaveLength(4);
  });

  it('are fetched twice within staleKeysSeconds, and each second at most', async () => {
    for (const [staleKeysSeconds, loads] of [
      [60, 5],
      [1, 121],
      [0, 121],
    ] as const) {
      const { provider, keys } = issuerWith({ staleKeysSeconds });
      keys.start();
      await pass(120);
      expect(provider.loads).toHaveLength(loads);
      keys.stop();
    }
  });

  it('are known after one more fetch when the provider has a new one, also to those who ask meanwhile', async () => {
    const { provider, find } = issuerWith();
    await find('a');
    provider.keys = [rsa('a'), rsa('b')];
    provider.slow = 100;
    const asked = Promise.all([find('b'), find('b'), find('b')]);
    await pass(1);
    for (const found of await asked) expect(found).toMatchObject({ outcome: 'found', keys: [{ type: 'public' }] });
    expect(provider.loads).toHaveLength(2);
  });

  it('are fetched again for one that was published after a fetch under way had begun', async () => {
    const { provider, find } = issuerWith();
    await find('a');
    provider.slow = 100;
    const first = find('b');
    await pass(0.05);
    provider.keys = [rsa('a'), rsa('c')];
    const second = find('c');
    await pass(1);
    await expect(first).resolves.toMatchObject({ outcome: 'unknown' });
    await expect(second).resolves.toMatchObject({ outcome: 'found' });
    expect(provider.loads).toHaveLength(3);
  });

  it('are fetched once in 30 seconds for one that the provider does not have', async () => {
    const { provider, find } = issuerWith();
    await find('a');
    for (let i = 0; i < 29; i += 1) {
      await expect(find('b')).resolves.toMatchObject({
        outcome: 'unknown',
        message: 'issuer "corp" has no key "b" for RS256',
      });
      await pass(1);
    }
    expect(provider.loads).toHaveLength(2);
    await pass(2);
    provider.keys = [rsa('b')];
    await expect(find('b')).resolves.toMatchObject({ outcome: 'found' });
    expect(provider.loads).toHaveLength(3);
  });

  it('are fetched twelve times in a minute at most, whatever is guessed', async () => {
    const { provider, keys, find } = issuerWith();
    keys.start();
    for (let i = 0; i < 1000; i += 1) {
      await find(`guess-${i}`);
      await pass(0.18);
    }
    const within = (start: number) => provider.loads.filter((at) => at >= start && at < start + 60_000).length;
    expect(Math.max(...provider.loads.map(within))).toBeLessThanOrEqual(12);
    expect(provider.loads.length).toBeGreaterThan(24);
  });

  it('are fetched for a real rotation within seconds while somebody guesses', async () => {
    const { provider, find } = issuerWith();
    for (let i = 0; i < 20; i += 1) await find(`guess-${i}`);
    provider.keys = [rsa('new')];
    const answer = await find('new');
    expect(answer).toMatchObject({
      outcome: 'unavailable',
      message: 'issuer "corp" cannot be asked for key "new" now: too many keys were asked for',
    });
    const seconds = answer.outcome === 'unavailable' ? answer.retryAfterSeconds : NaN;
    expect(seconds).toBeLessThanOrEqual(8);
    await pass(seconds);
    await expect(find('new')).resolves.toMatchObject({ outcome: 'found' });
  });

  it('are no longer used once they are withdrawn', async () => {
    const { provider, keys, find } = issuerWith();
    keys.start();
    await pass(0);
    const before = keys.generation;
    provider.keys = [rsa('b')];
    await pass(301);
    expect(keys.generation).not.toBe(before);
    await expect(find('a')).resolves.toMatchObject({ outcome: 'unknown' });
  });

  it('go on while the provider is down, and are then not known, never refused', async () => {
    const { provider, keys, find, lines } = issuerWith({ staleKeysSeconds: 600 });
    keys.start();
    await pass(0);
    provider.isDown = true;
    await pass(599);
    await expect(find('a')).resolves.toMatchObject({ outcome: 'found' });
    await expect(find('b')).resolves.toMatchObject({
      outcome: 'unavailable',
      message: 'issuer "corp" cannot be asked for key "b" now: connect ECONNREFUSED',
    });
    await pass(2);
    for (const kid of ['a', 'b', null])
      await expect(find(kid)).resolves.toMatchObject({
        outcome: 'unavailable',
        message: 'the keys of issuer "corp" are not known: connect ECONNREFUSED',
      });
    await pass(31);
    expect(lines).toEqual([
      'the keys of an issuer are there',
      'the keys of an issuer cannot be fetched: it is tried again',
      'the keys of an issuer are not known, or too old: its tokens are answered 503',
    ]);
    provider.isDown = false;
    await pass(31);
    await expect(find('a')).resolves.toMatchObject({ outcome: 'found' });
    expect(lines.at(-1)).toBe('the keys of an issuer can be fetched again');
  });

  it('are used as long as the provider answers, and no longer, with staleKeysSeconds 0', async () => {
    const { provider, keys, find } = issuerWith({ staleKeysSeconds: 0 });
    keys.start();
    await pass(10.5);
    await expect(find('a')).resolves.toMatchObject({ outcome: 'found' });
    provider.isDown = true;
    await pass(1);
    await expect(find('a')).resolves.toMatchObject({ outcome: 'unavailable' });
  });

  it('are asked for again soon after the provider is up, although it was down at the start', async () => {
    const { provider, keys, find } = issuerWith();
    provider.isDown = true;
    keys.start();
    await pass(0);
    const answer = await find('a');
    expect(answer).toMatchObject({ outcome: 'unavailable' });
    expect(answer.outcome === 'unavailable' && answer.retryAfterSeconds).toBe(1);
    await pass(90);
    provider.isDown = false;
    await expect(find('a')).resolves.toMatchObject({ outcome: 'found' });
  });

  it('are tried again less and less often while the provider is down', async () => {
    const { provider, keys } = issuerWith();
    provider.isDown = true;
    keys.start();
    await pass(600);
    expect(provider.loads.length).toBeLessThan(26);
    const gaps = provider.loads.slice(1).map((at, i) => Math.round((at - provider.loads[i]!) / 1000));
    expect(gaps.slice(0, 7)).toEqual([1, 2, 4, 8, 16, 30, 30]);
  });

  it('are not fetched any more after the end', async () => {
    const { provider, keys, find } = issuerWith();
    keys.start();
    await pass(0);
    keys.stop();
    await pass(1000);
    await find('b');
    expect(provider.loads).toHaveLength(1);
  });

  it('that do not fit are told in the log once for each set', async () => {
    const { provider, keys, lines } = issuerWith();
    provider.keys = [rsa('a'), { kty: 'oct', k: 'AAAA', kid: 'x' }];
    keys.start();
    await pass(1000);
    expect(lines).toEqual(['the keys of an issuer are there', 'an issuer has a key that is not used']);
  });
});
