// Tests src/context/standing.ts, src/callers/permissions.ts, src/access/read-certificates.ts,
// src/requests/read-requests.ts, src/directory/change-user.ts
import { randomBytes } from 'node:crypto';
import { foldedName } from '@kubepass/inspect/formats';
import { afterEach, expect, it } from 'vitest';
import { blockIdentity, unblockIdentity } from '../../../../src/access/block-identity.js';
import { revokeCertificate } from '../../../../src/access/revoke-certificate.js';
import { bearingNow, counting } from '../../../../src/context/standing.js';
import { IdempotencyKeys, rememberKey } from '../../../../src/context/idempotency-keys.js';
import { changeUser, createUser, deleteUser } from '../../../../src/directory/change-user.js';
import { Callers } from '../../../../src/callers/authentication/callers.js';
import {
  mayCancel,
  mayReadCertificate,
  mayReadRequest,
  mayRenew,
  mayRevoke,
  whyNotCollect,
} from '../../../../src/callers/permissions.js';
import { SessionAuthenticator, Sessions } from '../../../../src/callers/sessions.js';
import { isSessionSecret } from '../../../../src/callers/secrets.js';
import type { Certificate } from '../../../../src/model/certificate.js';
import type { CertificateRequest } from '../../../../src/model/certificate-request.js';
import { noName, type DirectoryUserAttributes } from '../../../../src/model/directory.js';
import { newId } from '../../../../src/model/new-id.js';
import { authenticated, type Principal } from '../../../../src/model/principal.js';
import { listCertificates } from '../../../../src/access/read-certificates.js';
import { openKeyProofs } from '../../../../src/requests/open-key-proofs.js';
import { listRequests } from '../../../../src/requests/read-requests.js';
import { renewCertificate } from '../../../../src/requests/renew-certificate.js';
import { insertCertificate } from '../../../../src/store/tables/insert-certificate.js';
import { insertSession } from '../../../../src/store/tables/session-table.js';
import { insertRequest } from '../../../../src/store/tables/write-request.js';
import { Random } from '../../../fuzz/random.js';
import { testIssuance, type TestIssuance } from '../../../helpers/issuance.js';
import { admin, principal } from '../../../helpers/principals.js';
import { propertyRuns } from '../../../helpers/property-runs.js';
import { aCertificate, aRequest, sha256 } from '../../../unit/store/records.js';

const connector = principal('connector', ['directory']);
const names = ['jane', 'joe', 'Jane'];
const page = { limit: 500, cursor: null };

let issuance: TestIssuance | undefined;
afterEach(() => issuance?.close());

/** Everything that was put on record for a name at one instant, by each way in. */
interface Recorded {
  readonly name: string;
  /** How often the name had been given to somebody else before. */
  readonly epoch: number;
  readonly at: Date;
  readonly requests: readonly CertificateRequest[];
  readonly certificate: Certificate;
  readonly key: string;
  readonly sessionSecret: string | null;
}

class World {
  readonly recorded: Recorded[] = [];
  readonly #context;
  readonly #entries: { id: string; person: string }[] = [];
  /** By folded name: its last bearer, and how often it was given to somebody else. */
  readonly #bearers = new Map<string, { person: string; epoch: number }>();
  #persons = 0;

  constructor(
    private readonly opened: TestIssuance,
    private readonly random: Random,
  ) {
    this.#context = { ...opened.context, budgets: { begin: () => null } };
  }

  /** One change of the directory or of blocks, or new records. */
  async step(): Promise<void> {
    const { random } = this;
    const entry = this.#entries.length > 0 ? random.pick(this.#entries) : undefined;
    switch (random.below(entry === undefined ? 2 : 10)) {
      case 0:
        await this.#join(`person-${++this.#persons}`, random.pick(names));
        break;
      case 1:
        await this.#record(random.pick(names));
        break;
      case 2:
      case 3:
        await this.#change(entry!, { active: false });
        break;
      case 4:
      case 5:
        await this.#change(entry!, { active: true });
        break;
      case 6:
        await this.#change(entry!, { userName: random.pick(names) });
        break;
      case 7:
        // Another person takes the entry over, as providers link a name to somebody new.
        await this.#change(entry!, { externalId: `person-${++this.#persons}` });
        break;
      case 8: {
        const name = random.pick(names);
        if (random.once(2)) await blockIdentity(this.#context, admin, name, { reason: 'privilegeWithdrawn' } as never);
        else await unblockIdentity(this.#context, admin, name, {});
        break;
      }
      case 9:
        // Deleted, and told of again under the same identifier.
        await deleteUser(this.#context, connector, entry!.id, null);
        this.#entries.splice(this.#entries.indexOf(entry!), 1);
        await this.#join(entry!.person, random.pick(names));
        break;
    }
    await this.#context.identityBlocks.load();
    this.#context.directoryUse.changed();
    this.opened.advance(1);
  }

  async #join(person: string, userName: string): Promise<void> {
    const attributes = { userName, externalId: person, active: true, displayName: null, name: noName, emails: [] };
    const made = await createUser(this.#context, connector, attributes);
    if (!made.ok) return;
    if (!this.#entries.some(({ id }) => id === made.value.id)) this.#entries.push({ id: made.value.id, person });
    this.#bears(userName, person);
  }

  async #change(entry: { id: string; person: string }, to: Partial<DirectoryUserAttributes>): Promise<void> {
    let before: DirectoryUserAttributes | undefined;
    const changed = await changeUser(this.#context, connector, entry.id, null, (as) => {
      before = as;
      return { ...as, ...to };
    });
    if (!changed.ok || before === undefined) return;
    entry.person = to.externalId ?? entry.person;
    const { userName } = changed.value;
    const isNew = foldedName(userName) !== foldedName(before.userName) || to.externalId !== undefined;
    if (isNew || (to.active === true && !before.active)) this.#bears(userName, entry.person);
  }

  #bears(name: string, person: string): void {
    const last = this.#bearers.get(foldedName(name));
    if (last?.person === person) return;
    this.#bearers.set(foldedName(name), { person, epoch: last === undefined ? 0 : last.epoch + 1 });
  }

  epochOf = (name: string): number => this.#bearers.get(foldedName(name))?.epoch ?? 0;

  async #record(name: string): Promise<void> {
    const { store, clock, random } = this.#context;
    const at = clock();
    const requester = { name, groups: [], roles: ['requester'] as const };
    const of = (state: CertificateRequest['state']) =>
      aRequest({
        ...{ id: newId(at, random), createdAt: at, state, requester, collector: name, username: name },
        approvals: [{ principal: name, at, comment: null, stage: 0 }],
        ...(state !== 'issued' && { fingerprintSha256: null, waitsUntil: new Date(at.getTime() + 86_400_000) }),
      });
    const [pending, ready, issued] = [of('pending'), of('approved'), of('issued')];
    const fingerprintSha256 = sha256(issued.id);
    const certificate = aCertificate(issued, {
      ...{ fingerprintSha256, serialNumber: fingerprintSha256.slice(0, 16), username: name, issuedAt: at },
      ...{ requester: name, collector: name, notAfter: new Date(at.getTime() + 86_400_000) },
    });
    const operations = [
      ...[pending, ready, { ...issued, fingerprintSha256 }].map((one) => insertRequest(one)),
      insertCertificate(certificate),
    ];
    expect(await store.writer.commit({ operations, events: [] })).toEqual({ committed: true });
    const key = `key-${this.recorded.length}`;
    const caller = await this.callerOf(name, at);
    await this.#actOnce(caller, key, pending);
    const sessionSecret = await this.signIn(name, at);
    const epoch = this.epochOf(name);
    this.recorded.push({ name, epoch, at, requests: [pending, ready, issued], certificate, key, sessionSecret });
  }

  /** The caller as the door lets them in now, with a credential of that instant. */
  async callerOf(name: string, vouchedAt: Date | null): Promise<Principal> {
    const come = () => Promise.resolve(principal(name, ['requester'], { method: 'oidc', vouchedAt }));
    const apiTokens = { authenticate: come, authenticateReviewer: () => Promise.resolve(null) };
    const door = new Callers(apiTokens, {}, undefined, bearingNow(this.#context));
    const found = await door.authenticate({ kind: 'bearer', token: 'x' });
    if (found.outcome !== 'authenticated') throw new Error(found.outcome);
    return found.principal;
  }

  /** Whether the key was new to the caller. */
  async #actOnce(caller: Principal, key: string, request: CertificateRequest): Promise<boolean> {
    const { store, clock } = this.#context;
    const keys = new IdempotencyKeys(store);
    const token = { method: 'POST', path: '/v1/certificate-requests', key, bodySha256: sha256(key) };
    let isNew = false;
    await keys.actOnce(caller, token, async (claimed) => {
      if (claimed.recorded !== null) return;
      isNew = true;
      await store.writer.commit({ operations: rememberKey(claimed, request, clock()), events: [] });
    });
    return isNew;
  }

  /** Signs in by an issuer; null where the name is blocked. */
  async signIn(name: string, vouchedAt: Date): Promise<string | null> {
    const { store, clock } = this.#context;
    const sessions = new Sessions({
      reader: store.sessions,
      writer: {
        begin: async (session, secretSha256) =>
          (await store.writer.commit({ operations: [insertSession({ session, secretSha256 })], events: [] })).committed,
        end: () => Promise.resolve(true),
      },
      ...{ roles: [], clock, random: randomBytes },
    });
    const begun = await sessions.begin({ name, groups: [], issuer: 'corp', vouchedAt });
    return begun?.secret ?? null;
  }

  /** The caller by the session, as the door lets them in now; null where it has ended. */
  async callerBySession(secret: string): Promise<Principal | null> {
    expect(isSessionSecret(secret)).toBe(true);
    const { store, clock } = this.#context;
    const sessions = new SessionAuthenticator({
      ...{
        reader: store.sessions,
        touch: () => Promise.resolve(),
        roles: [{ names, groups: [], roles: ['requester'] }],
      },
      ...{ issuers: ['corp'], apiTokens: { authenticateById: () => Promise.resolve(null) }, clock },
    });
    const found = await sessions.authenticate(secret);
    if (found.outcome !== 'authenticated') return null;
    const ways = { sessions: { authenticate: () => Promise.resolve(authenticated(found.principal)) } };
    const door = new Callers({} as never, ways, undefined, bearingNow(this.#context));
    const come = await door.authenticate({ kind: 'session', secret });
    return come.outcome === 'authenticated' ? come.principal : null;
  }

  /** All that the caller has of a record. */
  async rightsOf(caller: Principal, { requests, certificate, key }: Recorded): Promise<readonly string[]> {
    const context = this.#context;
    const [listed, certificates] = await Promise.all([
      listRequests(context, caller, {}, page),
      listCertificates(context, caller, {}, page),
    ]);
    const ids = new Set(requests.map(({ id }) => id));
    const issued = requests[2]!;
    const found: readonly (readonly [string, boolean])[] = [
      ['reads the request', requests.some((one) => mayReadRequest(caller, one))],
      ['cancels the request', requests.some((one) => mayCancel(caller, one))],
      ['collects the key', requests.some((one) => whyNotCollect(caller, one) === null)],
      ['lists the request', listed.items.some(({ request }) => ids.has(request.id))],
      ['lists the certificate', certificates.items.some(({ requestId }) => ids.has(requestId))],
      ['reads the certificate', mayReadCertificate(caller, certificate)],
      ['revokes the certificate', mayRevoke(caller, certificate)],
      ['renews the certificate', mayRenew(caller, issued)],
      ['gets the answer again', !(await this.#actOnce(caller, key, issued))],
    ];
    return found.flatMap(([right, has]) => (has ? [right] : []));
  }

  /** Whether the approvals that the bearer gave then count now. */
  async counts({ requests }: Recorded): Promise<readonly boolean[]> {
    const open = requests.filter(({ state }) => state !== 'issued');
    const counted = await Promise.all(open.map((one) => counting(this.#context, one)));
    return counted.flatMap(({ approvals }) => approvals.map(({ counts = true }) => counts));
  }

  /** Why others do not renew the certificate, and whether its key still speaks for its names. */
  async renewals({ certificate }: Recorded) {
    const { store, directoryUse, clock } = this.#context;
    const { fingerprintSha256 } = certificate;
    const refused = await renewCertificate(
      this.#context,
      admin,
      fingerprintSha256,
      {},
      { waitSeconds: 0, idempotency: null },
    );
    const proofs = openKeyProofs({ roles: [], admins: true }, store, directoryUse, clock);
    const proven = await (
      proofs as unknown as { options: { find(of: string): Promise<{ isPredecessors: boolean } | null> } }
    ).options.find(fingerprintSha256);
    return { byOthers: refused.ok ? null : refused.refusal, isPredecessors: proven?.isPredecessors };
  }

  revoke(caller: Principal, { certificate }: Recorded) {
    return revokeCertificate(this.#context, caller, certificate.fingerprintSha256, {
      reason: 'superseded',
      comment: null,
    });
  }
}

it('gives nothing that was on record before a name was given on to whoever came after, nor the other way round', async () => {
  const seen = { own: 0, givenOn: 0 };
  for (let run = 0; run < propertyRuns(100) / 10; run++) {
    await issuance?.close();
    issuance = await testIssuance();
    issuance.context.directoryUse.begin();
    const world = new World(issuance, new Random('names', run));
    for (let i = 0; i < 14; i++) await world.step();
    for (const one of world.recorded) {
      const { name, epoch, at, sessionSecret } = one;
      const then = await world.callerOf(name, at);
      const now = await world.callerOf(name, issuance.context.clock());
      if (epoch === world.epochOf(name)) {
        seen.own += 1;
        // The same person: unless they are away, everything is theirs still.
        expect(then.rolesLost).not.toBe('succeeded');
        expect(await world.rightsOf(now, one), `run ${run}`).toHaveLength(9);
        expect(await world.counts(one)).toEqual(Array.from({ length: 2 }, () => then.rolesLost === undefined));
        continue;
      }
      seen.givenOn += 1;
      expect(then, `run ${run}`).toMatchObject({ roles: [], rolesLost: 'succeeded' });
      expect((await world.callerOf(name, null)).rolesLost).toBe('succeeded');
      expect(await world.rightsOf(now, one), `run ${run}`).toEqual([]);
      expect(await world.rightsOf(then, one), `run ${run}`).toEqual([]);
      expect(await world.counts(one)).toEqual([false, false]);
      const { byOthers, isPredecessors } = await world.renewals(one);
      expect(byOthers).toMatchObject({ kind: 'state-conflict' });
      expect(isPredecessors).toBe(true);
      expect(await world.revoke(now, one)).toMatchObject({ refusal: { kind: 'not-found' } });
      const bySession = sessionSecret === null ? null : await world.callerBySession(sessionSecret);
      // An id token from before is of no use either, however late it is.
      const late = await world.signIn(name, at);
      for (const caller of [bySession, late === null ? null : await world.callerBySession(late)])
        if (caller !== null) expect(caller).toMatchObject({ roles: [], rolesLost: 'succeeded' });
    }
  }
  expect(Math.min(seen.own, seen.givenOn)).toBeGreaterThan(3);
});
