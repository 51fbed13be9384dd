// Tests src/signing/kubernetes-signer.ts, src/signing/kubernetes-signer-object.ts, src/kubernetes/csr-object.ts
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openClusterConnection, type ClusterConnection } from '../../src/kubernetes/cluster-connection.js';
import { readClientTrust } from '../../src/kubernetes/certificate-authorities.js';
import { kubeApiserverClient } from '../../src/kubernetes/csr-object.js';
import type { ApprovedFields } from '../../src/model/approved-request.js';
import { mintApprovedRequest } from '../../src/model/mint-approved-request.js';
import { newId } from '../../src/model/new-id.js';
import { generateKeyPair, readCertificate, writeCertificationRequest } from '@kubepass/x509';
import { KubernetesSigner } from '../../src/signing/kubernetes-signer.js';
import { randomBytes } from 'node:crypto';
import { FakeApiServer } from '../helpers/fake-api-server.js';
import { kubepassRules } from '../helpers/fake-api-server/rbac.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import type { SignedCertificate } from '../../src/signing/signer.js';
import { derOf } from '../helpers/signers.js';
import { signerContract } from './signer-contract.js';

const directory = temporaryDirectory();
let server: FakeApiServer;
let connection: ClusterConnection;
let whyNot: string | null = null;

async function connect(user: string): Promise<ClusterConnection> {
  const file = join(directory.path, `${user}.kubeconfig`);
  writeFileSync(file, await server.kubeconfig({ username: user }));
  return openClusterConnection({ kind: 'kubeconfig', file, context: null }, { allowExec: false });
}

const signerOn = (cluster: ClusterConnection, clock = () => new Date()): KubernetesSigner =>
  new KubernetesSigner(
    {
      name: 'fake',
      instance: '01968c2e-7a1b-7c3d-8e4f-5a6b7c8d9e0f',
      csrs: cluster.csrs,
      watch: cluster.csrWatch,
      whoAmI: () => cluster.whoAmI(),
      whyNotSigning: () => whyNot,
    },
    clock,
  );

beforeAll(async () => {
  server = await FakeApiServer.start();
  server.rbac.allowUser('kubepass', kubepassRules);
  connection = await connect('kubepass');
});
afterAll(async () => {
  await connection.close();
  await server.close();
  directory.remove();
});
beforeEach(() => {
  whyNot = null;
});
afterEach(() => {
  server.signer.behave({});
});

async function approved(more: Partial<ApprovedFields> = {}) {
  const keyPair = await generateKeyPair('ECDSA-P256');
  const subject = { username: 'jane', groups: ['team-a'] };
  return mintApprovedRequest({
    requestId: newId(new Date(), randomBytes),
    attempt: 1,
    cluster: 'fake',
    ...subject,
    keyAlgorithm: 'ECDSA-P256',
    subjectPublicKeyInfo: keyPair.subjectPublicKeyInfo,
    certificationRequest: await writeCertificationRequest(subject, keyPair),
    expirationSeconds: 3600,
    probe: false,
    ...more,
  });
}

/** Time passes ten times as fast for a signer that tries until it believes a refusal, or gives up. */
const fastClock = () => {
  const begun = Date.now();
  return () => new Date(10 * Date.now() - 9 * begun);
};
const within = (seconds: number) => new Date(Date.now() + seconds * 1000);
const objectOf = (name: string) => connection.csrs.find(name);
const nameOf = (request: ApprovedFields) => `kubepass-${request.requestId}-${request.attempt}`;
const usernameIn = (signed: SignedCertificate) =>
  readCertificate(derOf(signed))
    .subject.rdns.flat()
    .find(({ text }) => text === 'jane')?.text;

signerContract('a cluster’s own (fake API server)', async () => ({
  signer: signerOn(connection),
  kind: 'kubernetes',
  trust: readClientTrust(server.clientAuthority.pem),
}));

describe('KubernetesSigner', () => {
  it('keeps its object until the outcome is on record, and then deletes it', async () => {
    const request = await approved();
    const signing = signerOn(connection).prepare(request);
    await signing.sign(within(120));
    expect(await objectOf(nameOf(request))).not.toBeNull();
    await signing.cleanUp();
    expect(await objectOf(nameOf(request))).toBeNull();
  });

  it('names the request on its object', async () => {
    const request = await approved();
    await signerOn(connection).prepare(request).sign(within(120));
    expect(await objectOf(nameOf(request))).toMatchObject({
      labels: {
        'app.kubernetes.io/managed-by': 'kubepass',
        'kubepass/request-id': request.requestId,
        'kubepass/instance': '01968c2e-7a1b-7c3d-8e4f-5a6b7c8d9e0f',
      },
      annotations: { 'kubepass/attempt': '1' },
      usages: ['client auth', 'digital signature'],
      expirationSeconds: 3600,
    });
  });

  it.each([
    ['before create', /^POST .*certificatesigningrequests$/, 'reset'],
    ['after create', /^POST .*certificatesigningrequests$/, 'lost'],
    ['before approve', /^PUT .*approval$/, 'reset'],
    ['after approve', /^PUT .*approval$/, 'lost'],
    ['while busy', /^POST .*certificatesigningrequests$/, { status: 429, headers: { 'Retry-After': '0' } }],
    ['while broken', /^PUT .*approval$/, { status: 503 }],
  ] as const)('continues after the connection broke %s', async (_when, to, answer) => {
    server.fail({ to, times: 2, answer });
    expect(
      usernameIn(
        await signerOn(connection)
          .prepare(await approved())
          .sign(within(120)),
      ),
    ).toBe('jane');
  });

  it('continues after the watch was cut', async () => {
    server.signer.behave({ delayMilliseconds: 600 });
    const signed = signerOn(connection)
      .prepare(await approved())
      .sign(within(120));
    await expect.poll(() => server.watching).toBeGreaterThan(0);
    server.cutWatches();
    expect(usernameIn(await signed)).toBe('jane');
  });

  it('deletes the approved object before it says that nothing was signed, so that nothing is signed later', async () => {
    server.signer.behave({ enabled: false });
    const request = await approved();
    await expect(signerOn(connection).prepare(request).sign(within(6))).rejects.toMatchObject({
      name: 'SigningRefusedError',
      reason: 'ApprovedButNotSigned',
    });
    expect(await objectOf(nameOf(request))).toBeNull();
  });

  it('reports that somebody else denied it in the cluster', async () => {
    server.signer.behave({ denies: 'not on a Friday' });
    await expect(
      signerOn(connection)
        .prepare(await approved())
        .sign(within(120)),
    ).rejects.toMatchObject({
      reason: 'DeniedInCluster',
      message: expect.stringContaining('not on a Friday') as unknown,
    });
  });

  it('reports that somebody else deleted the object', async () => {
    server.signer.behave({ enabled: false });
    const request = await approved();
    const signed = signerOn(connection).prepare(request).sign(within(120));
    const rejected = expect(signed).rejects.toMatchObject({ reason: 'CertificateSigningRequestGone' });
    await expect
      .poll(async () => (await objectOf(nameOf(request)))?.conditions.some(({ type }) => type === 'Approved'))
      .toBe(true);
    const object = await objectOf(nameOf(request));
    if (object) await connection.csrs.delete(object);
    await rejected;
  });

  it('passes on the message of the API server if admission refuses it', async () => {
    const keyPair = await generateKeyPair('ECDSA-P256');
    const subject = { username: 'jane', groups: ['system:masters'] };
    const request = await approved({
      ...subject,
      subjectPublicKeyInfo: keyPair.subjectPublicKeyInfo,
      certificationRequest: await writeCertificationRequest(subject, keyPair),
    });
    await expect(signerOn(connection).prepare(request).sign(within(120))).rejects.toMatchObject({
      reason: 'RefusedByCluster',
      message: expect.stringContaining('system:masters') as unknown,
    });
  });

  // Both wait until the refusal has lasted long enough to be believed.
  it.concurrent.each([
    ['create', kubepassRules.slice(1), /create certificatesigningrequests/],
    ['approve the signer', kubepassRules.filter(({ resources }) => !resources.includes('signers')), /approve signers/],
  ])('names the missing verb if it may not %s, and leaves no object behind', async (what, rules, missing) => {
    const user = `limited-${what.replaceAll(' ', '-')}`;
    server.rbac.allowUser(user, rules);
    const limited = await connect(user);
    const request = await approved();
    await expect(signerOn(limited, fastClock()).prepare(request).sign(within(200))).rejects.toMatchObject({
      reason: 'ForbiddenInCluster',
      message: expect.stringMatching(missing) as unknown,
    });
    expect(await objectOf(nameOf(request))).toBeNull();
    await limited.close();
  });

  it('does not believe a refusal of an API server that is back from an outage and has not read its roles yet', async () => {
    let late = 0;
    const signer = signerOn(connection, () => new Date(Date.now() + late));
    server.fail({ times: 1, answer: 'reset' });
    server.fail({ times: 2, answer: { status: 403, body: 'no' } });
    const signed = signer.prepare(await approved()).sign(within(60));
    // The outage lasts longer than a refusal must last.
    late = 10_000;
    expect(usernameIn(await signed)).toBe('jane');
  });

  it('does not approve an object of its name that somebody else made, and leaves it alone', async () => {
    server.rbac.allowUser('mallory', kubepassRules);
    const mallory = await connect('mallory');
    const request = await approved();
    const evil = await approved({ username: 'jane', groups: ['team-a'] });
    await mallory.csrs.create({
      name: nameOf(request),
      labels: {},
      annotations: {},
      request: `-----BEGIN CERTIFICATE REQUEST-----\n${Buffer.from((await evil.certificationRequest) ?? [])
        .toString('base64')
        .replace(/(.{64})/g, '$1\n')
        .trimEnd()}\n-----END CERTIFICATE REQUEST-----\n`,
      signerName: kubeApiserverClient,
      usages: ['client auth', 'digital signature'],
      expirationSeconds: 3600,
    });
    await expect(signerOn(connection).prepare(request).sign(within(120))).rejects.toMatchObject({
      reason: 'CertificateSigningRequestMismatch',
      message: expect.stringMatching(/spec\.request.*spec\.username/) as unknown,
    });
    expect((await objectOf(nameOf(request)))?.conditions).toEqual([]);
    await mallory.close();
  });

  it('goes on with the object that it began, and signs it although the cluster is found not to sign meanwhile', async () => {
    const request = await approved();
    const signing = signerOn(connection).prepare(request);
    const before = server.requests.length;
    signing.begin();
    await expect.poll(() => objectOf(nameOf(request))).not.toBeNull();
    expect((await objectOf(nameOf(request)))?.conditions).toEqual([]);
    whyNot = 'a probe found no signer';
    expect(usernameIn(await signing.sign(within(120)))).toBe('jane');
    expect(
      server.requests.slice(before).filter((line) => line.startsWith('POST') && line.includes('requests')),
    ).toEqual(['POST /apis/certificates.k8s.io/v1/certificatesigningrequests']);
  });

  it('deletes the object that it began if it is told to', async () => {
    const request = await approved();
    const undo = signerOn(connection).prepare(request).begin();
    await undo();
    expect(await objectOf(nameOf(request))).toBeNull();
  });

  it('refuses at once if the cluster is known not to sign, unless it is being probed', async () => {
    whyNot = 'the last probe found no signer';
    const refused = await approved();
    const signing = signerOn(connection).prepare(refused);
    await signing.begin()();
    await expect(signing.sign(within(120))).rejects.toMatchObject({ reason: 'ClusterDoesNotSign' });
    expect(await objectOf(nameOf(refused))).toBeNull();
    const probe = await approved({ probe: true });
    expect(usernameIn(await signerOn(connection).prepare(probe).sign(within(120)))).toBe('jane');
  });

  it('gives up an attempt: deletes an unsigned object, and returns the certificate of a signed one', async () => {
    server.signer.behave({ enabled: false });
    const unsigned = await approved();
    void signerOn(connection)
      .prepare(unsigned)
      .sign(within(120))
      .catch(() => undefined);
    await expect.poll(() => objectOf(nameOf(unsigned))).not.toBeNull();
    const intent = { signer: 'kubernetes', objectName: nameOf(unsigned) } as const;
    expect((await signerOn(connection).giveUp(intent)).certificate).toBeNull();
    expect(await objectOf(nameOf(unsigned))).toBeNull();

    server.signer.behave({});
    const signed = await approved();
    await signerOn(connection).prepare(signed).sign(within(120));
    const { certificate, cleanUp } = await signerOn(connection).giveUp({
      signer: 'kubernetes',
      objectName: nameOf(signed),
    });
    expect(certificate && usernameIn({ kind: 'written-elsewhere', der: certificate })).toBe('jane');
    await cleanUp();
    expect(await objectOf(nameOf(signed))).toBeNull();
  });

  it('leaves the attempt open if it is approved and the API server is gone', async () => {
    server.signer.behave({ enabled: false });
    const request = await approved();
    let ahead = 0;
    const clock = () => new Date(Date.now() + ahead);
    const signed = signerOn(connection, clock).prepare(request).sign(within(120));
    const rejected = expect(signed).rejects.toMatchObject({ name: 'SigningUndeterminedError' });
    await expect
      .poll(async () => (await objectOf(nameOf(request)))?.conditions.some(({ type }) => type === 'Approved'))
      .toBe(true);
    await server.stop();
    ahead = 120_000;
    await rejected;
    await server.restart();
    // Recovery comes back to it and finds the certificate that was signed meanwhile.
    server.signer.behave({});
    const resumed = signerOn(connection).resume(request, { signer: 'kubernetes', objectName: nameOf(request) });
    expect(resumed && usernameIn(await resumed.sign(within(120)))).toBe('jane');
  });

  it('gives the approval back if the API server was never reached', async () => {
    const request = await approved();
    await server.stop();
    await expect(signerOn(connection).prepare(request).sign(within(6))).rejects.toMatchObject({
      name: 'SignerUnavailableError',
    });
    await server.restart();
    expect(await objectOf(nameOf(request))).toBeNull();
  });
});
