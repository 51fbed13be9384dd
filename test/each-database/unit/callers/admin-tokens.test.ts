// Tests src/callers/admin-tokens.ts, src/start/api-tokens.ts
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { apiTokenWriter } from '../../../../src/start/api-tokens.js';
import { makeFirstAdminToken } from '../../../../src/callers/admin-tokens.js';
import { apiTokenEvent, makeApiToken, type ApiTokenAsk } from '../../../../src/callers/api-tokens.js';
import { newApiTokenSecret, secretSha256 } from '../../../../src/callers/secrets.js';
import { openTestStore, type OpenedStore } from '../../../helpers/test-store.js';

const start = new Date('2026-03-01T10:00:00Z');
const day = 24 * 60 * 60 * 1000;
const file = '/etc/kubepass/first-admin-token/token';

let opened: OpenedStore;
let now: Date;
let kept: string[];
let lines: { readonly level: string; readonly fields: object; readonly message: string }[];

beforeEach(async () => {
  now = start;
  kept = [];
  lines = [];
  opened = await openTestStore();
});
afterEach(() => opened.close());

const say = (level: string) => (fields: object, message: string) => void lines.push({ level, fields, message });
const firstAdmin = (secret?: string) =>
  makeFirstAdminToken({
    ...{ writer: apiTokenWriter(opened.store.writer), tokens: opened.store.apiTokens, now, random: randomBytes, file },
    ...(secret !== undefined && { secret }),
    keepSecret: (made) => Promise.resolve(void kept.push(made)),
    log: { info: say('info'), warn: say('warn') },
  });
const found = async (secret: string) => {
  const sha256 = secretSha256(secret);
  return (await opened.store.apiTokens.findBySecretSha256s([sha256])).get(sha256);
};
const insert = async (ask: ApiTokenAsk, secret?: string) => {
  const made = makeApiToken(ask, [], { now, random: randomBytes, secret });
  const event = apiTokenEvent('ApiTokenCreated', made.token, now, null);
  expect(await apiTokenWriter(opened.store.writer).create(made.token, made.secretSha256, event)).toBe('created');
  return made;
};
const revoke = async (id: string) => {
  const token = await opened.store.apiTokens.find(id);
  if (token === null) throw new Error('there is no such token');
  await apiTokenWriter(opened.store.writer).revoke(id, now, apiTokenEvent('ApiTokenRevoked', token, now, null));
};
const events = async () => (await opened.store.auditEvents.list({}, { limit: 100, cursor: null })).items;
const secret = newApiTokenSecret(randomBytes);

describe('the token of the first admin', () => {
  it('is the given one, which is written nowhere else, and the log names its file', async () => {
    await firstAdmin(secret);
    expect(await found(secret)).toMatchObject({ name: 'admin', roles: ['admin'], createdBy: [], breakGlass: false });
    expect((await found(secret))?.expiresAt?.getTime()).toBe(start.getTime() + 90 * day);
    expect(kept).toEqual([]);
    expect(lines).toEqual([
      { level: 'info', fields: { file }, message: 'there was no live admin: the token in the file is one now' },
    ]);
    expect(JSON.stringify([lines, await events()])).not.toContain(secret.slice(9));
  });

  it('is generated and kept where none is given', async () => {
    await firstAdmin();
    expect(kept).toHaveLength(1);
    expect(await found(kept[0] ?? '')).toMatchObject({ name: 'admin', roles: ['admin'] });
    expect(lines).toEqual([{ level: 'info', fields: { file }, message: 'there was no live admin: a token was made' }]);
  });

  it('is made once: later starts, with this token or another one, find a live admin and say nothing', async () => {
    await firstAdmin(secret);
    const other = newApiTokenSecret(randomBytes);
    for (const later of [secret, other, undefined]) await firstAdmin(later);
    expect(await found(other)).toBeUndefined();
    expect(lines).toHaveLength(1);
    expect(kept).toEqual([]);
    expect(await events()).toHaveLength(1);
  });

  it.each([
    ['was revoked', async () => revoke((await found(secret))?.id ?? ''), { revokedAt: start }],
    ['has expired', () => Promise.resolve(void (now = new Date(start.getTime() + 90 * day))), { revokedAt: null }],
  ])('does not live again once it %s: there is no admin then, and the log says what to do', async (_, end, fields) => {
    await firstAdmin(secret);
    const before = await found(secret);
    await end();
    lines = [];
    await firstAdmin(secret);
    expect(await opened.store.apiTokens.liveAdmins(now)).toEqual([]);
    expect(await found(secret)).toEqual({ ...before, ...fields });
    expect(kept).toEqual([]);
    expect(lines).toEqual([
      {
        level: 'warn',
        fields: { file, tokenId: before?.id, expiresAt: before?.expiresAt, ...fields },
        message: expect.stringMatching(
          /none was made: .*revoked.*put a new one into the file.*or run admin-token/,
        ) as string,
      },
    ]);
    expect(JSON.stringify(lines)).not.toContain(secret.slice(9));
    const next = newApiTokenSecret(randomBytes);
    await firstAdmin(next);
    expect(await found(next)).toMatchObject({ name: 'admin', revokedAt: null });
  });

  it('is no token that lives already without the role admin', async () => {
    const { token } = await insert({ name: 'hr-system', roles: ['requester'] }, secret);
    await firstAdmin(secret);
    expect(await opened.store.apiTokens.liveAdmins(now)).toEqual([]);
    expect(await found(secret)).toEqual(token);
    expect(lines).toMatchObject([{ level: 'warn', fields: { tokenId: token.id } }]);
  });

  it('has a longer name where the name is taken but for case', async () => {
    await insert({ name: 'ADMIN', roles: ['requester'] });
    await firstAdmin(secret);
    expect((await found(secret))?.name).toMatch(/^admin-[0-9a-f]{16}$/);
  });
});
