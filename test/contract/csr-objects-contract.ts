import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClusterConnection } from '../../src/kubernetes/cluster-connection.js';
import { kubeApiserverClient } from '../../src/kubernetes/csr-object.js';
import {
  ClusterConflictError,
  ClusterForbiddenError,
  ClusterRefusedError,
  ClusterUnavailableError,
} from '../../src/kubernetes/cluster-error.js';
import { decodePemBundle, decodeSinglePem, readCertificate } from '@kubepass/x509';
import { csrFor } from '../../packages/x509/test/helpers/csr.js';
import { issue, makeAuthority } from '../helpers/fake-api-server/serving-certificate.js';
import { kubepassRules } from '../helpers/fake-api-server/rbac.js';
import {
  ConnectionBench,
  type ContractCluster,
  hasCondition,
  issued,
  newCsr,
  soon,
  uniqueName,
} from './cluster-under-contract.js';

/** The behaviour of an API server, and of the client for it, that kubepass relies on. */
export function csrObjectsContract(name: string, open: () => Promise<ContractCluster>): void {
  describe(`CSR objects: ${name}`, () => {
    let cluster: ContractCluster;
    let bench: ConnectionBench;
    let admin: ClusterConnection;
    /** The rules of kubepass's deployment. */
    let limited: ClusterConnection;
    let limitedName: string;
    beforeAll(async () => {
      cluster = await open();
      bench = new ConnectionBench(cluster);
      admin = await bench.admin();
      limitedName = uniqueName('kubepass');
      limited = await bench.as(limitedName, kubepassRules, ['team-b', 'team-a']);
    });
    afterAll(async () => {
      await bench.close();
      await cluster.close();
    });

    const create = async (fields: Parameters<typeof newCsr>[1] = {}, username = 'jane', groups: string[] = []) =>
      limited.csrs.create(newCsr((await csrFor(username, groups)).pem, fields));

    describe('create', () => {
      it('stores the object that it is given and says who created it', async () => {
        const { pem } = await csrFor('jane', ['team-a']);
        const asked = newCsr(pem, {
          labels: { 'kubepass.example/request': 'r-1' },
          annotations: { 'kubepass.example/note': 'a note, with more than a label may hold' },
        });
        const created = await limited.csrs.create(asked);
        expect(created).toMatchObject({ ...asked, username: limitedName, conditions: [], certificate: null });
        expect(new Set(created.groups)).toEqual(new Set(['team-a', 'team-b', 'system:authenticated']));
        expect(created.uid).not.toBe('');
        expect(Math.abs(created.createdAt.getTime() - Date.now())).toBeLessThan(120_000);
        expect(await limited.csrs.find(created.name)).toEqual(created);
        expect(await limited.csrs.list()).toContainEqual(created);
      });

      it('does not accept a name twice', async () => {
        const { name } = await create();
        await expect(create({ name })).rejects.toThrow(ClusterConflictError);
      });

      it.each([
        ['less than ten minutes', { expirationSeconds: 599 }, /spec\.expirationSeconds.*less than 600/],
        ['an unknown usage', { usages: ['client auth', 'world domination'] }, /spec\.usages.*world domination/],
        ['no usage', { usages: [] }, /spec\.usages/],
        ['a usage twice', { usages: ['client auth', 'client auth'] }, /spec\.usages\[1\]: Duplicate value/],
        ['a name that does not fit into a path', { name: 'a/b' }, /metadata\.name.*may not contain '\/'/],
        ['no name', { name: '' }, /metadata\.name|name or generateName is required/],
        ['no signer', { signerName: '' }, /spec\.signerName/],
        ['a signer without a domain', { signerName: 'signer' }, /spec\.signerName/],
        ['something that is no request', { request: 'hello' }, /spec\.request.*PEM/],
      ])('refuses %s', async (_, fields, message) => {
        const refused = create(fields);
        await expect(refused).rejects.toThrow(ClusterRefusedError);
        await expect(refused).rejects.toThrow(message);
      });

      it('refuses a request whose signature was not made with its key', async () => {
        const [one, other] = [(await csrFor('jane')).pem, (await csrFor('jane')).pem];
        const der = (pem: string) => {
          const block = decodeSinglePem(pem, 'CERTIFICATE REQUEST');
          return block.ok ? block.der : Buffer.alloc(0);
        };
        // The DER of the P-256 signature over 64 octets is at the end.
        const forged = Buffer.concat([der(one).subarray(0, -32), der(other).subarray(-32)]).toString('base64');
        const request = `-----BEGIN CERTIFICATE REQUEST-----\n${forged}\n-----END CERTIFICATE REQUEST-----\n`;
        await expect(create({ request })).rejects.toThrow(ClusterRefusedError);
      });

      it('refuses system:masters by admission', async () => {
        const refused = create({}, 'jane', ['system:masters']);
        await expect(refused).rejects.toThrow(ClusterRefusedError);
        await expect(refused).rejects.toThrow(
          'use of kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed',
        );
      });
    });

    it('returns null if there is no such object', async () => {
      expect(await limited.csrs.find(uniqueName('nothing'))).toBeNull();
    });

    describe('approve', () => {
      it('adds the condition and keeps the rest', async () => {
        const created = await create({
          labels: { a: 'b' },
          annotations: { c: 'd' },
          signerName: kubeApiserverClient,
        });
        const approved = await limited.csrs.approve(created, 'KubepassApproved', 'as policy "developers" says');
        expect(approved).toMatchObject({
          uid: created.uid,
          labels: { a: 'b' },
          annotations: { c: 'd' },
          request: created.request,
          conditions: [
            { type: 'Approved', status: 'True', reason: 'KubepassApproved', message: 'as policy "developers" says' },
          ],
        });
        expect(approved.conditions[0]?.lastUpdateTime).toBeInstanceOf(Date);
        expect(approved.resourceVersion).not.toBe(created.resourceVersion);
      });

      it('approves the intended version and no other', async () => {
        const created = await create();
        await limited.csrs.approve(created, 'First', '');
        await expect(limited.csrs.approve(created, 'Second', '')).rejects.toThrow(ClusterConflictError);
      });

      it('does not approve an object that is gone, nor its replacement', async () => {
        const created = await create();
        await limited.csrs.delete(created);
        await expect(limited.csrs.approve(created, 'Late', '')).rejects.toThrow(ClusterConflictError);
        await create({ name: created.name });
        await expect(limited.csrs.approve(created, 'Late', '')).rejects.toThrow(ClusterConflictError);
      });

      it('is refused for an object that is approved already', async () => {
        const created = await create({ signerName: 'example.com/nobody' });
        const approved = await admin.csrs.approve(created, 'First', '');
        await expect(admin.csrs.approve(approved, 'Second', '')).rejects.toThrow(ClusterRefusedError);
      });
    });

    describe('delete', () => {
      it('deletes this very version, and treats a missing object as deleted', async () => {
        const created = await create();
        await limited.csrs.delete(created);
        expect(await limited.csrs.find(created.name)).toBeNull();
        await limited.csrs.delete(created);
      });

      it('does not delete another version, nor another object of the same name', async () => {
        const created = await create();
        await limited.csrs.approve(created, 'Meanwhile', '');
        await expect(limited.csrs.delete(created)).rejects.toThrow(ClusterConflictError);
        await issued(limited, created.name);
        const latest = await limited.csrs.find(created.name);
        await limited.csrs.delete(latest!);
        await create({ name: created.name });
        await expect(limited.csrs.delete(latest!)).rejects.toThrow(ClusterConflictError);
      });
    });

    describe('signing', () => {
      it('puts all groups into one RDN, backdates by five minutes and counts one hour from now', async () => {
        const created = await create({}, 'jane', ['team-b', 'team-a']);
        const before = Date.now();
        await limited.csrs.approve(created, 'Contract', '');
        const bundle = decodePemBundle(await issued(limited, created.name), 'CERTIFICATE');
        const certificate = readCertificate(bundle.ok ? bundle.ders[0]! : Buffer.alloc(0));
        expect(certificate.subject.rdns.map((rdn) => rdn.map(({ text }) => text))).toEqual([
          ['team-a', 'team-b'],
          ['jane'],
        ]);
        expect(Math.abs(certificate.notBefore.getTime() - (before - 300_000))).toBeLessThan(120_000);
        expect(Math.abs(certificate.notAfter.getTime() - (before + 3_600_000))).toBeLessThan(120_000);
        expect(certificate.keyUsage).toEqual(['digitalSignature']);
        expect(certificate.basicConstraints).toEqual({ ca: false, pathLenConstraint: null });
      });

      it('accepts server auth at create and ends Approved, Failed', async () => {
        const created = await create({ usages: ['server auth', 'digital signature'] });
        await limited.csrs.approve(created, 'Contract', '');
        const waited = await limited.csrWatch.waitFor(created.name, hasCondition('Failed'), soon());
        expect(waited).toMatchObject({
          kind: 'settled',
          csr: {
            certificate: null,
            conditions: [
              { type: 'Approved' },
              {
                type: 'Failed',
                status: 'True',
                reason: 'SignerValidationFailure',
                message: 'invalid usage for client certificate: server auth',
              },
            ],
          },
        });
      });
    });

    describe('a user without rights', () => {
      let nobody: ClusterConnection;
      beforeAll(async () => {
        nobody = await bench.as(uniqueName('nobody'), []);
      });

      it('is told which verb is missing, each time', async () => {
        const created = await create();
        const { pem } = await csrFor('jane');
        const missing = async (attempt: Promise<unknown>) =>
          attempt.then(
            () => 'nothing',
            (error: unknown) => (error instanceof ClusterForbiddenError ? `${error.status} ${error.missing}` : error),
          );
        expect(await missing(nobody.csrs.create(newCsr(pem)))).toBe(
          '403 create certificatesigningrequests.certificates.k8s.io',
        );
        expect(await missing(nobody.csrs.find(created.name))).toBe(
          '403 get certificatesigningrequests.certificates.k8s.io',
        );
        expect(await missing(nobody.csrs.list())).toBe('403 list certificatesigningrequests.certificates.k8s.io');
        expect(await missing(nobody.csrs.approve(created, 'No', ''))).toBe(
          '403 update certificatesigningrequests/approval.certificates.k8s.io',
        );
        expect(await missing(nobody.csrs.delete(created))).toBe(
          '403 delete certificatesigningrequests.certificates.k8s.io',
        );
      });

      it('cannot read the client CA', async () => {
        expect(await nobody.clientCertificateAuthority()).toBeNull();
      });
    });

    it('needs the right to approve for the signer, besides the right to update approvals', async () => {
      const rules = kubepassRules.filter(({ resources }) => !resources.includes('signers'));
      const updater = await bench.as(uniqueName('updater'), rules);
      const created = await create();
      await expect(updater.csrs.approve(created, 'No', '')).rejects.toMatchObject({
        name: 'ClusterForbiddenError',
        status: 403,
        missing: 'approve signers.certificates.k8s.io "kubernetes.io/kube-apiserver-client"',
      });
    });

    it('distinguishes a rejected credential from a missing right', async () => {
      const stranger = await bench.open(bench.withUser({ token: 'not-a-token' }));
      await expect(stranger.csrs.list()).rejects.toMatchObject({ name: 'ClusterForbiddenError', status: 401 });
    });

    it('answers which actions are allowed and which are not', async () => {
      const csrs = { group: 'certificates.k8s.io', resource: 'certificatesigningrequests' };
      const signers = { verb: 'approve', group: 'certificates.k8s.io', resource: 'signers' };
      const accesses = [
        { ...csrs, verb: 'create' },
        { ...csrs, verb: 'patch' },
        { ...csrs, verb: 'update', subresource: 'approval' },
        { ...csrs, verb: 'update', subresource: 'status' },
        { ...signers, name: kubeApiserverClient },
        { ...signers, name: 'kubernetes.io/kubelet-serving' },
      ];
      expect(await limited.accessReviews(accesses)).toEqual(
        accesses.map((access, i) => ({ access, allowed: i % 2 === 0 })),
      );
    });

    it('knows its own user, the version of the server and its client CA', async () => {
      const identity = await limited.whoAmI();
      expect(identity.username).toBe(limitedName);
      expect([...identity.groups].sort()).toEqual(['system:authenticated', 'team-a', 'team-b']);
      expect(await limited.version()).toMatch(/^v1\.\d+\.\d+/);
      expect(await limited.clientCertificateAuthority()).toBe(await admin.clientCertificateAuthority());
      expect(await limited.clientCertificateAuthority()).toMatch(/^-----BEGIN CERTIFICATE-----/);
      expect(limited.servingCertificateAuthority).toMatch(/^-----BEGIN CERTIFICATE-----/);
    });

    it('returns the user of a certificate, and null for one of another CA', async () => {
      const { certificatePem, privateKeyPem } = await bench.issue('jane', ['team-a']);
      expect(await limited.reviewSelf(certificatePem, privateKeyPem)).toEqual({
        username: 'jane',
        groups: ['team-a', 'system:authenticated'],
        byCertificate: true,
      });
      const foreign = await issue(await makeAuthority('kubernetes'), { username: 'jane' }, 'clientAuth');
      expect(await limited.reviewSelf(foreign.certificatePem, foreign.privateKeyPem)).toBeNull();
    });

    describe('if the API server cannot be reached', () => {
      it('reports it when nothing listens, and works again when something does', async () => {
        const { connection, proxy } = await bench.adminByProxy();
        await connection.csrs.list();
        await proxy.pause();
        await expect(connection.csrs.list()).rejects.toThrow(ClusterUnavailableError);
        await expect(connection.csrs.list()).rejects.toThrow('ECONNREFUSED');
        await proxy.resume();
        await connection.csrs.list();
      });

      it('does not wait forever for an answer', async () => {
        const { connection, proxy } = await bench.adminByProxy({ requestTimeoutMilliseconds: 500 });
        const request = connection.csrs.list();
        const frozen = setInterval(() => proxy.freeze(), 1);
        await expect(request).rejects.toThrow('does not answer in time');
        clearInterval(frozen);
      });

      it('does not trust a server of another CA', async () => {
        const { pem } = await makeAuthority('another');
        const connection = await bench.open(
          bench.withCluster({ 'certificate-authority-data': Buffer.from(pem).toString('base64') }),
        );
        const request = connection.csrs.list();
        await expect(request).rejects.toThrow(ClusterUnavailableError);
        await expect(request).rejects.toThrow(/certificate/);
      });
    });
  });
}
