// Tests src/kubernetes/show-certificate.ts
import { createServer as createHttpsServer, type Server } from 'node:https';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { X509Certificate } from 'node:crypto';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  showCertificate,
  type ServerAddress,
  type ShownCertificate,
} from '../../../src/kubernetes/show-certificate.js';
import { FakeApiServer } from '../../helpers/fake-api-server.js';
import { issue, makeAuthority, type TestAuthority } from '../../helpers/fake-api-server/serving-certificate.js';

const username = 'kubepass-probe';
let ours: TestAuthority;
let next: TestAuthority;
let shown: ShownCertificate;

const shownBy = async (authority: TestAuthority): Promise<ShownCertificate> => {
  const pair = await issue(authority, { username }, 'clientAuth');
  const fingerprint = new X509Certificate(pair.certificatePem).fingerprint256;
  return { ...pair, username, fingerprintSha256: fingerprint.replaceAll(':', '').toLowerCase() };
};

beforeAll(async () => {
  ours = await makeAuthority('fake-client-ca');
  next = await makeAuthority('fake-next-ca');
  shown = await shownBy(ours);
});

const addressOf = (address: string, authority: TestAuthority, more: Partial<ServerAddress> = {}): ServerAddress => ({
  address,
  servingCertificateAuthority: authority.pem,
  otherNames: [],
  serverName: null,
  ...more,
});

describe('an API server that is shown a certificate', () => {
  let server: FakeApiServer;
  beforeEach(async () => {
    server = await FakeApiServer.start();
  });
  afterEach(() => server.close());
  const at = (more: Partial<ServerAddress> = {}) => addressOf(server.url, server.servingAuthority, more);

  it('accepts one of a CA that it trusts, and says as whom', async () => {
    expect(await showCertificate(at(), shown)).toEqual({
      address: server.url,
      accepts: 'yes',
      acceptedAs: username,
      reason: null,
    });
  });

  it('refuses one of a CA that it does not trust, until it trusts that CA', async () => {
    const later = await shownBy(next);
    expect(await showCertificate(at(), later)).toMatchObject({ accepts: 'no', reason: 'CertificateNotAccepted' });
    server.trustClients(`${ours.pem}${next.pem}`);
    expect(await showCertificate(at(), later)).toMatchObject({ accepts: 'yes' });
    expect(await showCertificate(at(), shown)).toMatchObject({ accepts: 'yes' });
  });

  it('accepts one whose holder may not ask for a review, because it knows the name', async () => {
    server.rbac.allowGroup('system:authenticated', []);
    expect(await showCertificate(at(), shown)).toMatchObject({ accepts: 'yes', acceptedAs: username });
  });

  it('does not count where it has another certificate than one for that address', async () => {
    const elsewhere = at({ address: server.url.replace('127.0.0.1', 'localhost') });
    const answer = await showCertificate(elsewhere, shown);
    expect(answer).toMatchObject({ accepts: 'unknown', reason: 'ServingCertificateNotTrusted' });
    expect(await showCertificate({ ...elsewhere, otherNames: ['127.0.0.1'] }, shown)).toMatchObject({ accepts: 'yes' });
    expect(server.requests).toHaveLength(1);
  });

  it('does not count where its own certificate is of another CA', async () => {
    const answer = await showCertificate(addressOf(server.url, next), shown);
    expect(answer).toMatchObject({ accepts: 'unknown', reason: 'ServingCertificateNotTrusted' });
    expect(server.requests).toEqual([]);
  });

  it('is not known to accept it where it fails, says nothing, or is down', async () => {
    server.fail({ times: 1, answer: { status: 503 } });
    expect(await showCertificate(at(), shown)).toMatchObject({ accepts: 'unknown', reason: 'UnexpectedAnswer' });
    server.fail({ times: 1, answer: { status: 200, body: '<html>' } });
    expect(await showCertificate(at(), shown)).toMatchObject({ accepts: 'unknown', reason: 'UnexpectedAnswer' });
    server.fail({ times: 1, answer: { status: 201, body: 'x'.repeat(300_000) } });
    expect(await showCertificate(at(), shown)).toMatchObject({ accepts: 'unknown', reason: 'UnexpectedAnswer' });
    server.fail({ times: 1, answer: 'reset' });
    expect(await showCertificate(at(), shown)).toMatchObject({ accepts: 'unknown', reason: 'Unreachable' });
    server.fail({ times: 1, answer: 'silence' });
    expect(await showCertificate(at(), shown, 300)).toMatchObject({ accepts: 'unknown', reason: 'TimedOut' });
    await server.stop();
    expect(await showCertificate(at(), shown)).toMatchObject({ accepts: 'unknown', reason: 'Unreachable' });
    await server.restart();
  });

  it('is not known to accept it where a name is no address', async () => {
    expect(await showCertificate({ ...at(), address: 'https://no-such-host.invalid' }, shown)).toMatchObject({
      accepts: 'unknown',
      reason: 'Unreachable',
    });
  });
});

describe('something before the API server', () => {
  let server: Server;
  const opened = async (
    options: { readonly rejectUnauthorized?: boolean; readonly maxVersion?: 'TLSv1.2' },
    status: number,
    body: object,
  ): Promise<ServerAddress> => {
    const serving = await makeAuthority('fake-serving-ca');
    const { certificatePem: cert, privateKeyPem: key } = await issue(serving, { username: 'proxy' }, 'serverAuth');
    server = createHttpsServer({ cert, key, ca: next.pem, ...options }, (_request, response) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return addressOf(`https://127.0.0.1:${(server.address() as AddressInfo).port}/k8s/`, serving);
  };
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  const reviewOf = (name: string, ids?: readonly string[]) => ({
    kind: 'SelfSubjectReview',
    status: {
      userInfo: { username: name, ...(ids && { extra: { 'authentication.kubernetes.io/credential-id': ids } }) },
    },
  });

  it('ends the connection: the API server knows nobody', async () => {
    const message =
      'selfsubjectreviews is forbidden: User "system:anonymous" cannot create resource "selfsubjectreviews"';
    const answer = await showCertificate(await opened({}, 403, { kind: 'Status', message }), shown);
    expect(answer).toMatchObject({ accepts: 'no', acceptedAs: 'system:anonymous', reason: 'Anonymous' });
  });

  it('lets anybody in as somebody else', async () => {
    const answer = await showCertificate(await opened({}, 201, reviewOf('proxy')), shown);
    expect(answer).toMatchObject({ accepts: 'no', acceptedAs: 'proxy', reason: 'AcceptedAsAnother' });
  });

  it('shows a certificate of its own for that user', async () => {
    const others = [`X509SHA256=${'0'.repeat(64)}`];
    const answer = await showCertificate(await opened({}, 201, reviewOf(username, others)), shown);
    expect(answer).toMatchObject({ accepts: 'no', acceptedAs: username, reason: 'AcceptedOtherwise' });
  });

  it.each([{}, { maxVersion: 'TLSv1.2' as const }])('refuses it in the handshake %o', async (version) => {
    const strict = { requestCert: true, rejectUnauthorized: true, ...version };
    const answer = await showCertificate(await opened(strict, 201, reviewOf(username)), shown);
    expect(answer.accepts).not.toBe('yes');
  });

  it('redirects, and is not followed', async () => {
    const answer = await showCertificate(await opened({}, 302, reviewOf(username)), shown);
    expect(answer).toMatchObject({ accepts: 'unknown', reason: 'UnexpectedAnswer' });
  });
});

it('gives up a server that begins no handshake', async () => {
  const silent = createTcpServer();
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const address = addressOf(`https://127.0.0.1:${(silent.address() as AddressInfo).port}`, ours);
  expect(await showCertificate(address, shown, 200)).toMatchObject({ accepts: 'unknown', reason: 'TimedOut' });
  silent.close();
});
