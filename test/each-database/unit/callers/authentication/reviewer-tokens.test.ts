// Tests src/callers/authentication/callers.ts, src/callers/api-tokens.ts
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { makeApiToken, type ReviewerToken } from '../../../../../src/callers/api-tokens.js';
import { ReviewerTokens } from '../../../../../src/callers/authentication/callers.js';

const newReviewer = (): ReviewerToken =>
  makeApiToken({ name: 'api-server', roles: ['reviewer'], cluster: 'demo', expiresInSeconds: null }, [], {
    now: new Date(),
    random: randomBytes,
  });

describe('the tokens of reviewers', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  const setUp = (stored: ReviewerToken[]) => {
    const list = vi.fn(() => Promise.resolve([...stored]));
    return { list, tokens: new ReviewerTokens(list, () => new Date()) };
  };

  it('are read at most once a second, for any number of guesses', async () => {
    const { list, tokens } = setUp([]);
    await tokens.load();
    for (let i = 0; i < 100; i += 1) expect(await tokens.find(String(i))).toBeNull();
    expect(list).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(1_001);
    await Promise.all(Array.from({ length: 100 }, (_, i) => tokens.find(String(i))));
    expect(list).toHaveBeenCalledTimes(2);
  });

  it('are known at once where they are known, also while the list does not come', async () => {
    const made = newReviewer();
    const { list, tokens } = setUp([made]);
    await tokens.load();
    vi.advanceTimersByTime(1_001);
    list.mockImplementation(() => new Promise(() => undefined));
    expect(await tokens.find(made.secretSha256)).toBe(made.token);
    const unknown = tokens.find('other');
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await unknown).toBeNull();
  });

  it('stay when the list cannot be read', async () => {
    const made = newReviewer();
    const { list, tokens } = setUp([made]);
    await tokens.load();
    vi.advanceTimersByTime(1_001);
    list.mockRejectedValue(new Error('gone'));
    expect(await tokens.find('other')).toBeNull();
    expect(await tokens.find(made.secretSha256)).toBe(made.token);
  });

  it('are found from another process within a second', async () => {
    const stored: ReviewerToken[] = [];
    const { tokens } = setUp(stored);
    await tokens.load();
    const made = newReviewer();
    stored.push(made);
    expect(await tokens.find(made.secretSha256)).toBeNull();
    vi.advanceTimersByTime(1_001);
    expect(await tokens.find(made.secretSha256)).toBe(made.token);
  });

  it('do not come back with a list that was read before they were revoked', async () => {
    const made = newReviewer();
    const stored = [made];
    const { list, tokens } = setUp(stored);
    await tokens.load();
    vi.advanceTimersByTime(1_001);
    const { promise, resolve } = Promise.withResolvers<ReviewerToken[]>();
    list.mockReturnValueOnce(promise);
    const looking = tokens.find('other');
    tokens.forget(made.token.id);
    resolve([made]);
    await looking;
    stored.pop();
    expect(await tokens.find(made.secretSha256)).toBeNull();
  });
});
