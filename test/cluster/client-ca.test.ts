// Tests packages/x509/src/strict/authority-chain.ts, src/clusters/issuers/client-bundle.ts
import { readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { keyPurpose } from '@kubepass/x509';
import {
  type CertificateFields,
  type MadeCertificate,
  makeAuthority,
  makeCertificate,
  makeKey,
  nameConstraints,
  nameOf,
  pathLength,
} from '../../packages/x509/test/helpers/certificates.js';
import { succeed } from './certificate-signing-request.js';
import type { ControlPlane } from './control-plane.js';
import { ShownConnection, usernameAt } from './shown-certificate.js';
import { describeControlPlane, openControlPlane } from './suite.js';

const hour = 3_600_000;
const validity = { notBefore: new Date(Date.now() - hour), notAfter: new Date(Date.now() + 24 * hour) };
const ended = { notBefore: new Date(Date.now() - 2 * hour), notAfter: new Date(Date.now() - hour) };

const authority = (name: string, fields: CertificateFields = {}): MadeCertificate =>
  makeAuthority({ subject: [['CN', name]], ...validity, ...fields });

/** A user certificate of `issuer`, shown with some certificates behind it. */
function leafOf(issuer: MadeCertificate, behind: readonly MadeCertificate[] = [], fields: CertificateFields = {}) {
  const leaf = makeCertificate({ issuer, ...validity, ...fields });
  return { certificatePem: leaf.pem + behind.map(({ pem }) => pem).join(''), privateKeyPem: leaf.key.pem };
}

/** The facts about `--client-ca-file` on which the change from one CA to the next rests. */
describeControlPlane('a real API server and the CAs of its clients', () => {
  let plane: ControlPlane;
  let ownBundle: string;
  beforeAll(async () => {
    plane = await openControlPlane();
    ownBundle = readFileSync(plane.clientCaPath, 'utf8');
  });
  afterAll(() => plane.stop());

  const replace = (text: string): void => {
    writeFileSync(`${plane.clientCaPath}.new`, text);
    renameSync(`${plane.clientCaPath}.new`, plane.clientCaPath);
  };
  const trust = (...anchors: readonly MadeCertificate[]): void => {
    replace(ownBundle + anchors.map(({ pem }) => pem).join(''));
  };
  const username = (shown: ReturnType<typeof leafOf>) => usernameAt(plane.server, plane.caPem, shown);
  const accepted = (shown: ReturnType<typeof leafOf>) => expect.poll(() => username(shown)).toBe('jane');
  /** The file is in force as soon as a certificate of a CA that it has at its end is accepted. */
  const trustNow = async (...anchors: readonly MadeCertificate[]): Promise<void> => {
    const last = authority('last of the file');
    trust(...anchors, last);
    await accepted(leafOf(last));
  };

  describe('whose file is replaced by rename', () => {
    const [before, next] = [authority('before'), authority('next')];
    beforeEach(() => trustNow(before));

    it('accepts the new CA and refuses the one that is gone, at open connections too', async () => {
      const open = new ShownConnection(plane.server, plane.caPem, leafOf(before));
      expect(await open.username()).toBe('jane');
      trust(next);
      await accepted(leafOf(next));
      expect(await open.username()).toBeNull();
      open.close();
    });

    it('goes on with the former CAs where the file is empty or is no PEM', async () => {
      for (const text of ['', 'no certificate\n']) {
        replace(text);
        await sleep(1_000);
        expect(await username(leafOf(before))).toBe('jane');
      }
    });

    it('takes a file that is cut off as far as it goes', async () => {
      const whole = next.pem + before.pem;
      replace(whole.slice(0, -200));
      await accepted(leafOf(next));
      expect(await username(leafOf(before))).toBeNull();
    });

    it('accepts two keys under one subject', async () => {
      const twin = authority('before');
      await trustNow(before, twin);
      expect(await username(leafOf(before))).toBe('jane');
      expect(await username(leafOf(twin))).toBe('jane');
    });

    it('keeps each CA that it ever had in the ConfigMap for aggregated API servers', async () => {
      const bundle = async () =>
        succeed(plane, [
          ...['get', 'configmap', 'extension-apiserver-authentication', '--namespace=kube-system'],
          '--output=jsonpath={.data.client-ca-file}',
        ]);
      const lines = (pem: string): string => pem.replaceAll(/-----[^-]*-----|\s/g, '');
      const holds = async (one: MadeCertificate) => lines(await bundle()).includes(lines(one.pem));
      await expect.poll(() => holds(before)).toBe(true);
      await trustNow(next);
      expect(await username(leafOf(before))).toBeNull();
      await expect.poll(() => holds(next)).toBe(true);
      expect(await holds(before)).toBe(true);
    });
  });

  describe('with an offline root in the file', () => {
    const root = authority('root');
    const intermediate = authority('users', { issuer: root, basicConstraints: pathLength(0) });
    beforeEach(() => trustNow(root));

    it('needs the intermediate behind the leaf, and minds no root behind that', async () => {
      expect(await username(leafOf(intermediate))).toBeNull();
      expect(await username(leafOf(intermediate, [intermediate]))).toBe('jane');
      expect(await username(leafOf(intermediate, [intermediate, root]))).toBe('jane');
    });

    it('refuses a chain that RFC 5280 refuses', async () => {
      const below = (fields: CertificateFields) => authority('bad', { issuer: root, ...fields });
      const bad: Readonly<Record<string, MadeCertificate>> = {
        ended: below(ended),
        'for servers alone': below({ extKeyUsage: [keyPurpose.serverAuth] }),
        'no CA': below({ basicConstraints: null }),
      };
      for (const [why, issuer] of Object.entries(bad)) expect(await username(leafOf(issuer, [issuer])), why).toBeNull();
      const lower = authority('lower', { issuer: intermediate });
      expect(await username(leafOf(lower, [lower, intermediate])), 'a CA below path length 0').toBeNull();
    });

    it('refuses everybody below a critical constraint on directory names, and ignores one that is not critical', async () => {
      const constrained = (critical: boolean) =>
        authority('constrained', {
          issuer: root,
          extensions: [nameConstraints({ directory: [nameOf([['O', 'other']])] }, {}, critical)],
        });
      const [critical, advisory] = [constrained(true), constrained(false)];
      expect(
        await username(
          leafOf(critical, [critical], {
            subject: [
              ['O', 'other'],
              ['CN', 'jane'],
            ],
          }),
        ),
      ).toBeNull();
      expect(
        await username(
          leafOf(advisory, [advisory], {
            subject: [
              ['O', 'dev'],
              ['CN', 'jane'],
            ],
          }),
        ),
      ).toBe('jane');
    });
  });

  it('takes an intermediate as an anchor: its leaves alone, and not those of its sister', async () => {
    const root = authority('root');
    const [one, sister] = [authority('one', { issuer: root }), authority('sister', { issuer: root })];
    await trustNow(one);
    expect(await username(leafOf(one))).toBe('jane');
    expect(await username(leafOf(sister, [sister]))).toBeNull();
  });

  it('refuses everybody below an anchor that has ended', async () => {
    const root = authority('root', ended);
    await trustNow(root);
    expect(await username(leafOf(root))).toBeNull();
  });

  it('accepts a new CA by a certificate that the old one signed for it, unless the old one has path length 0', async () => {
    for (const [old, seen] of [
      [authority('old'), 'jane'],
      [authority('old', { basicConstraints: pathLength(0) }), null],
    ] as const) {
      const key = makeKey();
      const next = authority('new', { key });
      const cross = authority('new', { key, issuer: old, subjectKeyIdentifier: next.keyIdentifier });
      await trustNow(old);
      expect(await username(leafOf(next))).toBeNull();
      expect(await username(leafOf(next, [cross]))).toBe(seen);
    }
  });

  // The last test, because the API server then looks at its file once a minute for a while.
  it('goes on with the former CAs where the file is gone, and sees the next file within a minute or two', async () => {
    const [before, next] = [authority('before'), authority('next')];
    await trustNow(before);
    unlinkSync(plane.clientCaPath);
    await sleep(1_000);
    expect(await username(leafOf(before))).toBe('jane');
    trust(next);
    await expect.poll(() => username(leafOf(next)), { timeout: 150_000 }).toBe('jane');
    expect(await username(leafOf(before))).toBeNull();
  });
});
