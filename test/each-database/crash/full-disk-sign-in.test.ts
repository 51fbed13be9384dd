// Tests src/callers/sessions.ts, src/callers/api-tokens.ts, src/store/sqlite/batch-writer.ts
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recoverAdminToken } from '../../../src/start/api-tokens.js';
import { loadConfig } from '../../../src/config/config.js';
import { readEnvironment } from '../../../src/config/env.js';
import { csrFor } from '../../../packages/x509/test/helpers/csr.js';
import { freePort } from '../../helpers/free-ports.js';
import { IdentityProvider } from '../../helpers/identity-provider.js';
import { testPolicies } from '../../helpers/issuance.js';
import { keyProof } from '../../helpers/key-proof.js';
import { freshDatabase, prepareDatabases } from '../../helpers/postgresql/databases.js';
import { startPostgresql, type PostgresqlServer } from '../../helpers/postgresql/server.js';
import { postgresqlEnvironment } from '../../helpers/service-on-postgresql.js';
import { mountSmallDisk } from '../../helpers/small-disk.js';
import { temporaryDirectory } from '../../helpers/temporary-directory.js';
import { onPostgresql } from '../../helpers/test-store.js';
import { clientSecret, SigningBrowser } from '../../http/support/sign-in.js';
import { makeTlsPair } from '../../http/support/tls-files.js';
import { startChild, type ChildService } from '../../crash/child-service.js';
import { callTo, type Call } from '../../crash/ledger.js';

const disk = mountSmallDisk(onPostgresql ? 200 : 64);
if ('unavailable' in disk) console.log(`a full disk is not tested: ${disk.unavailable}`);

describe.skipIf('unavailable' in disk)('a disk that fills while people come in', () => {
  if ('unavailable' in disk) return;
  const directory = temporaryDirectory();
  const policiesDir = join(directory.path, 'policies');
  const dataDir = join(onPostgresql ? directory.path : disk.path, 'data');
  let server: PostgresqlServer | undefined;
  let provider: IdentityProvider;
  let child: ChildService;
  let port: number;
  let ballast: NodeJS.Timeout | undefined;
  const breakGlass: Call = callTo(
    () => child.address,
    () => readFileSync(join(dataDir, 'admin-token'), 'utf8').trim(),
  );

  beforeAll(async () => {
    mkdirSync(policiesDir);
    writeFileSync(join(policiesDir, 'test.yaml'), testPolicies);
    let environment: Readonly<Record<string, string>> = {};
    if (onPostgresql) {
      server = await startPostgresql({ durable: true, parent: disk.path, walMebibytes: 32 });
      const { url } = await freshDatabase(await prepareDatabases(server));
      environment = await postgresqlEnvironment(dataDir, url);
    }
    port = await freePort();
    provider = await IdentityProvider.start({
      tls: true,
      accounts: { jane: { groups: ['staff'] }, bob: { groups: ['staff'] }, 'root-person': {} },
      clients: [
        {
          client_id: 'kubepass-login',
          client_secret: clientSecret,
          redirect_uris: [`https://127.0.0.1:${String(port)}/v1/login/corp/callback`],
          grant_types: ['authorization_code'],
          response_types: ['code'],
        },
      ],
    });
    const file = (name: string, content: string) => {
      writeFileSync(join(directory.path, name), content, { mode: 0o600 });
      return join(directory.path, name);
    };
    const { cert, key } = makeTlsPair();
    const [certFile, keyFile] = [file('ca.crt', cert), file('ca.key', key)];
    const config = file(
      'kubepass.yaml',
      `
publicAddress: { url: "https://127.0.0.1:${String(port)}" }
tls: { terminated: true }
clusters:
  - name: demo
    server: https://127.0.0.1:6443
    servingCertificateAuthority: ${certFile}
    signer: { localCA: { certFile: ${certFile}, keyFile: ${keyFile} } }
callers:
  apiTokens: { admins: false }
  oidc:
    - name: corp
      issuer: ${provider.issuer}
      audiences: [kubepass]
      certificateAuthority: ${file('idp.crt', provider.caPem ?? '')}
      login: { clientId: kubepass-login, clientSecretFile: ${file('login.secret', `${clientSecret}\n`)} }
roles:
  - { groups: [staff], roles: [requester] }
  - { names: [root-person], roles: [admin] }
`,
    );
    const more = { KUBEPASS_CONFIG: config, KUBEPASS_PORT: String(port) };
    const paths = { KUBEPASS_DATA_DIR: dataDir, KUBEPASS_POLICIES_DIR: policiesDir };
    await recoverAdminToken(loadConfig(readEnvironment({ ...paths, ...environment, ...more })));
    child = await startChild(dataDir, policiesDir, undefined, { ...environment, ...more });
  });
  afterAll(async () => {
    clearInterval(ballast);
    await child.kill();
    await provider.stop();
    await server?.remove();
    disk.remove();
    directory.remove();
  });

  const newBrowser = () =>
    new SigningBrowser({ service: { address: child.address }, provider, origin: `https://127.0.0.1:${String(port)}` });
  const sessionOf = (browser: SigningBrowser) => /__Host-kubepass-session=[^;]+/.exec(browser.cookies);
  /** A call by a page of the service. */
  const asPage = async (browser: SigningBrowser, method: string, path: string) => {
    const headers = { cookie: browser.cookies, 'sec-fetch-site': 'same-origin' };
    const answer = await fetch(`${child.address}${path}`, { method, headers });
    return { status: answer.status, text: await answer.text() };
  };
  const itemsOf = (answer: { readonly text: string }) =>
    (JSON.parse(answer.text) as { items: readonly Readonly<Record<string, unknown>>[] }).items;

  it('lets nobody in halfway, and everybody in again when there is space', async () => {
    const [jane, admin] = [newBrowser(), newBrowser()];
    for (const [browser, name] of [
      [jane, 'jane'],
      [admin, 'root-person'],
    ] as const)
      expect((await browser.signIn(name)).status).toBe(302);
    const token = await provider.mint({ sub: 'jane', groups: ['staff'] });
    const asJane = callTo(
      () => child.address,
      () => token,
    );
    const held = await csrFor('jane', ['team-a']);
    const ask = JSON.stringify({ csr: held.pem });
    const issued = await asJane('POST', '/v1/certificate-requests', ask, { prefer: 'wait=20' });
    expect(issued.status, issued.text).toBe(201);
    const { certificate } = JSON.parse(issued.text) as { certificate: { fingerprintSha256: string } };
    const renew = async () => {
      const { pem } = await csrFor('jane', ['team-a']);
      const [fingerprint, key] = [certificate.fingerprintSha256, held.keyPair.privateKey];
      const address = `https://127.0.0.1:${String(port)}`;
      const proof = await keyProof({ fingerprint, key, address, csr: pem });
      const send = callTo(
        () => child.address,
        () => '',
      );
      const headers = { authorization: `KubepassProof ${proof}`, prefer: 'wait=20' };
      return send('POST', `/v1/certificates/${fingerprint}/renew`, JSON.stringify({ csr: pem }), headers);
    };

    ballast = setInterval(() => disk.fill(), 20);
    const issue = () => asJane('POST', '/v1/kubeconfigs', '{"username":"jane","groups":["team-a"]}');
    await expect.poll(async () => (await issue()).status, { timeout: 120_000, interval: 1 }).toBe(503);

    // PostgreSQL may have room in a file that it has. An answer that lets somebody in is then on record, like every
    // other.
    const refusedOr = (success: number) => (onPostgresql ? expect.toBeOneOf([503, success]) : 503) as number;
    // The provider vouches for bob, and no session begins.
    const bob = newBrowser();
    const back = await bob.atProvider('bob');
    const called = await bob.call(back);
    expect(called.status, called.body).toEqual(refusedOr(302));
    expect(sessionOf(bob) === null).toBe(called.status === 503);
    // Each sign-in can be finished once.
    expect((await bob.call(back)).status).toBe(400);
    const acted: number[] = [];
    for (const [method, path, success, body] of [
      ['GET', '/v1/whoami', 200],
      ['GET', '/v1/audit-events', 200],
      ['POST', '/v1/api-tokens', 201, '{"name":"x","roles":["requester"]}'],
    ] as const) {
      const answer = await breakGlass(method, path, body);
      expect(answer.status, answer.text).toEqual(refusedOr(success));
      if (answer.status === 503) expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
      acted.push(answer.status);
    }
    const proven = await renew();
    expect(proven.status, proven.text).toEqual(refusedOr(201));
    const signOut = await asPage(jane, 'DELETE', '/v1/sessions/current');
    expect(signOut.status, signOut.text).toEqual(refusedOr(204));
    // A server that a full disk has ended answers nobody.
    if (!onPostgresql) expect((await asPage(jane, 'GET', '/v1/whoami')).status).toBe(200);
    clearInterval(ballast);
    disk.free();
    // PostgreSQL ends itself if it cannot write its log; its operator starts it again.
    await server?.start();

    await expect.poll(async () => (await issue()).status, { timeout: 60_000 }).toBe(201);
    const eventsOf = async (type: string) => itemsOf(await asPage(admin, 'GET', `/v1/audit-events?type=${type}`));
    const sessions = itemsOf(await asPage(admin, 'GET', '/v1/sessions')).map(({ name }) => name);
    const used = await eventsOf('BreakGlassTokenUsed');
    const made = await eventsOf('ApiTokenCreated');
    if (called.status === 302) expect(sessions).toContain('bob');
    if (acted.some((status) => status !== 503)) expect(used.length).toBeGreaterThan(0);
    if (acted[2] === 201) expect(made).toHaveLength(1);
    // PostgreSQL may have committed what its end kept it from telling. SQLite has not.
    if (!onPostgresql) {
      expect(sessions.toSorted()).toEqual(['jane', 'root-person']);
      expect((await eventsOf('SignedIn')).map(({ principal }) => principal)).toEqual(['jane', 'root-person']);
      expect([used, made, await eventsOf('SignedOut')]).toEqual([[], [], []]);
    }

    const again = newBrowser();
    expect((await again.signIn('bob')).status).toBe(302);
    expect((await asPage(again, 'GET', '/v1/whoami')).status).toBe(200);
    expect((await breakGlass('GET', '/v1/whoami')).status).toBe(200);
    if (!onPostgresql) expect(await eventsOf('BreakGlassTokenUsed')).toMatchObject([{ details: { uses: 1 } }]);
    if (proven.status === 503) {
      const renewed = await renew();
      expect(renewed.status, renewed.text).toEqual(onPostgresql ? expect.toBeOneOf([201, 409]) : 201);
    }
    if (signOut.status === 503) await asPage(jane, 'DELETE', '/v1/sessions/current');
    expect((await asPage(jane, 'GET', '/v1/whoami')).status).toBe(401);
  });
});
