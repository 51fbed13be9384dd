// Tests src/requests/renewal-routes.ts, src/requests/open-key-proofs.ts, src/callers/authentication/key-proofs.ts
import {
  createPrivateKey,
  generateKeyPairSync,
  randomBytes,
  randomUUID,
  sign,
  X509Certificate,
  type KeyObject,
} from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../../src/model/new-id.js';
import { insertRestoration } from '../../src/store/tables/restoration-table.js';
import type { KeyAlgorithm } from '@kubepass/x509';
import { csrFor } from '../../packages/x509/test/helpers/csr.js';
import { csrHash, keyProof } from '../helpers/key-proof.js';
import { as, type Answer } from './support/call.js';
import { startService, type TestService } from './support/service.js';

const hour = 3_600;
const policies = `
apiVersion: kubepass/v1
kind: Policy
metadata: { name: automatic }
spec:
  selector: { clusters: [demo], requesters: { groups: [onboarding] } }
  allowed: { usernames: ["*"], groups: ["team-*"] }
  constraints: { maxExpirationSeconds: ${8 * hour} }
  approval: { mode: auto }
---
apiVersion: kubepass/v1
kind: Policy
metadata: { name: late }
spec:
  selector: { clusters: [demo] }
  allowed: { usernames: ["*"], groups: ["late"] }
  constraints: { maxExpirationSeconds: ${8 * hour} }
  approval: { mode: auto }
  renewal: { afterExpirySeconds: 600 }
---
apiVersion: kubepass/v1
kind: Policy
metadata: { name: shared }
spec:
  selector: { clusters: [demo] }
  allowed: { usernames: ["*"], groups: ["shared"], collectors: ["*"] }
  approval: { mode: auto }
---
apiVersion: kubepass/v1
kind: Policy
metadata: { name: by-hand }
spec:
  selector: { clusters: [demo] }
  allowed: { usernames: ["*"], groups: ["ops"], collectors: ["*"] }
  approval: { mode: manual }
  renewal: { approval: auto, withinSeconds: 864000 }
`;

let service: TestService;
beforeAll(async () => {
  service = await startService({ policies, app: { failedAuthenticationsPerMinute: 1_000_000 } });
});
afterAll(() => service.close());

interface Held {
  readonly fingerprint: string;
  readonly key: KeyObject;
  readonly username: string;
  readonly groups: readonly string[];
  readonly algorithm: KeyAlgorithm;
}

let people = 0;

/** A certificate whose key the test holds, of the principal `hr-system`. */
async function held(
  groups: readonly string[] = ['team-a'],
  algorithm: KeyAlgorithm = 'ECDSA-P256',
  ask: object = {},
): Promise<Held> {
  const username = `person-${++people}`;
  const { pem, keyPair } = await csrFor(username, groups, algorithm);
  const answer = await service
    .as('hr-system')('post', '/v1/certificate-requests')
    .set('prefer', 'wait=20')
    .send({ csr: pem, expirationSeconds: hour, ...ask })
    .expect(201);
  const { certificate } = as.request(answer);
  return { fingerprint: certificate?.fingerprintSha256 ?? '', key: keyPair.privateKey, username, groups, algorithm };
}

const csrOf = async ({ username, groups, algorithm }: Held) => (await csrFor(username, groups, algorithm)).pem;

const now = () => service.context.clock();

/** Renews with a proof, in which a test may change anything. */
async function renew(
  of: Held,
  {
    csr,
    body,
    proof,
    header,
    claims,
    key,
    path,
    headers = {},
    text,
  }: {
    readonly csr?: string;
    readonly body?: object;
    readonly proof?: Held;
    readonly header?: Readonly<Record<string, unknown>>;
    readonly claims?: Readonly<Record<string, unknown>>;
    readonly key?: KeyObject;
    readonly path?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly text?: (jws: string) => string;
  } = {},
): Promise<Answer> {
  const pem = csr ?? (await csrOf(of));
  const jws = await keyProof({
    fingerprint: (proof ?? of).fingerprint,
    key: key ?? of.key,
    address: service.address,
    csr: pem,
    now: now(),
    ...(header && { header }),
    ...(claims && { claims }),
  });
  let call = service
    .anonymous('post', path ?? `/v1/certificates/${of.fingerprint}/renew`)
    .set('authorization', `KubepassProof ${text?.(jws) ?? jws}`)
    .set('prefer', 'wait=20');
  for (const [name, value] of Object.entries(headers)) call = call.set(name, value);
  return call.send(body ?? { csr: pem });
}

/** The reason of the last refusal in the log: the answer does not tell. */
function lastReason(): string | undefined {
  const lines = service.log().trim().split('\n');
  const line = lines.findLast((one) => one.includes('"authentication failed"'));
  return line === undefined ? undefined : (JSON.parse(line) as { reason?: string }).reason;
}

async function expectRefused(answer: Answer | Promise<Answer>, reason: string): Promise<void> {
  const { status, body, text } = await answer;
  expect({ status, reason: lastReason() }).toEqual({ status: 401, reason });
  expect(body).toMatchObject({
    type: 'urn:kubepass:problem:unauthenticated',
    detail: 'the proof of possession does not count for this call',
  });
  expect(text).not.toContain(reason);
}

describe('renewing by a proof of possession', () => {
  it.each(['ECDSA-P256', 'ECDSA-P384', 'ECDSA-P521', 'Ed25519', 'RSA-2048'] as const)(
    'takes a signature by a key of %s',
    async (algorithm) => {
      const old = await held(['team-b', 'team-a'], algorithm);
      const answer = await renew(old);
      expect(answer.status).toBe(201);
      const { request } = as.kubeconfig(answer);
      expect(request).toMatchObject({
        state: 'issued',
        username: old.username,
        groups: ['team-b', 'team-a'],
        requester: 'hr-system',
        collector: 'hr-system',
        renewalOf: old.fingerprint,
      });
      const events = await service.as('audrey')(
        'get',
        `/v1/audit-events?requestId=${request.id}&type=CertificateRequested`,
      );
      expect(as.events(events).items).toMatchObject([
        {
          principal: 'hr-system',
          details: { keyProof: true, renewalOf: old.fingerprint, requesterGroups: ['onboarding'] },
        },
      ]);
    },
  );

  it('says in the audit log of no other renewal that a proof was used', async () => {
    const old = await held();
    const answer = await service
      .as('hr-system')('post', `/v1/certificates/${old.fingerprint}/renew`)
      .send({ csr: await csrOf(old) });
    const events = await service.as('audrey')(
      'get',
      `/v1/audit-events?requestId=${as.kubeconfig(answer).request.id}&type=CertificateRequested`,
    );
    expect(as.events(events).items[0]?.details).not.toHaveProperty('keyProof');
  });

  it('can be done with the new key again, and with the old one while it lives', async () => {
    const old = await held();
    const { pem, keyPair } = await csrFor(old.username, old.groups);
    const second = as.kubeconfig(await renew(old, { csr: pem })).certificate.fingerprintSha256;
    expect((await renew({ ...old, fingerprint: second, key: keyPair.privateKey })).status).toBe(201);
    // The fourth certificate of the lineage is one too many.
    const answer = await renew(old);
    expect({ status: answer.status, violations: (answer.body as { violations?: unknown }).violations }).toMatchObject({
      status: 403,
      violations: [{ reason: 'LineageTooLong' }],
    });
  });

  it('does not carry an approval further than policy says, and needs none again within it', async () => {
    const username = `person-${++people}`;
    const { pem, keyPair } = await csrFor(username, ['ops']);
    const asked = as.request(
      await service.as('hr-system')('post', '/v1/certificate-requests').send({ csr: pem, expirationSeconds: hour }),
    );
    expect(asked.state).toBe('pending');
    await service.as('bob')('post', `/v1/certificate-requests/${asked.id}/approve`).expect(200);
    await expect
      .poll(async () => as.request(await service.as('hr-system')('get', `/v1/certificate-requests/${asked.id}`)).state)
      .toBe('issued');
    const fingerprint =
      as.request(await service.as('hr-system')('get', `/v1/certificate-requests/${asked.id}`)).certificate
        ?.fingerprintSha256 ?? '';
    const old: Held = { fingerprint, key: keyPair.privateKey, username, groups: ['ops'], algorithm: 'ECDSA-P256' };
    // People approved an hour, which a renewal gets that asks for nothing.
    const csr = await csrOf(old);
    expect(as.waiting(await renew(old, { csr, body: { csr, expirationSeconds: hour + 1 } })).state).toBe('pending');
    // Nobody believes what a blocked person approved.
    await service.as('root')('post', '/v1/identities/bob/block').send({ reason: 'keyCompromise' }).expect(200);
    expect(as.waiting(await renew(old)).state).toBe('pending');
    await service.as('root')('post', '/v1/identities/bob/unblock').expect(200);
    expect((await renew(old)).status).toBe(201);
  });
});

describe('a proof is refused, with its reason in the log alone', () => {
  let old: Held;
  let other: Held;
  beforeAll(async () => {
    [old, other] = [await held(), await held()];
  });

  it('that was used before, also with the Idempotency-Key of the first use, and after it succeeded', async () => {
    const mine = await held();
    const csr = await csrOf(mine);
    const jti = randomUUID();
    const headers = { 'idempotency-key': `once-${jti}` };
    expect((await renew(mine, { csr, claims: { jti }, headers })).status).toBe(201);
    await expectRefused(renew(mine, { csr, claims: { jti }, headers }), 'ProofReplayed');
    await expectRefused(renew(mine, { csr, claims: { jti } }), 'ProofReplayed');
  });

  it('and a new proof with the same Idempotency-Key and csr gets the first answer again', async () => {
    const mine = await held();
    const csr = await csrOf(mine);
    const headers = { 'idempotency-key': `again-${randomUUID()}` };
    const first = await renew(mine, { csr, headers });
    const second = await renew(mine, { csr, headers });
    expect(second.status).toBe(201);
    expect(second.text).toBe(first.text);
  });

  it('of which ten copies arrive at once, but for one', async () => {
    const mine = await held();
    const csr = await csrOf(mine);
    const jti = randomUUID();
    const all = await Promise.all(Array.from({ length: 10 }, () => renew(mine, { csr, claims: { jti } })));
    expect(all.map(({ status }) => status).sort()).toEqual([201, ...Array<number>(9).fill(401)]);
  });

  it('for another certificate than that of the path', async () => {
    await expectRefused(renew(old, { proof: other, key: other.key }), 'ProofForAnotherCertificate');
    await expectRefused(
      renew(old, { header: { 'x5t#S256': Buffer.from(other.fingerprint, 'hex').toString('base64url') } }),
      'ProofForAnotherCertificate',
    );
  });

  it('by the key of another certificate', async () => {
    await expectRefused(renew(old, { key: other.key }), 'ProofSignature');
  });

  it('for another method', async () => {
    await expectRefused(renew(old, { claims: { htm: 'GET' } }), 'ProofForElsewhere');
    await expectRefused(renew(old, { claims: { htm: 'post' } }), 'ProofForElsewhere');
  });

  it.each([
    ['another host', (path: string) => `https://kubepass.example${path}`],
    ['another port', (path: string) => `http://127.0.0.1:1${path}`],
    ['another scheme', (path: string) => `${service.address.replace('http:', 'https:')}${path}`],
    ['another path', (path: string) => `${service.address}${path.replace('renew', 'revoke')}`],
    ['a query', (path: string) => `${service.address}${path}?x=1`],
    ['a slash at its end', (path: string) => `${service.address}${path}/`],
    ['no host', (path: string) => path],
  ])('for %s', async (_what, url) => {
    await expectRefused(
      renew(old, { claims: { htu: url(`/v1/certificates/${old.fingerprint}/renew`) } }),
      'ProofForElsewhere',
    );
  });

  it('for another host, although Host says that one', async () => {
    const csr = await csrOf(old);
    const jws = await keyProof({
      fingerprint: old.fingerprint,
      key: old.key,
      address: 'http://kubepass.example',
      csr,
      now: now(),
    });
    expect(await raw({ host: 'kubepass.example', 'x-forwarded-host': 'kubepass.example' }, [jws], csr)).toBe(401);
    expect(lastReason()).toBe('ProofForElsewhere');
  });

  it('where the path is written in another way, or has a query', async () => {
    const path = `/v1/certificates/${old.fingerprint}/renew`;
    await expectRefused(renew(old, { path: `${path}?again=1` }), 'ProofForElsewhere');
    await expectRefused(renew(old, { path: path.replace('renew', 'rene%77') }), 'ProofForElsewhere');
  });

  it('for another csr, a csr that is no PEM, or none', async () => {
    await expectRefused(renew(old, { claims: { csr: csrHash(await csrOf(old)) } }), 'ProofForAnotherCsr');
    await expectRefused(renew(old, { body: { csr: 'no PEM' } }), 'ProofWithoutCsr');
    await expectRefused(renew(old, { body: {} }), 'ProofWithoutCsr');
    await expectRefused(renew(old, { body: {}, headers: { accept: 'application/yaml' } }), 'ProofWithoutCsr');
  });

  it('that is older than a minute, or from the future', async () => {
    const seconds = () => Math.floor(now().getTime() / 1000);
    await expectRefused(renew(old, { claims: { iat: seconds() - 62 } }), 'ProofTooOld');
    await expectRefused(renew(old, { claims: { iat: seconds() + 63 } }), 'ProofFromTheFuture');
    expect((await renew(await held(), { claims: { iat: seconds() - 55 } })).status).toBe(201);
  });

  it('that is not signed, or with an algorithm that is not the one of the key', async () => {
    const csr = await csrOf(old);
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const header = (alg: string) => ({
      typ: 'kubepass-proof+jwt',
      alg,
      'x5t#S256': Buffer.from(old.fingerprint, 'hex').toString('base64url'),
    });
    const claims = () => ({
      htm: 'POST',
      htu: `${service.address}/v1/certificates/${old.fingerprint}/renew`,
      iat: Math.floor(now().getTime() / 1000),
      jti: randomUUID(),
      csr: csrHash(csr),
    });
    const signed = (alg: string) => `${part(header(alg))}.${part(claims())}`;
    await expectRefused(renew(old, { csr, text: () => `${signed('none')}.AA` }), 'ProofAlgorithm');
    await expectRefused(renew(old, { csr, text: () => `${signed('none')}.` }), 'Unreadable');
    await expectRefused(renew(old, { csr, text: () => `${signed('HS256')}.AA` }), 'ProofAlgorithm');
    await expectRefused(renew(old, { csr, text: () => `${signed('PS256')}.AA` }), 'ProofAlgorithm');
    await expectRefused(renew(old, { csr, text: () => `${signed('ES384')}.AA` }), 'ProofAlgorithm');
    await expectRefused(
      renew(old, { csr, text: () => `${signed('ES256')}.${Buffer.alloc(64).toString('base64url')}` }),
      'ProofSignature',
    );
    // A signature in DER (RFC 3279) is none (RFC 7518 section 3.4).
    const text = signed('ES256');
    const der = sign('sha256', Buffer.from(text), old.key).toString('base64url');
    await expectRefused(renew(old, { csr, text: () => `${text}.${der}` }), 'ProofSignature');
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    await expectRefused(renew(old, { key: privateKey }), 'ProofAlgorithm');
  });

  it.each([
    ['typ', { typ: 'dpop+jwt' }, {}, 'ProofType'],
    ['jwk', { jwk: { kty: 'EC' } }, {}, 'ProofUnreadable'],
    ['kid', { kid: 'x' }, {}, 'ProofUnreadable'],
    ['a thumbprint of SHA-1', { 'x5t#S256': 'AAAAAAAAAAAAAAAAAAAAAAAAAAA' }, {}, 'ProofUnreadable'],
    ['sub', {}, { sub: 'system:admin' }, 'ProofUnreadable'],
    ['exp', {}, { exp: 4_000_000_000 }, 'ProofUnreadable'],
    ['a fraction of a second', {}, { iat: 1.5 }, 'ProofUnreadable'],
    ['iat as a text', {}, { iat: '1' }, 'ProofUnreadable'],
    ['a short jti', {}, { jti: 'short' }, 'ProofUnreadable'],
    ['a long jti', {}, { jti: 'x'.repeat(129) }, 'ProofUnreadable'],
    ['a jti with a line feed', {}, { jti: `${'x'.repeat(20)}\n` }, 'ProofUnreadable'],
    ['a csr in hex', {}, { csr: 'ab'.repeat(32) }, 'ProofUnreadable'],
    ['a list as htu', {}, { htu: ['http://127.0.0.1'] }, 'ProofUnreadable'],
  ])('with %s that the form does not have', async (_what, header, claims, reason) => {
    await expectRefused(renew(old, { header, claims }), reason);
  });

  it('whose octets could be read in two ways', async () => {
    // The last character of 64 octets has four bits that must be zero (RFC 4648 section 3.5).
    await expectRefused(
      renew(old, { text: (jws) => jws.slice(0, -1) + (jws.endsWith('Q') ? 'R' : 'B') }),
      'TokenUnreadable',
    );
    const twice = (jws: string) => {
      const [header = '', claims = '', signature = ''] = jws.split('.');
      const text = Buffer.from(claims, 'base64url').toString().replace('{', '{"htm":"POST",');
      return `${header}.${Buffer.from(text).toString('base64url')}.${signature}`;
    };
    await expectRefused(renew(old, { text: twice }), 'DuplicateMember');
    await expectRefused(renew(old, { text: (jws) => ` ${jws}` }), 'Unreadable');
    await expectRefused(renew(old, { text: (jws) => `${jws}, KubepassProof ${jws}` }), 'Unreadable');
    await expectRefused(renew(old, { text: (jws) => jws.replaceAll('.', '=.') }), 'Unreadable');
  });

  it('beside a second Authorization header', async () => {
    const csr = await csrOf(old);
    const proof = () =>
      keyProof({ fingerprint: old.fingerprint, key: old.key, address: service.address, csr, now: now() });
    expect(await raw({}, [await proof(), await proof()], csr)).toBe(401);
    expect(lastReason()).toBe('Unreadable');
  });

  it('of a certificate that is not known', async () => {
    const unknown = { ...old, fingerprint: 'ab'.repeat(32) };
    await expectRefused(renew(unknown), 'ProofKeyUnknown');
  });

  it('on every other call', async () => {
    const jws = await keyProof({
      fingerprint: old.fingerprint,
      key: old.key,
      address: service.address,
      csr: await csrOf(old),
      now: now(),
    });
    for (const [method, url] of [
      ['get', '/v1/whoami'],
      ['get', `/v1/certificates/${old.fingerprint}`],
      ['post', `/v1/certificates/${old.fingerprint}/revoke`],
      ['post', '/v1/certificate-requests'],
    ] as const)
      expect((await service.anonymous(method, url).set('authorization', `KubepassProof ${jws}`)).status).toBe(401);
  });

  /** Calls with these header lines, several of one name too. */
  function raw(headers: Readonly<Record<string, string>>, proofs: readonly string[], csr: string): Promise<number> {
    const body = JSON.stringify({ csr });
    const lines = [
      ...Object.entries({
        host: new URL(service.address).host,
        'content-type': 'application/json',
        'content-length': String(body.length),
        ...headers,
      }).flat(),
      ...proofs.flatMap((jws) => ['authorization', `KubepassProof ${jws}`]),
    ];
    return new Promise((resolve, reject) => {
      const url = `${service.address}/v1/certificates/${old.fingerprint}/renew`;
      const call = httpRequest(url, { method: 'POST', headers: lines, setHost: false }, (answer) => {
        answer.resume();
        resolve(answer.statusCode ?? 0);
      });
      call.on('error', reject);
      call.end(body);
    });
  }
});

describe('a renewal with a right proof is refused like any other', () => {
  it('of a revoked certificate', async () => {
    const old = await held();
    await service
      .as('hr-system')('post', `/v1/certificates/${old.fingerprint}/revoke`)
      .send({ reason: 'keyCompromise' })
      .expect(200);
    const answer = await renew(old);
    expect(answer.status).toBe(409);
    expect(as.problem(answer).detail).toContain('revoked');
  });

  it('of a blocked identity, until it is unblocked', async () => {
    const old = await held();
    await service
      .as('root')('post', `/v1/identities/${old.username}/block`)
      .send({ reason: 'unspecified' })
      .expect(200);
    expect((await renew(old)).status).toBe(409);
  });

  it('with the old key again, for another name, or for another group', async () => {
    const old = await held();
    const { pem: otherName } = await csrFor('somebody-else', old.groups);
    const { pem: otherGroup } = await csrFor(old.username, ['team-b']);
    for (const csr of [otherName, otherGroup]) {
      const answer = await renew(old, { csr });
      expect(answer.status).toBe(422);
    }
    expect((await renew(old, { body: { csr: await csrOf(old), username: 'root' } })).status).toBe(400);
  });

  it('for longer than policy permits', async () => {
    const old = await held();
    const csr = await csrOf(old);
    const answer = await renew(old, { csr, body: { csr, expirationSeconds: 9 * hour } });
    expect(answer.status).toBe(403);
  });

  it('that policy does not permit any more', async () => {
    const old = await held();
    const file = join(service.dataDir, '..', 'policies', 'test.yaml');
    writeFileSync(file, policies.replace('groups: ["team-*"]', 'groups: ["other"]'));
    await service.reload();
    const answer = await renew(old);
    writeFileSync(file, policies);
    await service.reload();
    expect(answer.status).toBe(403);
    expect(answer.text).toContain('group \\"team-a\\" is not permitted by policy \\"automatic\\"');
    expect((await renew(old)).status).toBe(201);
  });

  it('after its end: beyond what policy says, and not within', async () => {
    const [early, late] = [await held(['team-a']), await held(['late'])];
    service.advance(hour + 60);
    // Some policy permits renewals so late, and not for this group.
    expect((await renew(early)).status).toBe(403);
    expect((await renew(late)).status).toBe(201);
    service.advance(hour);
    expect((await renew(late)).status).toBe(409);
  });
});

describe('a proof by the key of a certificate for whose collector somebody else has asked', () => {
  it('does not give the collector, who has the key, the groups and roles of that one', async () => {
    const username = `person-${++people}`;
    const groups = ['shared'];
    const asked = as.request(
      await service
        .as('hr-system')('post', '/v1/certificate-requests')
        .send({ cluster: 'demo', username, groups, collector: 'alice', expirationSeconds: hour })
        .expect(201),
    );
    const { text } = await service
      .as('alice')('post', `/v1/certificate-requests/${asked.id}/kubeconfig`)
      .set('accept', 'application/yaml')
      .send({})
      .expect(200);
    const pem = (name: string) =>
      Buffer.from(new RegExp(`${name}: "?([A-Za-z0-9+/=]+)`).exec(text)?.[1] ?? '', 'base64');
    const certificate = new X509Certificate(pem('client-certificate-data'));
    const old: Held = {
      fingerprint: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
      key: createPrivateKey(pem('client-key-data')),
      ...{ username, groups, algorithm: 'ECDSA-P256' },
    };
    const answer = await renew(old);
    expect(answer.status).toBe(403);
    expect(as.problem(answer).type).toBe('urn:kubepass:problem:not-permitted');
  });

  it('does not make the requester, who brought the key, the collector', async () => {
    for (const collector of ['jane', 'alice'])
      await expectRefused(renew(await held(['shared'], 'ECDSA-P256', { collector })), 'ProofKeyUnknown');
  });
});

describe('after the database was put back from a backup, which does not know what was used since', () => {
  it('no proof counts that may have been used before; a newer one does', async () => {
    const old = await held();
    const detectedAt = now();
    const restoration = {
      id: newId(detectedAt, randomBytes),
      ...({ detectedAt, detectedBy: 'command', events: 1, knownUntil: detectedAt, signedEvents: null } as const),
      ...{ acknowledgedAt: null, acknowledgedBy: null },
    };
    await service.store.writer.commit({ operations: [insertRestoration(restoration)], events: [] });
    const answer = await renew(old);
    expect(answer.status).toBe(503);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(55);
    expect(Number(answer.headers['retry-after'])).toBeLessThan(65);
    expect(service.log()).toContain('may have been used before the database was put back');
    // Made before, by a clock that is almost a minute ahead: it would count for another minute.
    const ahead = Math.floor(detectedAt.getTime() / 1000) + 58;
    service.advance(75);
    expect((await renew(old, { claims: { iat: ahead } })).status).toBe(503);
    expect((await renew(old)).status).toBe(201);
  });
});
