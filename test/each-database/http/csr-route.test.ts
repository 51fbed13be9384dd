// Tests src/requests/request-routes.ts, src/requests/create-request.ts, src/requests/collect-kubeconfig.ts
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { CSR_PEM_LABEL, encodePem } from '@kubepass/x509';
import { readCsrFixture } from '../../../packages/x509/test/fixtures/csr/index.js';
import { csrFor } from '../../../packages/x509/test/helpers/csr.js';
import { as } from '../../http/support/call.js';
import { contract } from '../../http/support/contract.js';
import { type SharedService, sharedService } from '../../http/support/service.js';

let service: SharedService;
beforeAll(async () => {
  service = await sharedService();
});

/** The states of a request and how a person sees them, from the request to the kubeconfig. */
describe('the CSR route, approved by a second person', () => {
  it('goes from the request to a kubeconfig that points at the caller’s own key', async () => {
    const { pem, keyPair } = await csrFor('jane@corp.example', ['ops-eu', 'team-a']);
    const alice = service.as('alice');
    const asked = await alice('post', '/v1/certificate-requests')
      .send({ cluster: 'demo', csr: pem, expirationSeconds: 7200, namespace: 'team-a', reason: 'on call' })
      .expect(201);
    const request = as.request(asked);
    expect(asked.headers['location']).toBe(`/v1/certificate-requests/${request.id}`);
    expect(request).toMatchObject({
      state: 'pending',
      cluster: 'demo',
      username: 'jane@corp.example',
      groups: ['ops-eu', 'team-a'],
      keyAlgorithm: 'ECDSA-P256',
      expirationSeconds: 7200,
      namespace: 'team-a',
      reason: 'on call',
      requester: 'alice',
      collector: 'alice',
      certificate: null,
      failure: null,
      approvals: [],
      decision: { outcome: 'permitted', approval: 'manual', policy: 'by-hand', violations: [] },
    });
    const url = `/v1/certificate-requests/${request.id}`;

    const early = await alice('get', `${url}/certificate`).expect(409);
    expect(as.problem(early)).toMatchObject({ type: 'urn:kubepass:problem:state-conflict', state: 'pending' });
    await alice('post', `${url}/approve`).expect(403);

    const approved = await service.as('bob')('post', `${url}/approve`).send({ comment: 'until Friday' }).expect(200);
    expect(as.request(approved).approvals).toMatchObject([{ principal: 'bob', comment: 'until Friday' }]);

    const certificate = new X509Certificate(
      as.certificate(await alice('get', `${url}/certificate`).expect(200)).pem ?? '',
    );
    expect(certificate.publicKey.export({ format: 'der', type: 'spki' })).toEqual(
      Buffer.from(keyPair.subjectPublicKeyInfo),
    );
    expect(certificate.subject.split('\n')).toEqual(['O=ops-eu', 'O=team-a', 'CN=jane@corp.example']);

    const read = as.request(await alice('get', url).expect(200));
    expect(read.state).toBe('issued');
    expect(read.certificate?.fingerprintSha256).toBe(certificate.fingerprint256.replaceAll(':', '').toLowerCase());
    expect(read.timeline?.map(({ type }) => type)).toEqual([
      'CertificateRequested',
      'DecisionRefused',
      'RequestApproved',
      'IssuanceStarted',
      'CertificateIssued',
    ]);
    expect(read.timeline?.slice(0, 3).map(({ principal, message }) => [principal, message])).toEqual([
      ['alice', 'on call'],
      ['alice', 'deciding on requests takes the role approver or admin'],
      ['bob', 'until Friday'],
    ]);

    const kubeconfig = await alice('get', `${url}/kubeconfig?clientKeyPath=jane.key`)
      .set('accept', 'application/yaml')
      .expect(200);
    expect(kubeconfig.type).toBe('application/yaml');
    expect(kubeconfig.headers['cache-control']).toBe('no-store');
    const { users, contexts } = parse(kubeconfig.text) as {
      users: { user: Record<string, string> }[];
      contexts: { context: Record<string, string> }[];
    };
    expect(users[0]?.user).toMatchObject({ 'client-key': 'jane.key' });
    expect(users[0]?.user).not.toHaveProperty('client-key-data');
    expect(Buffer.from(users[0]?.user['client-certificate-data'] ?? '', 'base64').toString()).toContain(
      certificate.toString().trim(),
    );
    expect(contexts[0]?.context).toMatchObject({ namespace: 'team-a' });
  });

  it('issues at once where approval is automatic, and waits for it where the caller prefers', async () => {
    const { pem, keyPair } = await csrFor('auto-jane', ['team-a'], 'Ed25519');
    const answer = await service
      .as('alice')('post', '/v1/certificate-requests')
      .set('prefer', 'wait=10')
      .send({ csr: pem })
      .expect(201);
    expect(answer.headers['preference-applied']).toBe('wait=10');
    const request = as.request(answer);
    expect(request.state).toBe('issued');
    const certificate = new X509Certificate(request.certificate?.pem ?? '');
    expect(certificate.checkPrivateKey(createPrivateKey(keyPair.privateKeyPem))).toBe(true);
  });

  it('reads a preference as long as the contract lets it be, and refuses a longer one', async () => {
    const { pem } = await csrFor('jane-patient', ['team-a']);
    const ask = (prefer: string) =>
      service.as('alice')('post', '/v1/certificate-requests').set('prefer', prefer).send({ csr: pem });
    const longest = contract.paths['/v1/certificate-requests']?.['post']?.parameters.find(
      ({ name }) => name === 'Prefer',
    )?.schema.maxLength;
    if (longest === undefined) throw new Error('the contract does not bound Prefer');
    const { body } = await ask('x'.repeat(longest + 1)).expect(400);
    expect(body).toMatchObject({ errors: [{ pointer: '/headers/prefer' }] });
    const answer = await ask(`${'x'.repeat(longest - 8)}, wait=1`).expect(201);
    expect(answer.headers['preference-applied']).toBe('wait=1');
  });

  it('recognises base64 of PEM, as Kubernetes takes it', async () => {
    const { pem } = await csrFor('jane-base64', ['team-a']);
    const csr = Buffer.from(pem).toString('base64');
    const { body } = await service.as('alice')('post', '/v1/certificate-requests').send({ csr }).expect(422);
    expect(body).toMatchObject({
      reason: 'NotPem',
      detail: 'this is base64 of PEM, and the PEM itself is expected: decode it once, for example with "base64 -d"',
    });
  });

  it('names the attributes of a subject that may not be there', async () => {
    const csr = encodePem(CSR_PEM_LABEL, readCsrFixture('organizational-unit.der'));
    const { body } = await service.as('alice')('post', '/v1/certificate-requests').send({ csr }).expect(422);
    expect(body).toMatchObject({
      reason: 'SubjectAttributeNotAllowed',
      detail: 'the subject has an attribute OU (2.5.4.11); only CN and O may be',
    });
  });

  it('names the certificate request in problems about it, beside the HTTP request', async () => {
    const ask = (groups: readonly string[]) =>
      service.as('alice')('post', '/v1/certificate-requests').send({ username: 'jane-problem', groups });
    const denied = await ask(['blocked']).expect(403);
    const id = denied.headers['location']?.split('/').at(-1);
    expect(denied.body).toMatchObject({ certificateRequestId: id, requestId: denied.headers['x-request-id'] });
    const conflict = await service.as('bob')('post', `/v1/certificate-requests/${id}/approve`).expect(409);
    expect(conflict.body).toMatchObject({ certificateRequestId: id });
    expect(conflict.headers['location']).toBe(denied.headers['location']);
  });

  it('says nothing of a preference that was not stated', async () => {
    const answer = await service.as('alice')('post', '/v1/certificate-requests').send({ username: 'x' }).expect(201);
    expect(answer.headers).not.toHaveProperty('preference-applied');
  });

  it('denies, and cancels', async () => {
    const ask = async (username: string) =>
      as.request(
        await service
          .as('alice')('post', '/v1/certificate-requests')
          .send({ username, groups: ['ops-eu'] })
          .expect(201),
      ).id;
    const denied = await ask('to-be-denied');
    const answer = await service
      .as('bob')('post', `/v1/certificate-requests/${denied}/deny`)
      .send({ comment: 'not on the rota' })
      .expect(200);
    expect(as.request(answer).state).toBe('denied');
    await service.as('bob')('post', `/v1/certificate-requests/${denied}/approve`).expect(409);
    await service.as('alice')('post', `/v1/certificate-requests/${denied}/kubeconfig`).expect(409);

    const cancelled = await ask('to-be-cancelled');
    const cancel = await service.as('alice')('post', `/v1/certificate-requests/${cancelled}/cancel`).expect(200);
    expect(as.request(cancel).state).toBe('cancelled');
    const again = await service.as('alice')('post', `/v1/certificate-requests/${cancelled}/cancel`).expect(409);
    expect(as.problem(again).state).toBe('cancelled');
  });

  it('takes a decision without a body, with {}, and with a comment, and nothing else', async () => {
    const { body } = await service
      .as('alice')('post', '/v1/certificate-requests')
      .send({ username: 'bodies', groups: ['ops-eu'] })
      .expect(201);
    const url = `/v1/certificate-requests/${(body as { id: string }).id}`;
    await service.as('bob')('post', `${url}/deny`).send({ remark: 'x' }).expect(400);
    await service.as('bob')('post', `${url}/deny`).send({ comment: '' }).expect(400);
    await service.as('bob')('post', `${url}/deny`).set('content-type', 'application/json').expect(200);
  });
});

describe('a request that policy denies', () => {
  it('is recorded, and answered 403 with every violation and its Location', async () => {
    const answer = await service
      .as('alice')('post', '/v1/certificate-requests')
      .send({ username: 'system:admin', groups: ['system:masters', 'blocked', 'nowhere'], expirationSeconds: 999_999 })
      .expect(403);
    const { type, violations } = as.problem(answer);
    expect(type).toBe('urn:kubepass:problem:policy-denied');
    const reasons = violations?.map(({ reason }) => reason) ?? [];
    expect(reasons.length).toBeGreaterThanOrEqual(4);
    const recorded = await service
      .as('alice')('get', answer.headers['location'] ?? '')
      .expect(200);
    expect(as.request(recorded)).toMatchObject({ state: 'denied', username: 'system:admin' });
    expect(as.request(recorded).decision.violations).toEqual(violations);
  });

  it('goes for a CSR’s name outside the alphabet too, control and bidi characters included', async () => {
    for (const username of ['jane\u0001', 'jane\u202eadmin', 'jane,O=x', 'Jäne']) {
      const { pem } = await csrFor(username);
      const answer = await service.as('alice')('post', '/v1/certificate-requests').send({ csr: pem }).expect(403);
      expect(as.problem(answer).violations?.map(({ reason }) => reason)).toContain('NameNotAllowed');
    }
  });
});

describe('a request that is not valid', () => {
  it.each<[string, object, string]>([
    ['neither csr nor username', {}, '/username'],
    ['a cluster that is not configured', { cluster: 'elsewhere', username: 'jane' }, '/cluster'],
  ])('is answered 400: %s', async (_what, ask, pointer) => {
    const answer = await service.as('alice')('post', '/v1/certificate-requests').send(ask).expect(400);
    expect(as.problem(answer).errors?.map((error) => error.pointer)).toContain(pointer);
  });

  it('is answered 400 for names outside the alphabet, with the rule and the way out, and leaves no record', async () => {
    const before = as.requests(await service.as('bob')('get', '/v1/certificate-requests').expect(200));
    const ask = { username: 'Jäne', groups: ['team-a', 'team\u0000b', 'system:masters,O=x', 'team\u202eb'] };
    for (const path of ['/v1/certificate-requests', '/v1/kubeconfigs', '/v1/policies/evaluate']) {
      const { errors } = as.problem(await service.as('alice')('post', path).send(ask).expect(400));
      const rule =
        'which is not allowed in a name: a name has 1 to 64 ASCII letters and digits, and inside . _ : @ / -';
      expect(errors).toEqual([
        {
          pointer: '/username',
          message: `"Jäne" contains U+00E4, ${rule}; \`nameAlphabet: unicode\` of the cluster admits it`,
        },
        { pointer: '/groups/1', message: `"team\\u{0}b" contains U+0000, ${rule}` },
        { pointer: '/groups/2', message: `"system:masters,O=x" contains U+002C, ${rule}` },
        { pointer: '/groups/3', message: `"team\\u{202e}b" contains U+202E, ${rule}` },
      ]);
    }
    const after = as.requests(await service.as('bob')('get', '/v1/certificate-requests').expect(200));
    expect(after).toEqual(before);
  });

  it('is answered 400: csr with keyAlgorithm, and csr at /v1/kubeconfigs', async () => {
    const { pem } = await csrFor('jane');
    const both = await service
      .as('alice')('post', '/v1/certificate-requests')
      .send({ csr: pem, keyAlgorithm: 'RSA-2048' })
      .expect(400);
    expect(as.problem(both).errors?.[0]?.pointer).toBe('/keyAlgorithm');
    const csr = await service.as('alice')('post', '/v1/kubeconfigs').send({ csr: pem }).expect(400);
    expect(as.problem(csr).errors?.map(({ pointer }) => pointer)).toEqual(['/username', '/csr']);
  });

  it('is refused where the body says another subject than the CSR', async () => {
    const { pem } = await csrFor('jane', ['team-a', 'team-b']);
    const alice = service.as('alice');
    for (const other of [{ username: 'joan' }, { groups: ['team-a'] }, { groups: ['team-a', 'team-b', 'team-c'] }])
      expect(
        (await alice('post', '/v1/certificate-requests').send({ csr: pem, ...other })).status,
      ).toBeGreaterThanOrEqual(400);
    await alice('post', '/v1/certificate-requests')
      .send({ csr: pem, groups: ['team-b', 'team-a'] })
      .expect(201);
  });
});
