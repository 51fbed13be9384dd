import { createHash, createPublicKey, generateKeyPairSync, randomUUID, sign, type KeyObject } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../../scripts/quickstart/service-process.js';
import { requestOctets, type Target } from '../load/http-connection.js';
import type { Peers } from './build-peers.js';
import { csrUsername, type Contender, type SigningJob } from './contender.js';
import { PeerProcess } from './peer-process.js';

const host = '127.0.0.1';
const provisioner = 'bench';
const tokenSeconds = 3600;

/**
 * step-ca with its default database, badger, over TLS, which is all it speaks. Each request brings a token that is good
 * for one certificate: signed beforehand by the provisioner's key, checked and remembered by step-ca.
 */
export async function startStepCa(
  { program }: NonNullable<Peers['stepCa']>,
  directory: string,
  job: SigningJob,
): Promise<Contender> {
  const target: Target = { host, port: await freePort(host, 0), ca: readFileSync(job.certFile, 'utf8') };
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = provisionerKey(privateKey);
  const config = join(directory, 'ca.json');
  writeFileSync(
    config,
    JSON.stringify({
      root: job.certFile,
      crt: job.certFile,
      key: job.keyFile,
      address: `${host}:${target.port}`,
      dnsNames: [host],
      db: { type: 'badgerv2', dataSource: join(directory, 'db') },
      authority: { provisioners: [{ type: 'JWK', name: provisioner, key }] },
    }),
  );
  const stepCa = new PeerProcess(program, [config], join(directory, 'step-ca.log'));
  await stepCa.untilReady(target);
  const requestWith = (csr: string): Buffer => {
    const body = JSON.stringify({ csr, ott: token(privateKey, key.kid, target), notAfter: '1h' });
    return requestOctets(target, 'POST', '/1.0/sign', { 'content-type': 'application/json' }, body);
  };
  return {
    load: (count) => ({
      target,
      connections: job.connections,
      requests: Array.from({ length: count }, (_, i) => requestWith(job.csrs[i % job.csrs.length]!)),
      expectedStatus: 201,
    }),
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

/** A JWT for one certificate for the CSR's CN. */
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
