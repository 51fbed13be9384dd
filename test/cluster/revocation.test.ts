// Tests src/access/answer-subject-access-review.ts, src/access/render-revocation-enforcement.ts,
// src/access/keep-revocation-config-map.ts, src/kubernetes/revocation-enforcement-files.ts
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, type ClientHttp2Session } from 'node:http2';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { decodePemBundle, encodeCertificates, sha256 } from '@kubepass/x509';
import { makeAuthority, makeCertificate, makeKey } from '../../packages/x509/test/helpers/certificates.js';
import { otherEncodings } from '../helpers/other-encodings.js';
import { type DatabaseSource, freshDatabase, prepareDatabases } from '../helpers/postgresql/databases.js';
import { postgresqlBinaries } from '../helpers/postgresql/binaries.js';
import { type PostgresqlServer, startPostgresql } from '../helpers/postgresql/server.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { mostListed } from '../../src/kubernetes/revocation-enforcement-files.js';
import { aRevocation, revokeCertificate } from '../helpers/revocations.js';
import { WebhookReceiver } from '../helpers/webhook-receiver.js';
import { as } from '../http/support/call.js';
import { connectRaw, type RawClient } from '../http/support/raw-client.js';
import type { RouteContext } from '../../src/start/route-context.js';
import { insertRevocation } from '../../src/store/tables/revocation-table.js';
import { insertSession } from '../../src/store/tables/session-table.js';
import { startService, type TestService } from '../http/support/service.js';
import { aSession } from '../unit/store/records.js';
import type { Flags } from './background-process.js';
import { succeed } from './certificate-signing-request.js';
import type { ControlPlane } from './control-plane.js';
import { freePort } from '../helpers/free-ports.js';
import { openWatch, type OpenWatch } from './open-watch.js';
import type { Finished } from './run-command.js';
import { kubeconfigOfServiceAccount } from './service-account.js';
import { describeControlPlane, openControlPlane } from './suite.js';
import { servingPair } from './serving-pair.js';

const component = fileURLToPath(new URL('../../deploy/kubernetes/components/revocation-policy', import.meta.url));

const policies = `
apiVersion: kubepass/v1
kind: Policy
metadata: { name: people }
spec:
  selector: { clusters: ["*"] }
  allowed: { usernames: ["*"], groups: ["team-*"] }
  constraints: { maxExpirationSeconds: 86400 }
  approval: { mode: auto }
---
apiVersion: kubepass/v1
kind: Policy
metadata: { name: by-hand }
spec:
  selector: { clusters: ["*"] }
  allowed: { usernames: ["*"], groups: ["ops-*"] }
  approval: { mode: manual }
`;

/** A CA that kubepass does not have; its signatures are pairs (r, s), whose s may be negated. */
const elliptic = makeAuthority({ subject: [['CN', 'elliptic']], key: makeKey('P-256') });

interface EnforcedOptions {
  readonly apiServerFlags?: Flags;
  /** Wraps the use cases of kubepass. */
  readonly context?: (context: RouteContext) => RouteContext;
  /** Changes the authorization configuration that kubepass renders. */
  readonly edit?: (text: string) => string;
  /** Where the database of two replicas is to be; null: there is one replica, on SQLite. */
  readonly databases?: DatabaseSource | null;
}

/** A cluster whose API server loads what kubepass renders for it, and kubepass beside it, over TLS. */
async function openEnforced(
  mode: 'webhook' | 'listed' | 'admission',
  { apiServerFlags = {}, context = (real) => real, edit = (text) => text, databases = null }: EnforcedOptions = {},
) {
  const directory = temporaryDirectory();
  const folder = join(directory.path, 'etc');
  mkdirSync(folder);
  const port = await freePort();
  const configuration = join(folder, 'authorization-configuration.yaml');
  // An API server needs a file when it starts; this one is as if there were no webhook.
  writeFileSync(
    configuration,
    'apiVersion: apiserver.config.k8s.io/v1\nkind: AuthorizationConfiguration\nauthorizers: [{ type: Node, name: node }, { type: RBAC, name: rbac }]\n',
  );
  const auditLog = join(directory.path, 'audit.log');
  const auditPolicy = join(directory.path, 'audit-policy.yaml');
  writeFileSync(auditPolicy, 'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{ level: Metadata }]\n');
  const plane = await openControlPlane({
    furtherClientCas: elliptic.pem,
    apiServerFlags: {
      ...(mode !== 'admission' && { 'authorization-mode': null, 'authorization-config': configuration }),
      'audit-log-path': auditLog,
      'audit-policy-file': auditPolicy,
      ...apiServerFlags,
    },
  });
  const tls = await servingPair(directory.path);
  const receiver = await WebhookReceiver.start();
  const receiverCa = join(directory.path, 'receiver.crt');
  writeFileSync(receiverCa, receiver.caPem);
  const webhookSecret = join(directory.path, 'webhook-secret');
  writeFileSync(webhookSecret, `whsec_${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
  const kubeconfig = await kubeconfigOfServiceAccount(plane, directory.path);
  const environment = databases === null ? {} : { DATABASE_URL: (await freshDatabase(databases)).url };
  const startReplica = (ownPort: number) =>
    startService({
      ...{ policies, context, environment, port: ownPort },
      app: { tls: tls.pair, connections: { max: 1_000, maxPerAddress: 250 } },
      config: `
publicAddress: { url: "https://127.0.0.1:${ownPort}", certificateAuthority: ${tls.caFile} }
clusters:
  - name: real
    server: ${plane.server}
    signer: kubernetes
    kubeconfig: ${kubeconfig}
    revocation: { mode: ${mode} }
webhooks:
  - name: chat
    url: ${receiver.url}
    secretFile: ${webhookSecret}
    certificateAuthority: ${receiverCa}
    events: [identity.blocked]
`,
      overrides: { webhookRoundMilliseconds: 50 },
    });
  const service = await startReplica(port);
  const second = databases === null ? null : await startReplica(await freePort());
  const root = service.as('root');
  const reviewer = as.token(
    await root('post', '/v1/api-tokens').send({
      ...{ name: 'real-api-server', roles: ['reviewer'], cluster: 'real', expiresInSeconds: null },
    }),
  );
  writeFileSync(join(folder, 'reviewer-token'), `${reviewer.token}\n`, { mode: 0o600 });
  const render = async (file: string, replica = service) => {
    const call = replica.withToken(reviewer.token)('get', `/v1/clusters/real/${file}`);
    return (await call.set('accept', 'application/yaml').expect(200)).text;
  };
  /** Afterwards the API server asks this replica. */
  const loadFiles = async (replica = service) => {
    writeFileSync(
      join(folder, 'authorization-webhook.kubeconfig'),
      await render(`authorization-webhook-kubeconfig?directory=${folder}`, replica),
    );
    const text = await render(`authorization-configuration?mode=${mode}&directory=${folder}`, replica);
    writeFileSync(configuration, edit(text));
    // The API server loads a changed file by itself: measured 114 ms, and it looks once a minute at the latest.
    await sleep(2_000);
  };

  await succeed(plane, ['create', 'role', 'writer', '--verb=*', '--resource=configmaps,pods,pods/exec']);
  await succeed(plane, ['create', 'rolebinding', 'writer', '--role=writer', ...people.map((name) => `--user=${name}`)]);
  await succeed(plane, [
    'create',
    'clusterrole',
    'act',
    '--verb=impersonate',
    '--resource=users',
    '--resource-name=jim',
  ]);
  await succeed(plane, ['create', 'clusterrolebinding', 'act', '--clusterrole=act', '--user=jane']);
  await succeed(plane, ['create', 'clusterrolebinding', 'ann', '--clusterrole=cluster-admin', '--user=ann']);

  const issue = async (username = 'jane', replica = service) => {
    const answer = await replica.as('hr-system')('post', '/v1/kubeconfigs').send({ username }).expect(201);
    const { kubeconfig, certificate } = as.kubeconfig(answer);
    const file = newFile();
    writeFileSync(file, kubeconfig, { mode: 0o600 });
    return holder(certificate.fingerprintSha256, file);
  };

  let files = 0;
  const newFile = () => join(directory.path, `${(files += 1)}.kubeconfig`);
  const fileOf = (text: string, der: Uint8Array, keyPem?: string) => {
    const file = newFile();
    writeFileSync(file, withCertificate(text, der, keyPem), { mode: 0o600 });
    return file;
  };
  const holder = (fingerprint: string, file: string) => ({
    fingerprint,
    file,
    kubectl: (...args: readonly string[]) => plane.kubectl(['--kubeconfig', file, ...args]),
  });
  return {
    plane,
    service,
    receiver,
    loadFiles,
    render,
    directory: directory.path,
    audit: () => readFileSync(auditLog, 'utf8'),
    /** The replica beside `service`. */
    second,
    /** A certificate of jane or somebody else, and kubectl with it. */
    issue,
    /** Certificates with all kinds of other encodings, and another one, all of one person. */
    async issueWithOthers(username: string) {
      const issued = [await issue(username)];
      // Chance decides whether an RSA signature begins with a zero bit.
      while (!othersOf(issued.at(-1)!.file).has('unused bits: 1')) issued.push(await issue(username));
      return { taken: issued.at(-1)!, sibling: issued.length > 1 ? issued[0]! : await issue(username) };
    },
    /** A certificate of the elliptic CA, which kubepass does not know. */
    signElliptic(username: string) {
      const made = makeCertificate({
        ...{ issuer: elliptic, subject: [['CN', username]] },
        notAfter: new Date(Date.now() + 86_400_000),
      });
      return holder(sha256(made.der), fileOf(readFileSync(plane.adminKubeconfigPath, 'utf8'), made.der, made.key.pem));
    },
    /** The same certificate and key in each of these encodings. */
    inOtherEncodings: ({ file }: { readonly file: string }, names: readonly string[]) =>
      names.map((name) => {
        const der = othersOf(file).get(name);
        if (der === undefined) throw new Error(`there is no encoding with ${name}`);
        return { name, ...holder(sha256(der), fileOf(readFileSync(file, 'utf8'), der)) };
      }),
    /** A certificate that kubepass would never issue and does not know: signed by hand with the key of the CA. */
    async signByHand(username: string, groups: readonly string[]) {
      const file = newFile();
      return holder(await plane.writeKubeconfigByHand(file, username, groups), file);
    },
    /** Revokes as a caller does, and answers what goes on. */
    async revoke(fingerprint: string) {
      const call = root('post', `/v1/certificates/${fingerprint}/revoke`).send({ reason: 'keyCompromise' });
      const { body } = await call.expect(200);
      return (body as { enforcement: { mode: string; continues: readonly string[] } }).enforcement;
    },
    /** Puts a certificate on the deny list that kubepass does not know, as a list that outlived its database does. */
    async deny(fingerprintSha256: string, username = 'by-hand') {
      await root('post', `/v1/certificates/${fingerprintSha256}/revoke`).send({ reason: 'keyCompromise' }).expect(404);
      const revoked = aRevocation({ cluster: 'real', fingerprintSha256, username });
      await service.store.writer.commit({ operations: [insertRevocation(revoked)], events: [] });
    },
    async close() {
      await second?.close();
      await service.close();
      await receiver.stop();
      await plane.stop();
      directory.remove();
    },
  };
}

const people = ['jane', 'jim', 'kate', 'lea', 'pete', 'quentin'];

const base64 = (octets: Uint8Array | string): string => Buffer.from(octets).toString('base64');
const dataOf = (key: string) => new RegExp(`(${key}"?: *"?)([\\w+/=]+)`);

/** A kubeconfig with another certificate, and key. */
function withCertificate(kubeconfig: string, der: Uint8Array, keyPem?: string): string {
  const text = kubeconfig.replace(dataOf('client-certificate-data'), `$1${base64(encodeCertificates([{ der }]))}`);
  return keyPem === undefined ? text : text.replace(dataOf('client-key-data'), `$1${base64(keyPem)}`);
}

/** The other encodings of the certificate in a kubeconfig, by name. */
function othersOf(file: string): ReadonlyMap<string, Uint8Array> {
  const [, , data = ''] = dataOf('client-certificate-data').exec(readFileSync(file, 'utf8')) ?? [];
  const read = decodePemBundle(Buffer.from(data, 'base64').toString(), 'CERTIFICATE');
  if (!read.ok) throw new Error('there is no certificate in the kubeconfig');
  return new Map(otherEncodings(read.ders[0]!).map(({ name, der }) => [name, der]));
}

type Enforced = Awaited<ReturnType<typeof openEnforced>>;

const reading = ['get', 'configmaps'] as const;
const writing = (name: string) => ['create', 'configmap', name] as const;
const refusedAs = (text: string) => ({ code: 1, stderr: expect.stringContaining(text) as unknown });
const revoked = refusedAs('this client certificate was revoked');
const untilAllowed = (ask: () => Promise<Finished>) =>
  expect.poll(async () => (await ask()).code, { timeout: 15_000 }).toBe(0);
const goesOnByWatch = async (enforced: Enforced, watch: OpenWatch, name: string) => {
  await succeed(enforced.plane, [...writing(name)]);
  await expect.poll(() => watch.names(), { timeout: 15_000 }).toContain(`configmap/${name}`);
};
const restartApiServer = async ({ plane }: Enforced) => {
  await plane.stopApiServer();
  await plane.startApiServer();
};
const openedBefore = expect.stringMatching(
  /^watches that were opened before, until they end or the API server restarts/,
) as unknown;
/** Probes until the result is there, as somebody does who gets 202 after 20 s. */
const probe = async (service: TestService) => {
  const begun = await service.as('root')('post', '/v1/clusters/real/probe').send({ verifyRevocation: true });
  expect([200, 202]).toContain(begun.status);
  if (begun.status === 200) return as.cluster(begun);
  const { probeStartedAt } = as.cluster(begun);
  const find = async () =>
    as.cluster(
      await service
        .as('root')('get', begun.headers['location'] ?? '')
        .expect(200),
    );
  await expect
    .poll(async () => Date.parse((await find()).probedAt ?? ''), { timeout: 60_000, interval: 500 })
    .toBeGreaterThanOrEqual(Date.parse(probeStartedAt ?? ''));
  return find();
};

/** One of each kind, and several at once. */
const rsaEncodings = ['NULL behind', 'unused bits: 1', 'unused bits: 1, another signature behind'];
const ellipticEncodings = ['a text behind', 'unused bits: 2', 's negated', 's negated, unused bits: 1, NULL behind'];

/**
 * Revokes a certificate that kubepass issued, and another one that it lost. Then the cluster refuses both in every
 * encoding, and nobody else. `args`: a command that this mode refuses to a revoked certificate; `load`: gives the
 * cluster the files that a replica renders.
 */
async function refusesEachEncoding(
  enforced: Enforced,
  args: readonly string[],
  load: (replica?: TestService) => Promise<void>,
) {
  const { service, second } = enforced;
  const codes = (holders: readonly Pick<Awaited<ReturnType<Enforced['issue']>>, 'kubectl'>[]) =>
    Promise.all(holders.map(async ({ kubectl }) => (await kubectl(...args)).code));
  const { taken, sibling } = await enforced.issueWithOthers('kate');
  const lost = enforced.signElliptic('pete');
  const [lea, quentin] = [await enforced.issue('lea'), enforced.signElliptic('quentin')];
  const all = [
    ...[taken, ...enforced.inOtherEncodings(taken, rsaEncodings)],
    ...[lost, ...enforced.inOtherEncodings(lost, ellipticEncodings)],
  ];
  const others = [sibling, lea, quentin, ...enforced.inOtherEncodings(quentin, ['s negated'])];
  // The API server takes each encoding, and nothing is listed yet.
  await untilAllowed(() => taken.kubectl(...args));
  expect(await codes([...all, ...others])).toEqual([...all, ...others].map(() => 0));

  await enforced.revoke(taken.fingerprint);
  await enforced.deny(lost.fingerprint, 'pete');
  await load();
  const refusals = () => Promise.all(all.map(({ kubectl }) => kubectl(...args)));
  await expect.poll(refusals, { timeout: 20_000, interval: 500 }).toMatchObject(all.map(() => revoked));
  expect(await codes(others)).toEqual(others.map(() => 0));

  // The name is listed, and each replica is asked about what the other one issued.
  for (const asked of [service, second ?? service]) {
    if (asked !== service) await load(asked);
    const late = [await enforced.issue('kate', service), await enforced.issue('kate', second ?? service)];
    for (const { kubectl } of late) expect(await kubectl(...args)).toMatchObject({ code: 0 });
    expect(await codes(all)).toEqual(all.map(() => 1));
    await enforced.revoke(late[0]!.fingerprint);
    const again = [late[0]!, ...enforced.inOtherEncodings(late[0]!, ['NULL behind'])];
    await expect
      .poll(() => Promise.all(again.map(({ kubectl }) => kubectl(...args))), { timeout: 20_000 })
      .toMatchObject(again.map(() => revoked));
    expect((await late[1]!.kubectl(...args)).code).toBe(0);
  }
  if (second !== null) await load(service);
}

let database: PostgresqlServer | null = null;
let databases: DatabaseSource | null = null;
beforeAll(async () => {
  if (postgresqlBinaries() === null) return;
  database = await startPostgresql({ durable: false });
  databases = await prepareDatabases(database);
});
afterAll(() => database?.remove());

describeControlPlane('mode webhook', () => {
  let enforced: Enforced;
  beforeAll(async () => {
    enforced = await openEnforced('webhook', { databases });
    await enforced.loadFiles();
  });
  afterAll(() => enforced.close());

  it('refuses a revoked certificate at its first request, with our reason, and no other one', async () => {
    const [taken, sibling] = [await enforced.issue(), await enforced.issue()];
    await untilAllowed(() => taken.kubectl(...reading));
    expect((await sibling.kubectl(...reading)).code).toBe(0);
    await revokeCertificate(enforced.service.store, taken.fingerprint);
    expect(await taken.kubectl(...reading)).toMatchObject(revoked);
    expect((await sibling.kubectl(...reading)).code).toBe(0);
    expect(enforced.audit()).toMatch(/"authorization.k8s.io\/reason":"this client certificate was revoked at /);
  });

  it('refuses each encoding of a revoked certificate, and nobody else, on two replicas', () =>
    refusesEachEncoding(enforced, reading, (replica) => enforced.loadFiles(replica)));

  it('refuses somebody who left the directory at their next request, and lists exactly what goes on', async () => {
    const { service, receiver } = enforced;
    const tokenOf = async (maker: string, name: string, role: string) => {
      const ask = { name, roles: [role] };
      return as.token(await service.withToken(maker)('post', '/v1/api-tokens').send(ask).expect(201));
    };
    const connector = await tokenOf(service.tokenOf('root'), 'connector', 'directory');
    const scim = (method: 'post' | 'patch', path: string, body: object) =>
      service.withToken(connector.token)(method, `/scim/v2${path}`).send(body);
    const joins = { schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'], userName: 'jim', active: true };
    const { id } = JSON.parse((await scim('post', '/Users', joins).expect(201)).text) as { id: string };
    const activate = (value: 'True' | 'False') =>
      scim('patch', `/Users/${id}`, {
        schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
        Operations: [{ op: 'Replace', path: 'active', value }],
      });
    await probe(service);
    const taken = await enforced.issue('jim');
    await untilAllowed(() => taken.kubectl(...reading));
    const { token: own, id: ownId } = await tokenOf(service.tokenOf('root'), 'jim', 'admin');
    const { token: system, id: systemId } = await tokenOf(own, 'pipeline', 'requester');
    const asked = await service.withToken(own)('post', '/v1/kubeconfigs').send({ username: 'joan' }).expect(201);
    const { request: forJoan } = as.kubeconfig(asked);
    const ask = { username: 'jim', groups: ['ops-eu'] };
    const waiting = as.request(await service.as('hr-system')('post', '/v1/certificate-requests').send(ask).expect(201));
    const now = new Date();
    const session = aSession({
      name: 'jim',
      createdAt: now,
      usedAt: now,
      expiresAt: new Date(now.getTime() + 3_600_000),
    });
    const signsIn = insertSession({ session, secretSha256: session.id });
    expect(await service.store.writer.commit({ operations: [signsIn], events: [] })).toEqual({ committed: true });
    receiver.received.splice(0);

    await activate('False').expect(200);

    expect(await taken.kubectl(...reading)).toMatchObject(revoked);
    expect((await service.store.sessions.find(session.id))?.endedAt).toBeInstanceOf(Date);
    await service.withToken(own)('get', '/v1/whoami').expect(401);
    await service.withToken(system)('get', '/v1/whoami').expect(200);
    const { state } = as.request(await service.as('root')('get', `/v1/certificate-requests/${waiting.id}`).expect(200));
    expect(state).toBe('cancelled');
    const left = {
      tokensMade: [{ id: systemId, name: 'pipeline' }],
      requestedForOthers: [
        { fingerprintSha256: forJoan.certificate?.fingerprintSha256 ?? '', username: 'joan', cluster: 'real' },
      ],
      residualExposure: [
        {
          ...{ cluster: 'real', fingerprintSha256: taken.fingerprint, enforcement: 'webhook' },
          notAfter: expect.any(String) as unknown,
          continues: expect.arrayContaining([openedBefore]) as unknown,
        },
      ],
      revokedTokens: [ownId],
    };
    const { body } = await service.as('petra')('get', `/v1/directory-users/${id}`).expect(200);
    expect(body).toMatchObject({ active: false });
    expect((body as { readonly consequences: object }).consequences).toMatchObject({
      ...{ ...left, cancelledRequests: [waiting.id], keptTokens: [] },
    });
    const [message] = await receiver.until(1);
    expect(JSON.parse(message?.body ?? '')).toMatchObject({
      type: 'identity.blocked',
      data: { username: 'jim', revokedCertificates: 1, cancelledRequests: 1, directoryUser: { id, ...left } },
    });
    await activate('True').expect(200);
    expect(await taken.kubectl(...reading)).toMatchObject(revoked);
    const again = await enforced.issue('jim');
    await untilAllowed(() => again.kubectl(...reading));
  });

  it('is proven by a probe, without a delay', async () => {
    const { revocation, probe: found } = await probe(enforced.service);
    expect(found?.revocation).toMatchObject({ mode: 'webhook', verified: true, delaySeconds: 0 });
    expect(revocation.verifiedAt).not.toBeNull();
    const { items } = as.events(
      await enforced.service.as('audrey')('get', '/v1/audit-events?type=RevocationEnforced').expect(200),
    );
    expect(items.at(-1)?.details).toMatchObject({ mode: 'webhook', verified: true, delaySeconds: 0 });
  });

  it('leaves a watch open that was opened before, and says so, until the API server restarts', async () => {
    const taken = await enforced.issue();
    await untilAllowed(() => taken.kubectl(...reading));
    const watch = openWatch(enforced.plane.kubectlPath, taken.file);
    await goesOnByWatch(enforced, watch, 'before-revoking');
    expect((await enforced.revoke(taken.fingerprint)).continues).toContainEqual(openedBefore);
    expect(await taken.kubectl(...reading)).toMatchObject(revoked);
    await goesOnByWatch(enforced, watch, 'after-revoking');
    expect(watch.hasEnded()).toBe(false);

    await restartApiServer(enforced);
    await expect.poll(() => watch.hasEnded(), { timeout: 15_000 }).toBe(true);
    await watch.close();
    expect(await taken.kubectl(...reading, '--watch')).toMatchObject(revoked);
  });

  it('refuses a revoked certificate that acts as somebody else', async () => {
    const taken = await enforced.issue();
    await untilAllowed(() => taken.kubectl(...reading, '--as=jim'));
    await enforced.revoke(taken.fingerprint);
    expect(await taken.kubectl(...reading, '--as=jim')).toMatchObject(revoked);
  });

  it('may see a request as somebody else repeated for 10 s where its holder may do everything, and says so', async () => {
    const taken = await enforced.issue('ann');
    await untilAllowed(() => taken.kubectl(...reading, '--as=jim'));
    const { continues } = await enforced.revoke(taken.fingerprint);
    expect(continues).toContainEqual(expect.stringMatching(/^repeating a request as somebody else/));
    // Another request is refused at once. Whether the same one still passes depends on how much time has gone by.
    expect(await taken.kubectl(...writing('another'), '--dry-run=server', '--as=jim')).toMatchObject(revoked);
    await expect.poll(() => taken.kubectl(...reading, '--as=jim'), { timeout: 20_000 }).toMatchObject(revoked);
  });

  it('is never asked about a member of system:masters', async () => {
    const master = await enforced.signByHand('by-hand', ['system:masters']);
    await enforced.deny(master.fingerprint);
    expect((await master.kubectl(...reading)).code).toBe(0);
    expect((await master.kubectl(...writing('by-hand'), '--dry-run=server')).code).toBe(0);
  });

  it('harms nobody but people with certificates while kubepass is down', async () => {
    const person = await enforced.issue();
    await succeed(enforced.plane, ['create', 'serviceaccount', 'robot']);
    const token = (await succeed(enforced.plane, ['create', 'token', 'robot'])).trim();
    await succeed(enforced.plane, [
      'create',
      'rolebinding',
      'robot',
      '--role=writer',
      '--serviceaccount=default:robot',
    ]);
    await enforced.service.stop();
    const begin = performance.now();
    expect((await person.kubectl(...reading)).code).toBe(1);
    expect(performance.now() - begin).toBeLessThan(15_000);
    const robot = await enforced.plane.kubectl([
      '--token',
      token,
      '--kubeconfig',
      '/dev/null',
      `--server=${enforced.plane.server}`,
      '--insecure-skip-tls-verify',
      ...reading,
    ]);
    expect(robot.code, robot.stderr).toBe(0);
    await succeed(enforced.plane, [...reading]);
  });
});

/** Lets everybody pass, or nobody until so many wait. */
class Gate {
  #count = 0;
  #open = Promise.resolve();
  #arrived = () => {};

  /** Resolves when they all are there. */
  closeUntil(count: number): Promise<void> {
    this.#count = 0;
    return (this.#open = new Promise((resolve) => {
      this.#arrived = () => {
        this.#count += 1;
        if (this.#count === count) resolve();
      };
    }));
  }

  pass(): Promise<void> {
    this.#arrived();
    return this.#open;
  }
}

/** Somebody’s connection to an API server, on which many requests are under way at a time. */
class Person {
  readonly #session: ClientHttp2Session;

  constructor({ server, caPem }: ControlPlane, kubeconfig: string) {
    const file = readFileSync(kubeconfig, 'utf8');
    const ofKey = (key: string) => Buffer.from(new RegExp(`${key}"?: *"?([\\w+/=]+)`).exec(file)?.[1] ?? '', 'base64');
    this.#session = connect(server, {
      ...{ ca: caPem, cert: ofKey('client-certificate-data'), key: ofKey('client-key-data') },
    });
  }

  /** The status of an answer and its text, or why there is none. */
  async ask(method: 'GET' | 'POST', name: string): Promise<string> {
    const path = `/api/v1/namespaces/default/configmaps${method === 'GET' ? `/${name}` : '?dryRun=All'}`;
    const stream = this.#session.request({ ':method': method, ':path': path, 'content-type': 'application/json' });
    const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } };
    if (method === 'POST') stream.end(JSON.stringify(body));
    try {
      const [headers] = (await once(stream, 'response')) as [{ readonly ':status': number }];
      return `${headers[':status']} ${await text(stream)}`;
    } catch (error) {
      return String(error);
    }
  }

  leave() {
    this.#session.destroy();
  }
}

describeControlPlane('an API server that works on 600 requests at once', () => {
  let enforced: Enforced;
  const strangers: RawClient[] = [];
  const reviews = new Gate();
  beforeAll(async () => {
    // The usual limits, and a few more for the control plane itself. Without priorities people may have all of them.
    const apiServerFlags = {
      ...{ 'enable-priority-and-fairness': 'false', 'max-requests-inflight': '420' },
      'max-mutating-requests-inflight': '220',
    };
    const context = (real: RouteContext): RouteContext => ({
      ...real,
      authenticator: {
        authenticate: (credential) => real.authenticator.authenticate(credential),
        authenticateReviewer: async (token) => {
          await reviews.pass();
          return real.authenticator.authenticateReviewer(token);
        },
        useProof: (principal, csr) => real.authenticator.useProof(principal, csr),
      },
    });
    // A busy machine takes longer until 600 wait.
    const edit = (text: string) => text.replace('timeout: 3s', 'timeout: 30s');
    enforced = await openEnforced('webhook', { apiServerFlags, context, edit });
    await enforced.loadFiles();
  });
  afterAll(async () => {
    for (const { socket } of strangers) socket.destroy();
    await enforced.close();
  });

  it('gets an answer to each review while a stranger at its address holds 250 connections', async () => {
    const { plane, service } = enforced;
    const group = 'team-busy';
    await succeed(plane, ['create', 'rolebinding', group, '--role=writer', `--group=${group}`]);
    const taken = await enforced.issue();
    await untilAllowed(() => taken.kubectl(...reading));
    await enforced.revoke(taken.fingerprint);
    const others = await Promise.all(Array.from({ length: 39 }, (_, i) => enforced.signByHand(`person-${i}`, [group])));
    const people = [taken, ...others].map(({ file }) => new Person(plane, file));
    for (let i = 0; i < 250; i += 1) strangers.push(await connectRaw(service.address, { over: 'TCP' }));

    // Fifteen requests for each person. A third of them write.
    const allWait = reviews.closeUntil(600);
    const answering = Promise.all(
      people.map((person, i) =>
        Promise.all(Array.from({ length: 15 }, (_, n) => person.ask(n % 3 === 1 ? 'POST' : 'GET', `of-${i}-${n}`))),
      ),
    );
    const connections = await Promise.race([allWait.then(() => service.connections()), answering]);
    const [ofTaken = [], ...ofOthers] = await answering;
    for (const person of people) person.leave();
    for (const answer of ofTaken) expect(answer).toMatch(/^403 .*this client certificate was revoked/);
    for (const answer of ofOthers.flat()) expect(answer).toMatch(/^(?:404 .*configmaps .*not found|201 )/);
    expect(connections).toBeGreaterThanOrEqual(250 + 600);
  });
});

describeControlPlane('mode listed', () => {
  let enforced: Enforced;
  beforeAll(async () => {
    enforced = await openEnforced('listed', { databases });
    await enforced.loadFiles();
  });
  afterAll(() => enforced.close());

  it('refuses each encoding of a revoked certificate, and nobody else, on two replicas', () =>
    refusesEachEncoding(enforced, reading, (replica) => enforced.loadFiles(replica)));

  it('leaves a watch open that was opened before, and lets members of system:masters pass', async () => {
    const master = await enforced.signByHand('by-hand', ['system:masters']);
    const taken = await enforced.issue();
    await untilAllowed(() => taken.kubectl(...reading));
    const watch = openWatch(enforced.plane.kubectlPath, taken.file);
    await goesOnByWatch(enforced, watch, 'before-revoking');
    await enforced.deny(master.fingerprint);
    expect((await enforced.revoke(taken.fingerprint)).continues).toContainEqual(openedBefore);
    await enforced.loadFiles();
    await expect.poll(async () => taken.kubectl(...reading), { timeout: 15_000 }).toMatchObject(revoked);
    await goesOnByWatch(enforced, watch, 'after-revoking');
    expect(watch.hasEnded()).toBe(false);
    expect((await master.kubectl(...writing('by-hand'), '--dry-run=server')).code).toBe(0);

    await restartApiServer(enforced);
    await expect.poll(() => watch.hasEnded(), { timeout: 15_000 }).toBe(true);
    await watch.close();
    expect(await taken.kubectl(...reading, '--watch')).toMatchObject(revoked);
  });

  it('refuses the listed, and lets everybody else in while kubepass is down', async () => {
    const { taken, sibling } = await enforced.issueWithOthers('jane');
    const others = enforced.inOtherEncodings(taken, rsaEncodings);
    await untilAllowed(() => taken.kubectl(...reading));
    await revokeCertificate(enforced.service.store, taken.fingerprint);
    await enforced.loadFiles();
    await expect.poll(async () => taken.kubectl(...reading), { timeout: 15_000 }).toMatchObject(revoked);
    await enforced.service.stop();
    for (const { kubectl } of [taken, ...others]) expect((await kubectl(...reading)).code).toBe(1);
    expect((await sibling.kubectl(...reading)).code).toBe(0);
  });
});

describeControlPlane('the longest list', () => {
  let enforced: Enforced;
  beforeAll(async () => {
    enforced = await openEnforced('listed');
  });
  afterAll(() => enforced.close());

  it('is loaded by the API server', async () => {
    const taken = await enforced.issue();
    await untilAllowed(() => taken.kubectl(...reading));
    // The probe at the start may have revoked one.
    const operations = Array.from({ length: mostListed - 2 }, (_, i) =>
      insertRevocation(aRevocation({ cluster: 'real', fingerprintSha256: i.toString(16).padStart(64, '0') })),
    );
    await enforced.service.store.writer.commit({ operations, events: [] });
    await revokeCertificate(enforced.service.store, taken.fingerprint);
    await enforced.loadFiles();
    await expect.poll(async () => taken.kubectl(...reading), { timeout: 15_000 }).toMatchObject(revoked);
  });
});

describeControlPlane('mode admission', () => {
  let enforced: Enforced;
  beforeAll(async () => {
    enforced = await openEnforced('admission', { databases });
    await succeed(enforced.plane, ['apply', '--filename', join(component, 'rbac.yaml')]);
    await succeed(enforced.plane, ['apply', '--filename', join(component, 'probe.yaml')]);
    // The JSON is a List, which kubectl applies like the YAML.
    const { text } = await enforced.service.as('root')('get', '/v1/clusters/real/revocation-policy').expect(200);
    await succeed(enforced.plane, ['apply', '--filename', '-'], text);
    await succeed(enforced.plane, ['apply', '--filename', '-'], await enforced.render('revocation-policy'));
  });
  afterAll(() => enforced.close());

  it('refuses each encoding of a revoked certificate, and nobody else, on two replicas', () =>
    refusesEachEncoding(enforced, [...writing('other'), '--dry-run=server'], () => Promise.resolve()));

  // On a quiet machine its first use passes; on a busy one neither two seconds nor a replica's half second are enough.
  it('lets a certificate write that is issued while its name is listed', async () => {
    const [taken] = [await enforced.issue('lea')];
    await enforced.revoke(taken.fingerprint);
    await expect
      .poll(() => taken.kubectl(...writing('lea'), '--dry-run=server'), { timeout: 20_000 })
      .toMatchObject(revoked);
    for (const replica of [enforced.service, enforced.second ?? enforced.service]) {
      const person = new Person(enforced.plane, (await enforced.issue('lea', replica)).file);
      await expect.poll(() => person.ask('POST', 'new'), { timeout: 20_000 }).toMatch(/^201 /);
      person.leave();
    }
  });

  it('refuses writes and exec within seconds, and lets reads and siblings go on', async () => {
    const [taken, sibling] = [await enforced.issue(), await enforced.issue()];
    await untilAllowed(() => taken.kubectl(...writing('first'), '--dry-run=server'));
    await revokeCertificate(enforced.service.store, taken.fingerprint);
    await expect
      .poll(() => taken.kubectl(...writing('second'), '--dry-run=server'), { timeout: 20_000 })
      .toMatchObject(revoked);
    const empty = join(enforced.directory, 'empty');
    writeFileSync(empty, '');
    const exec = ['create', '--raw', '/api/v1/namespaces/default/pods/none/exec?command=ls&stdout=true', '-f', empty];
    expect(await taken.kubectl(...exec)).toMatchObject(revoked);
    expect(await sibling.kubectl(...exec)).toMatchObject(refusedAs('not found'));
    expect((await taken.kubectl(...reading)).code).toBe(0);
    expect((await sibling.kubectl(...writing('third'), '--dry-run=server')).code).toBe(0);
    const list = await succeed(enforced.plane, [
      'get',
      'configmap',
      'revoked-certificates',
      '-n',
      'kubepass',
      '-o',
      'json',
    ]);
    expect((JSON.parse(list) as { data: object }).data).toHaveProperty(taken.fingerprint);
  });

  it('is proven by a probe, which says that reads go on', async () => {
    const { revocation, probe: found } = await probe(enforced.service);
    expect(found?.revocation, found?.revocation?.message ?? '').toMatchObject({ mode: 'admission', verified: true });
    expect(revocation.continues[0]).toBe('reading: get, list and watch');
  });

  it('leaves watches open, and lets new ones begin after a restart of the API server, and says both', async () => {
    const taken = await enforced.issue();
    await untilAllowed(() => taken.kubectl(...reading));
    const watch = openWatch(enforced.plane.kubectlPath, taken.file);
    await goesOnByWatch(enforced, watch, 'before-revoking');
    const { continues } = await enforced.revoke(taken.fingerprint);
    expect(continues).toContain('reading: get, list and watch');
    expect(continues).toContainEqual(openedBefore);
    await expect
      .poll(() => taken.kubectl(...writing('refused'), '--dry-run=server'), { timeout: 20_000 })
      .toMatchObject(revoked);
    await goesOnByWatch(enforced, watch, 'after-revoking');
    expect(watch.hasEnded()).toBe(false);

    await restartApiServer(enforced);
    await expect.poll(() => watch.hasEnded(), { timeout: 15_000 }).toBe(true);
    await watch.close();
    expect(await taken.kubectl(...writing('refused'), '--dry-run=server')).toMatchObject(revoked);
    const again = openWatch(enforced.plane.kubectlPath, taken.file);
    await goesOnByWatch(enforced, again, 'after-the-restart');
    await again.close();
  });

  it('does not see who acts as somebody else, and says so', async () => {
    const taken = await enforced.issue();
    await untilAllowed(() => taken.kubectl(...writing('as-somebody'), '--dry-run=server'));
    expect((await enforced.revoke(taken.fingerprint)).continues).toContainEqual(
      expect.stringContaining('impersonation'),
    );
    await expect
      .poll(() => taken.kubectl(...writing('as-somebody'), '--dry-run=server'), { timeout: 20_000 })
      .toMatchObject(revoked);
    expect((await taken.kubectl(...writing('as-somebody'), '--dry-run=server', '--as=jim')).code).toBe(0);
  });

  it('refuses what a member of system:masters writes, but not that it takes the policy away, and says so', async () => {
    const master = await enforced.signByHand('by-hand', ['system:masters']);
    const write = () => master.kubectl(...writing('by-hand'), '--dry-run=server');
    expect((await write()).code).toBe(0);
    await enforced.deny(master.fingerprint);
    await expect.poll(write, { timeout: 20_000 }).toMatchObject(revoked);
    expect((await master.kubectl(...reading)).code).toBe(0);
    const emptied = ['patch', 'configmap', 'revoked-certificates', '-n', 'kubepass', '--patch', '{"data":null}'];
    expect(await master.kubectl(...emptied)).toMatchObject(revoked);

    const binding = ['validatingadmissionpolicybinding', 'kubepass-revoked-certificates'];
    expect((await master.kubectl('delete', ...binding)).code).toBe(0);
    await expect.poll(async () => (await write()).code, { timeout: 20_000 }).toBe(0);
    const { continues } = await enforced.revoke((await enforced.issue()).fingerprint);
    expect(continues).toContainEqual(expect.stringContaining('removing the admission policy'));
  });
});

describeControlPlane('an authorization webhook with the default caches', () => {
  let enforced: Enforced;
  beforeAll(async () => {
    const edit = (text: string) => text.replaceAll(/^ *(?:un)?authorizedTTL.*\n|^ *cache\w+Requests.*\n/gm, '');
    enforced = await openEnforced('webhook', { edit });
    await enforced.loadFiles();
  });
  afterAll(() => enforced.close());

  it('is proven to refuse after half a minute', async () => {
    const { probe: found } = await probe(enforced.service);
    expect(found?.revocation?.verified, found?.revocation?.message ?? '').toBe(true);
    expect(found?.revocation?.delaySeconds).toBeGreaterThan(20);
    expect(found?.revocation?.delaySeconds).toBeLessThan(40);
  });
});
