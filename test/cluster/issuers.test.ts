// Tests src/clusters/issuers/probe-issuer.ts, src/clusters/issuers/activate-issuer.ts
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type MadeCertificate, makeAuthority } from '../../packages/x509/test/helpers/certificates.js';
import { testPolicies } from '../helpers/issuance.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { as } from '../http/support/call.js';
import { startService, type TestService } from '../http/support/service.js';
import type { ControlPlane } from './control-plane.js';
import { shownBy, type ShownCertificate, usernameAt } from './shown-certificate.js';
import { describeControlPlane, openControlPlane } from './suite.js';

const callers = 8;
const hour = 3_600_000;
const validity = { notBefore: new Date(Date.now() - hour), notAfter: new Date(Date.now() + 400 * 24 * hour) };

interface ProbedIssuer {
  readonly state: string;
  readonly certificates: { readonly live: number; readonly latestNotAfter: string | null };
  readonly probe: { readonly addresses: readonly ProbedAddress[] } | null;
}
interface ProbedAddress {
  readonly address: string;
  readonly accepts: 'yes' | 'no' | 'unknown';
  readonly acceptedAs: string | null;
  readonly reason: string | null;
}

/** Two API servers on one etcd, each with client CAs of its own, and kubepass with two CAs for them. */
describeControlPlane('a CA that follows another one on a real cluster', () => {
  const directory = temporaryDirectory();
  let plane: ControlPlane;
  let service: TestService;
  let addresses: readonly string[];
  /** The files of `--client-ca-file`. */
  let bundleFiles: readonly string[];
  let base: string;

  const place = (name: string, ca: MadeCertificate): string => {
    const at = (end: string) => join(directory.path, `${name}.${end}`);
    writeFileSync(at('crt'), ca.pem);
    writeFileSync(at('key'), ca.key.pem, { mode: 0o600 });
    return `{ name: ${name}, certFile: ${at('crt')}, key: { file: ${at('key')} } }`;
  };

  beforeAll(async () => {
    const [before, after] = ['before', 'after'].map((name) =>
      makeAuthority({ subject: [['CN', `users ${name}`]], ...validity }),
    ) as [MadeCertificate, MadeCertificate];
    plane = await openControlPlane();
    base = plane.clientCaPem;
    const second = join(directory.path, 'second-client-ca.crt');
    bundleFiles = [plane.clientCaPath, second];
    for (const file of bundleFiles) writeFileSync(file, base + before.pem);
    addresses = [plane.server, await plane.addApiServer(second)];
    writeFileSync(join(directory.path, 'serving.crt'), plane.caPem);
    service = await startService({
      policies: testPolicies.replaceAll('clusters: [demo]', 'clusters: ["*"]'),
      config: `
clusters:
  - name: real
    server: ${plane.server}
    apiServers: [${addresses.join(', ')}]
    servingCertificateAuthority: ${join(directory.path, 'serving.crt')}
    signer:
      localCA:
        issuers:
          - ${place('before', before)}
          - ${place('after', after)}
`,
    });
  });
  afterAll(async () => {
    await service.close();
    await plane.stop();
    directory.remove();
  });

  const issuer = async (name: string): Promise<ProbedIssuer> =>
    (await service.as('root')('get', `/v1/clusters/real/issuers/${name}`).expect(200)).body as ProbedIssuer;
  const change = (name: string, to: 'probe' | 'activate' | 'retire', body?: object) =>
    service.as('root')('post', `/v1/clusters/real/issuers/${name}/${to}`).send(body);
  const probed = async (name: string): Promise<readonly ProbedAddress[]> =>
    ((await change(name, 'probe').expect(200)).body as ProbedIssuer).probe?.addresses ?? [];
  const bundle = async (): Promise<string> => {
    const asked = service.as('root')('get', '/v1/clusters/real/certificate-authority?role=client');
    return (await asked.set('accept', 'application/pem-certificate-chain').expect(200)).text;
  };
  /** Puts the bundle of kubepass behind the node's own CA, as its program does. */
  const placeBundle = async (file: string): Promise<void> => {
    writeFileSync(`${file}.new`, base + (await bundle()));
    renameSync(`${file}.new`, file);
  };
  const kubeconfig = async (username: string) => {
    const asked = service
      .as('hr-system')('post', '/v1/kubeconfigs')
      .send({ cluster: 'real', username, groups: ['team-a'] });
    return shownBy(as.kubeconfig(await asked.expect(201)).kubeconfig);
  };
  const seenByAll = (shown: ShownCertificate) =>
    Promise.all(addresses.map((address) => usernameAt(address, plane.caPem, shown)));

  it('is shown to each API server, and cannot sign while one of them does not trust it', async () => {
    await placeBundle(bundleFiles[0]!);
    await expect.poll(async () => (await probed('after')).map(({ accepts }) => accepts)).toEqual(['yes', 'no']);
    const refused = as.problem(await change('after', 'activate', {}).expect(409));
    expect(refused).toMatchObject({
      type: expect.stringContaining('issuer-not-accepted') as unknown,
      addresses: [
        { address: addresses[0], accepts: 'yes', acceptedAs: 'kubepass-probe', reason: null },
        { address: addresses[1], accepts: 'no', acceptedAs: null },
      ],
    });
    expect((await issuer('after')).state).toBe('next');
    expect(await seenByAll(await kubeconfig('jane'))).toEqual(['jane', 'jane']);
  });

  it('takes over under load, and each certificate of before and after works at each API server', async () => {
    await placeBundle(bundleFiles[1]!);
    await expect.poll(async () => (await probed('after')).map(({ accepts }) => accepts)).toEqual(['yes', 'yes']);
    const shown: ShownCertificate[] = [];
    let under = true;
    const load = Array.from({ length: callers }, async (_, i) => {
      for (let n = 0; under; n++) shown.push(await kubeconfig(`user-${i}-${n}`));
    });
    await expect.poll(() => shown.length).toBeGreaterThan(callers);
    await change('after', 'activate', { comment: 'a yearly rotation' }).expect(200);
    const first = shown.length;
    await expect.poll(() => shown.length).toBeGreaterThan(first + callers);
    await change('before', 'activate', { comment: 'and back' }).expect(200);
    await change('after', 'activate').expect(200);
    const last = shown.length;
    await expect.poll(() => shown.length).toBeGreaterThan(last + callers);
    under = false;
    await Promise.all(load);
    const usernames = await Promise.all(shown.map((one) => seenByAll(one)));
    expect(usernames.flat().filter((name) => name === null)).toEqual([]);
    expect((await issuer('before')).state).toBe('retiring');
  });

  it('retires once nobody is left, and the API servers refuse the one that is gone', async () => {
    const { live, latestNotAfter } = (await issuer('before')).certificates;
    expect(live).toBeGreaterThan(0);
    const refused = as.problem(await change('before', 'retire').expect(409));
    expect(refused).toMatchObject({
      type: expect.stringContaining('issuer-in-use') as unknown,
      live,
      latestNotAfter,
    });
    const served = '/v1/certificates?cluster=real&issuer=before&status=live&limit=200';
    const left = async () => as.certificates(await service.as('root')('get', served).expect(200)).items;
    for (let items = await left(); items.length > 0; items = await left())
      for (const { fingerprintSha256 } of items) {
        const revoked = service.as('root')('post', `/v1/certificates/${fingerprintSha256}/revoke`);
        await revoked.send({ reason: 'superseded' }).expect(200);
      }
    expect((await issuer('before')).certificates).toEqual({ live: 0, latestNotAfter: null });
    await change('before', 'retire').expect(200);
    expect(await bundle()).toBe(readFileSync(join(directory.path, 'after.crt'), 'utf8'));
    expect((await probed('before')).map(({ accepts }) => accepts)).toEqual(['yes', 'yes']);
    for (const file of bundleFiles) await placeBundle(file);
    await expect.poll(async () => (await probed('before')).map(({ accepts }) => accepts)).toEqual(['no', 'no']);
    expect(await seenByAll(await kubeconfig('jane'))).toEqual(['jane', 'jane']);
  });
});
