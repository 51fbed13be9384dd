// Tests src/signing/keys/agent-key.ts, src/signing/local-ca-signer.ts
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testPolicies } from '../helpers/issuance.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { as } from '../http/support/call.js';
import { startService, type TestService } from '../http/support/service.js';
import { startAgent } from '../keys/support/agent-process.js';
import { missingKeyTools } from '../keys/support/key-tools.js';
import { SoftHsm } from '../keys/support/soft-hsm.js';
import { succeed } from './certificate-signing-request.js';
import type { ControlPlane } from './control-plane.js';
import { shownBy, usernameAt } from './shown-certificate.js';
import { describeControlPlane, openControlPlane } from './suite.js';

const keyTypes = ['rsa:2048', 'EC:prime256v1', 'EC:secp384r1'] as const;
const clusterOf = (type: (typeof keyTypes)[number]): string => type.toLowerCase().replace(':', '-');

/** The extensions of a CA below an offline root, for openssl. */
const extensions = `basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
extendedKeyUsage = clientAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
`;

describeControlPlane('a CA with its key in an HSM, below an offline root', () => {
  describe.skipIf(missingKeyTools().length > 0)('on a real cluster that trusts the root alone', () => {
    const directory = temporaryDirectory();
    const inDirectory = (name: string): string => join(directory.path, name);
    const openssl = (...args: readonly string[]): string =>
      execFileSync('openssl', args, { cwd: directory.path, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    let plane: ControlPlane;
    let hsm: SoftHsm;
    let agent: Awaited<ReturnType<typeof startAgent>>;
    let service: TestService;

    beforeAll(async () => {
      plane = await openControlPlane();
      hsm = await SoftHsm.create();
      for (const type of keyTypes) await hsm.generate({ type, label: clusterOf(type) });
      agent = await startAgent();
      await agent.addToken(hsm);
      openssl(
        ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-384', '-nodes', '-keyout', 'root.key'],
        ...['-out', 'root.crt', '-days', '30', '-subj', '/O=Example/CN=offline root'],
        ...['-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=critical,keyCertSign,cRLSign'],
      );
      writeFileSync(inDirectory('ca.ext'), extensions);
      writeFileSync(inDirectory('bundle.crt'), plane.clientCaPem + readFileSync(inDirectory('root.crt'), 'utf8'));
      renameSync(inDirectory('bundle.crt'), plane.clientCaPath);
      writeFileSync(inDirectory('serving.crt'), plane.caPem);
      const clusters = keyTypes.map((type) => ({
        name: clusterOf(type),
        server: plane.server,
        servingCertificateAuthority: inDirectory('serving.crt'),
        // They are one real cluster, and one root is above their CAs.
        sharedTrust: true,
        signer: {
          localCA: {
            issuers: [
              {
                name: 'users',
                certFile: inDirectory(`${clusterOf(type)}.crt`),
                key: { agent: agent.path, label: clusterOf(type) },
                anchorFile: inDirectory('root.crt'),
                subject: { commonName: `users by ${clusterOf(type)}`, organization: ['Example'] },
              },
            ],
          },
        },
      }));
      // JSON is YAML.
      service = await startService({
        policies: testPolicies.replaceAll('clusters: [demo]', 'clusters: ["*"]'),
        config: JSON.stringify({ clusters }),
      });
    });
    afterAll(async () => {
      await service.close();
      await agent.remove();
      hsm.remove();
      await plane.stop();
      directory.remove();
    });

    it.each(keyTypes)('issues kubeconfigs that kubectl uses, by a key of %s that never leaves it', async (type) => {
      const cluster = clusterOf(type);
      const issuer = `/v1/clusters/${cluster}/issuers/users`;
      const root = service.as('root');
      const state = async () => ((await root('get', issuer).expect(200)).body as { readonly state: string }).state;
      await expect.poll(state).toBe('uncertified');
      const asked = { cluster, username: 'jane', groups: ['team-a'] };
      await service.as('hr-system')('post', '/v1/kubeconfigs').send(asked).expect(503);

      const calling = root('get', `${issuer}/certification-request`).set('accept', 'application/x-pem-file');
      const request = await calling.expect(200);
      writeFileSync(inDirectory(`${cluster}.csr`), request.text);
      expect(openssl('req', '-in', `${cluster}.csr`, '-noout', '-subject', '-nameopt', 'RFC2253').trim()).toBe(
        `subject=CN=users by ${cluster},O=Example`,
      );
      openssl(
        ...['x509', '-req', '-in', `${cluster}.csr`, '-CA', 'root.crt', '-CAkey', 'root.key', '-set_serial', '0x1234'],
        ...['-days', '20', '-sha384', '-extfile', 'ca.ext', '-out', `${cluster}.signed`],
      );
      renameSync(inDirectory(`${cluster}.signed`), inDirectory(`${cluster}.crt`));
      await expect.poll(state, { timeout: 90_000 }).toBe('next');

      await root('post', `${issuer}/activate`).send({ comment: 'the first one' }).expect(200);
      const { kubeconfig, certificate } = as.kubeconfig(
        await service.as('hr-system')('post', '/v1/kubeconfigs').send(asked).expect(201),
      );
      const chain = (certificate.pem ?? '').match(/-----BEGIN [^]*?-----END CERTIFICATE-----\n/g) ?? [];
      expect(chain).toHaveLength(2);
      expect(new X509Certificate(chain[1] ?? '').raw).toEqual(
        new X509Certificate(readFileSync(inDirectory(`${cluster}.crt`))).raw,
      );
      const file = inDirectory(`${cluster}.kubeconfig`);
      writeFileSync(file, kubeconfig, { mode: 0o600 });
      const whoami = await succeed(plane, [`--kubeconfig=${file}`, 'auth', 'whoami', '--output=json']);
      expect(JSON.parse(whoami)).toMatchObject({
        status: { userInfo: { username: 'jane', groups: ['team-a', 'system:authenticated'] } },
      });

      // The leaf by itself is refused, because the API server has the root alone.
      const leaf = { ...shownBy(kubeconfig), certificatePem: chain[0] ?? '' };
      expect(await usernameAt(plane.server, plane.caPem, leaf)).toBeNull();
      writeFileSync(inDirectory('leaf.pem'), chain[0] ?? '');
      expect(
        openssl(
          ...['verify', '-x509_strict', '-purpose', 'sslclient', '-CAfile', 'root.crt'],
          ...['-untrusted', `${cluster}.crt`, 'leaf.pem'],
        ),
      ).toBe('leaf.pem: OK\n');
    });
  });
});
