// Tests src/callers/api-tokens.ts, src/callers/recorded-uses.ts, src/start/api-tokens.ts
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { apiTokenWriter } from '../../../../src/start/api-tokens.js';
import { ApiTokenAuthenticator } from '../../../../src/callers/authentication/callers.js';
import { ApiTokens } from '../../../../src/callers/api-tokens.js';
import type { IdentityBlock } from '../../../../src/model/identity.js';
import type { Principal } from '../../../../src/model/principal.js';
import type { Store } from '../../../../src/store/store.js';
import { touchApiToken } from '../../../../src/store/tables/api-token-table.js';
import { insertIdentityBlock, removeIdentityBlock } from '../../../../src/store/tables/identity-block-table.js';
import { admin, admitting, alice, auditor, bob } from '../../../helpers/principals.js';
import { openTestStore, type OpenedStore } from '../../../helpers/test-store.js';

const start = new Date('2026-03-01T10:00:00Z');
const day = 24 * 60 * 60 * 1000;

let opened: OpenedStore;
let store: Store;
let tokens: ApiTokens;
let authenticator: ApiTokenAuthenticator;
let now: Date;

beforeEach(async () => {
  now = start;
  opened = await openTestStore();
  store = opened.store;
  const clock = () => now;
  authenticator = new ApiTokenAuthenticator(store.apiTokens, clock, admitting);
  tokens = new ApiTokens({
    reader: store.apiTokens,
    writer: apiTokenWriter(store.writer),
    authenticator,
    admins: true,
    clusters: new Set(['demo']),
    clock,
    random: randomBytes,
  });
});

afterEach(() => opened.close());

async function made(by: Principal, ask: Parameters<ApiTokens['create']>[1]) {
  const outcome = await tokens.create(by, ask);
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.refusal));
  return outcome.value;
}

const events = async () => (await store.auditEvents.list({}, { limit: 100, cursor: null })).items;

describe('the last use of a token', () => {
  const minute = 60_000;
  const lastUse = async (id: string) => (await store.apiTokens.find(id))?.lastUsedAt ?? null;
  const touch = (id: string, at: Date) => store.writer.commit({ operations: [touchApiToken({ id, at })], events: [] });
  const recording = () => {
    const writes: string[] = [];
    const rules = { ...admitting, touch: (id: string, at: Date) => (writes.push(id), touch(id, at)) };
    return { writes, authenticator: new ApiTokenAuthenticator(store.apiTokens, () => now, rules) };
  };

  it('is at most an hour old, and no call but the first of an hour writes', async () => {
    const { token, secret } = await made(admin, { name: 'hr-system', roles: ['requester'] });
    const { writes, authenticator } = recording();
    expect(await lastUse(token.id)).toBeNull();
    for (let at = 0; at <= 150; at += 10) {
      now = new Date(start.getTime() + at * minute);
      expect(await authenticator.authenticate(secret)).not.toBeNull();
      await expect
        .poll(async () => now.getTime() - ((await lastUse(token.id))?.getTime() ?? 0))
        .toBeLessThan(60 * minute);
    }
    expect(writes).toEqual([token.id, token.id, token.id]);
  });

  it('is no write of another replica where the database has it, and never goes back', async () => {
    const { token, secret } = await made(admin, { name: 'hr-system', roles: ['requester'] });
    await touch(token.id, new Date(start.getTime() + minute));
    await touch(token.id, start);
    expect(await lastUse(token.id)).toEqual(new Date(start.getTime() + minute));
    const { writes, authenticator } = recording();
    await authenticator.authenticate(secret);
    expect(writes).toEqual([]);
  });

  it('is not that of a session, nor of a token that is revoked; a record that fails fails no call', async () => {
    const { token, secret } = await made(admin, { name: 'hr-system', roles: ['requester'] });
    const rules = { ...admitting, touch: () => Promise.reject(new Error('the disk is full')) };
    const failing = new ApiTokenAuthenticator(store.apiTokens, () => now, rules);
    expect(await failing.authenticate(secret)).not.toBeNull();
    const { writes, authenticator } = recording();
    await authenticator.authenticateById(token.id);
    await tokens.revoke(admin, token.id);
    expect(await authenticator.authenticate(secret)).toBeNull();
    expect(writes).toEqual([]);
  });

  it('is that of a reviewer, whose token is known from memory', async () => {
    const { token, secret } = await made(admin, { name: 'demo-api', roles: ['reviewer'], cluster: 'demo' });
    const { writes, authenticator } = recording();
    await authenticator.loadReviewers();
    await authenticator.authenticateReviewer(secret);
    await authenticator.authenticateReviewer(secret);
    expect(writes).toEqual([token.id]);
  });
});

describe('ApiTokens', () => {
  it('makes a token that authenticates as its principal, for 90 days unless it is said', async () => {
    const { token, secret } = await made(admin, { name: 'hr-system', roles: ['requester'], groups: ['onboarding'] });
    expect((token.expiresAt?.getTime() ?? 0) - token.createdAt.getTime()).toBe(90 * day);
    expect(await authenticator.authenticate(secret)).toEqual({
      name: 'hr-system',
      groups: ['onboarding'],
      roles: ['requester'],
      createdBy: ['admin'],
      method: 'api-token',
      credentialId: token.id,
      vouchedAt: token.createdAt,
      expiresAt: token.expiresAt,
      cluster: null,
    });
  });

  it('carries the creators from token to token, each once', async () => {
    const first = await made(admin, { name: 'deputy', roles: ['admin'] });
    const deputy = (await authenticator.authenticate(first.secret))!;
    const second = await made(deputy, { name: 'helper', roles: ['admin'] });
    expect(second.token.createdBy).toEqual(['admin', 'deputy']);
    const helper = (await authenticator.authenticate(second.secret))!;
    const third = await made({ ...helper, name: 'admin' }, { name: 'bob', roles: ['approver'] });
    expect(third.token.createdBy).toEqual(['admin', 'deputy']);
  });

  it('is made neither by somebody who is blocked on every cluster, nor through others, nor for them', async () => {
    const block = (clusters: readonly string[] | null, until: Date | null): IdentityBlock => ({
      ...{ username: 'Leaver', clusters, until, reason: 'cessationOfOperation', comment: null },
      ...{ blockedAt: now, blockedBy: 'connector' },
    });
    const blocked = async (one: IdentityBlock) => {
      const [stored] = await store.identityBlocks.find(['leaver']);
      const removes = stored ? [removeIdentityBlock({ folded: 'leaver', n: stored.n })] : [];
      const operations = [...removes, insertIdentityBlock({ block: one, folded: 'leaver' })];
      expect(await store.writer.commit({ operations, events: [] })).toEqual({ committed: true });
    };
    const leaver = { ...admin, name: 'leaver' };
    const through = { ...admin, name: 'system', createdBy: ['admin', 'leaver'] };
    const tries = [
      () => tokens.create(leaver, { name: 'fresh', roles: ['admin'] }),
      () => tokens.create(through, { name: 'fresh', roles: ['admin'] }),
      () => tokens.create(admin, { name: 'leaver', roles: ['requester'] }),
    ];
    await blocked(block(null, null));
    for (const create of tries) expect(await create()).toMatchObject({ ok: false, refusal: { kind: 'not-permitted' } });
    expect((await tokens.list(admin, { limit: 50, cursor: null })) as object).toMatchObject({ value: { items: [] } });
    expect(await events()).toEqual([]);
    // A block of some clusters, and one that has ended, is none of kubepass itself.
    for (const other of [block(['demo'], null), block(null, new Date(now.getTime() - 1))]) {
      await blocked(other);
      for (const create of tries) expect(await create()).toMatchObject({ ok: true });
    }
  });

  it.each([alice, bob, auditor])('is for admins, not for $name', async (caller) => {
    const { token } = await made(admin, { name: 'hr-system', roles: ['requester'] });
    const page = { limit: 50, cursor: null };
    for (const outcome of [
      await tokens.create(caller, { name: 'x', roles: ['admin'] }),
      await tokens.list(caller, page),
      await tokens.revoke(caller, token.id),
    ])
      expect(outcome).toMatchObject({ ok: false, refusal: { kind: 'not-permitted' } });
    expect((await store.apiTokens.find(token.id))?.revokedAt).toBeNull();
  });

  it('tells every field that is wrong at once', async () => {
    const outcome = await tokens.create(admin, {
      name: 'jane\u202e',
      groups: ['ok', '-'],
      roles: [],
      expiresInSeconds: 366 * 24 * 60 * 60,
    });
    expect(outcome).toMatchObject({ ok: false, refusal: { kind: 'invalid-request' } });
    const pointers = !outcome.ok && outcome.refusal.kind === 'invalid-request' ? outcome.refusal.errors : [];
    expect(pointers.map(({ pointer }) => pointer)).toEqual(['/name', '/groups/1', '/roles', '/expiresInSeconds']);
  });

  it('keeps the name of the probe to kubepass itself', async () => {
    for (const name of ['kubepass-probe', 'Kubepass-Probe'])
      expect(await tokens.create(admin, { name, roles: ['requester'] })).toMatchObject({
        ok: false,
        refusal: { kind: 'invalid-request', errors: [{ pointer: '/name' }] },
      });
  });

  it('gives no two names a token that differ in nothing but case, even after the first one was revoked', async () => {
    const { token } = await made(admin, { name: 'Carol', roles: ['requester'] });
    const refusal = { kind: 'invalid-request', errors: [{ pointer: '/name' }] };
    expect(await tokens.create(admin, { name: 'carol', roles: ['approver'] })).toMatchObject({ ok: false, refusal });
    await tokens.revoke(admin, token.id);
    expect(await tokens.create(admin, { name: 'cAROL', roles: ['approver'] })).toMatchObject({ ok: false, refusal });
    await made(admin, { name: 'Carol', roles: ['approver'] });
    await made(admin, { name: 'carol2', roles: ['approver'] });
    expect((await events()).filter(({ type }) => type === 'ApiTokenCreated')).toHaveLength(3);
  });

  it('revokes at once, and twice is the same as once', async () => {
    const { token, secret } = await made(admin, { name: 'hr-system', roles: ['requester'] });
    expect(await authenticator.authenticate(secret)).not.toBeNull();
    now = new Date(start.getTime() + 1_000);
    expect(await tokens.revoke(admin, token.id)).toMatchObject({ ok: true, value: { revokedAt: now } });
    expect(await authenticator.authenticate(secret)).toBeNull();
    expect(await tokens.revoke(admin, token.id)).toMatchObject({ ok: true });
    expect((await events()).filter(({ type }) => type === 'ApiTokenRevoked')).toHaveLength(1);
  });

  it('goes on giving tokens to two such names that both have some from before', async () => {
    const page = { limit: 50, cursor: null };
    await made(admin, { name: 'Carol', roles: ['requester'] });
    await opened.execute(`UPDATE "ApiToken" SET "name" = 'carol'`);
    await made(admin, { name: 'carol', roles: ['requester'] });
    await opened.execute(`UPDATE "ApiToken" SET "name" = 'Carol' WHERE "id" = (SELECT MAX("id") FROM "ApiToken")`);
    for (const name of ['Carol', 'carol']) await made(admin, { name, roles: ['requester'] });
    expect((await store.apiTokens.list(page)).items).toHaveLength(4);
    expect(await tokens.create(admin, { name: 'CAROL', roles: ['requester'] })).toMatchObject({ ok: false });
  });

  it('finds the principals behind the tokens of a name, however it is written', async () => {
    const first = await made(admin, { name: 'Hr', roles: ['requester'] });
    await made(
      { ...admin, name: 'deputy', createdBy: ['root'] },
      { name: 'Hr', roles: ['requester'], expiresInSeconds: 60 },
    );
    await made({ ...admin, name: 'other' }, { name: 'hr2', roles: ['requester'] });
    const makers = async (validAt: Date | null) => [...(await store.apiTokens.makersOf('hR', validAt))].sort();
    expect(await makers(now)).toEqual(['admin', 'deputy', 'root']);
    expect(await makers(new Date(now.getTime() + 60_000))).toEqual(['admin']);
    await tokens.revoke(admin, first.token.id);
    expect(await makers(now)).toEqual(['deputy', 'root']);
    expect(await makers(null)).toEqual(['admin', 'deputy', 'root']);
  });

  it('says of a token that never was that there is none', async () => {
    expect(await tokens.revoke(admin, 'nothing')).toEqual({ ok: false, refusal: { kind: 'not-found' } });
  });

  it('writes who made and revoked what into the audit log, never the secret or its hash', async () => {
    const { token, secret } = await made(admin, { name: 'hr-system', roles: ['requester'] });
    await tokens.revoke(admin, token.id);
    const written = await events();
    expect(written.map(({ type, principal }) => [type, principal])).toEqual([
      ['ApiTokenCreated', 'admin'],
      ['ApiTokenRevoked', 'admin'],
    ]);
    expect(written[0]?.details).toMatchObject({ tokenId: token.id, name: 'hr-system', roles: ['requester'] });
    expect(JSON.stringify(written)).not.toContain(secret.slice('kubepass_'.length));
  });
});
