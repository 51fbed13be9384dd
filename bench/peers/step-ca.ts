import { createHash, createPublicKey, generateKeyPairSync, randomUUID, sign, type KeyObject } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../test/helpers/free-ports.js';
import type { Target } from '../load/http-connection.js';
import type { Peers } from './build-peers.js';
import { csrUsername, type Contender, type SigningJob } from './contender.js';
import { PeerProcess } from './peer-process.js';
import { filesStorage } from './storage.js';

const host = '127.0.0.1';
const provisioner = 'bench';
const tokenSeconds = 3600;

/**
 * The same certificate that the service issues: for the CSR's subject with its groups, and for clients alone. The
 * default template takes only the CN, adds it as a DNS name, and allows servers too.
 */
const template = `{
  "subject": {{ toJson .Insecure.CR.Subject }},
  "keyUsage": ["digitalSignature"],
  "extKeyUsage": ["clientAuth"]
}`;

/**
 * Starts step-ca with its default database, badger, or with a PostgreSQL, where it makes its tables by itself. It
 * speaks TLS only. Each request brings a token for one certificate, which the provisioner's key has signed in advance.
 * step-ca checks and remembers the token, and answers a repeated one with 401.
 */
export async function startStepCa(
  { program }: NonNullable<Peers['stepCa']>,
  directory: string,
  job: SigningJob,
  postgresqlUrl: string | null,
): Promise<Contender> {
  const target: Target = { host, port: await freePort(), ca: readFileSync(job.certFile, 'utf8') };
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = provisionerKey(privateKey);
  const [config, database] = [join(directory, 'ca.json'), join(directory, 'db')];
  writeFileSync(
    config,
    JSON.stringify({
      root: job.certFile,
      crt: job.certFile,
      key: job.keyFile,
      address: `${host}:${target.port}`,
      dnsNames: [host],
      db:
        postgresqlUrl === null
          ? { type: 'badgerv2', dataSource: database }
          : { type: 'postgresql', dataSource: postgresqlUrl },
      authority: {
        provisioners: [
          {
            type: 'JWK',
            name: provisioner,
            key,
            options: { x509: { template } },
            claims: { disableSmallstepExtensions: true },
          },
        ],
      },
    }),
  );
  const stepCa = new PeerProcess(program, [config], join(directory, 'step-ca.log'));
  const readyMilliseconds = await stepCa.untilReady(target);
  return {
    target,
    pid: stepCa.pid,
    database: null,
    readyMilliseconds,
    storage: filesStorage(database),
    expectedStatus: 201,
    requestFor: (csr) => ({
      path: '/1.0/sign',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ csr, ott: token(privateKey, key.kid, target), notAfter: '1h' }),
    }),
    certificateIn: (body) => (JSON.parse(body) as { crt: string }).crt,
    hold: () => stepCa.hold(),
    release: () => stepCa.release(),
    stop: () => stepCa.stop(),
  };
}

/** The public key as a JWK, named by its thumbprint (RFC 7638). */
function provisionerKey(privateKey: KeyObject) {
  const { crv, kty, x, y } = createPublicKey(privateKey).export({ format: 'jwk' });
  const kid = createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url');
  return { use: 'sig', alg: 'ES256', kid, crv, kty, x, y };
}

/**
 * A JWT for one certificate. `iss` is the provisioner's name, and the header has its key's `kid`. `aud` is the path of
 * the request; step-ca ignores the port. `sub` is the CN of the CSR, `iat` is not before the start of step-ca, and
 * `jti` is new each time.
 */
function token(privateKey: KeyObject, kid: string, { port }: Target): string {
  const now = Math.floor(Date.now() / 1000);
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = {
    iss: provisioner,
    aud: `https://${host}:${port}/1.0/sign`,
    sub: csrUsername,
    jti: randomUUID(),
    iat: now,
    nbf: now,
    exp: now + tokenSeconds,
  };
  const signed = `${part({ alg: 'ES256', typ: 'JWT', kid })}.${part(claims)}`;
  const signature = sign('sha256', Buffer.from(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${signature.toString('base64url')}`;
}
