// Tests src/signing/open-issuers.ts, src/signing/issuer-files.ts, src/signing/issuer-records.ts
import { chmodSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeAuthority, type MadeCertificate, pathLength } from '../../../packages/x509/test/helpers/certificates.js';
import { composeOn, type LogLine } from '../../helpers/composed-service.js';
import { temporaryDirectory } from '../../helpers/temporary-directory.js';

let directory: ReturnType<typeof temporaryDirectory>;
type Composed = Awaited<ReturnType<typeof composeOn>>;
let lines: LogLine[];
const opened: Composed[] = [];
beforeEach(() => {
  directory = temporaryDirectory();
  lines = [];
});
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
  directory.remove();
});

const write = (name: string, ...texts: readonly string[]) => {
  writeFileSync(join(directory.path, name), texts.join(''));
  chmodSync(join(directory.path, name), 0o600);
};
const authority = (name: string, fields: Parameters<typeof makeAuthority>[0] = {}) =>
  makeAuthority({ subject: [['CN', name]], ...fields });
/** Writes the files of an issuer; its certificate is left out where `chain` is null. */
function place(name: string, own: MadeCertificate, chain: readonly MadeCertificate[] | null = [own]) {
  write(`${name}.key`, own.key.pem);
  if (chain !== null) write(`${name}.crt`, ...chain.map(({ pem }) => pem));
  return { name, certFile: `${name}.crt`, key: { file: `${name}.key` } };
}

async function start(issuers: readonly object[], signer: object = { localCA: { issuers } }): Promise<Composed> {
  const cluster = { name: 'prod', server: 'https://10.0.0.1:6443', servingCertificateAuthority: 'serving.crt', signer };
  write('serving.crt', authority('serving').pem);
  write('kubepass.yaml', JSON.stringify({ clusters: [cluster] }));
  const environment = { KUBEPASS_CONFIG: join(directory.path, 'kubepass.yaml') };
  const composed = await composeOn(directory.path, environment, { tlsRoundMilliseconds: 20 }, lines);
  opened.push(composed);
  return composed;
}
async function stop(): Promise<void> {
  for (const one of opened.splice(0)) await one.close();
}
const statesOf = async ({ store }: Composed) =>
  Object.fromEntries((await store.issuers.ofCluster('prod')).map(({ name, state }) => [name, state]));
const refusalOf = async (issuers: readonly object[]) => {
  const error: unknown = await start(issuers).then(
    () => new Error('it started'),
    (thrown: unknown) => thrown,
  );
  return (error as Error).message.replaceAll(`${directory.path}/`, '').replace(/ \(serial number \w+\)/g, '');
};

describe('the issuers of a cluster at start', () => {
  it('are active, next and uncertified, and stay so', async () => {
    const [a, b, c] = [authority('a'), authority('b'), authority('c')];
    const issuers = [place('a', a, null), place('b', b), place('c', c)];
    expect(await statesOf(await start(issuers))).toEqual({ a: 'uncertified', b: 'active', c: 'next' });
    await stop();
    expect(await statesOf(await start(issuers.toReversed()))).toEqual({ a: 'uncertified', b: 'active', c: 'next' });
  });

  it('take over the pin of two files under the name that they get', async () => {
    const [own, next] = [authority('own'), authority('later')];
    place('own', own);
    await start([], { localCA: { certFile: 'own.crt', keyFile: 'own.key' } });
    await stop();
    expect(await statesOf(await start([place('later', next), place('own', own)]))).toEqual({
      own: 'active',
      later: 'next',
    });
  });

  it('add the fingerprint of a later certificate for the same key', async () => {
    const own = authority('own');
    await start([place('own', own)]);
    await stop();
    const renewed = authority('own', { key: own.key });
    const { store } = await start([place('own', renewed)]);
    expect((await store.issuers.ofCluster('prod'))[0]?.fingerprints).toHaveLength(2);
  });

  it('are refused with all that is wrong at once', async () => {
    const [a, b] = [authority('a'), authority('b')];
    const short = authority('short', { basicConstraints: pathLength(0) });
    const below = authority('below', { issuer: short });
    write('short.crt', short.pem);
    const swapped = place('a', a);
    write('a.key', b.key.pem);
    const refusal = await refusalOf([
      swapped,
      { ...place('below', below), anchorFile: 'short.crt' },
      { ...place('gone', b), key: { file: 'nowhere.key' } },
      { name: 'agent', certFile: 'none.crt', key: { agent: 'agent.sock' } },
    ]);
    for (const part of [
      'cluster "prod", issuer "a": a.crt with a.key: the CA private key does not belong to the CA certificate; name',
      'cluster "prod", issuer "below": below.crt below short.crt: the certificate "CN=short" has path length 0, and 1 CA below it; name',
      'cluster "prod", issuer "gone": below ',
      'cluster "prod", issuer "agent": none.crt is missing, so the key in the agent at agent.sock is not known',
    ])
      expect(refusal).toContain(part);
  });

  it('are refused with another key under a name, and where the active one is gone', async () => {
    const [a, b] = [authority('a'), authority('b')];
    await start([place('a', a), place('b', b)]);
    await stop();
    expect(await refusalOf([place('b', b)])).toMatch(
      /^cluster "prod", issuer "a": it is active, and the configuration does not have it any more: put it back/,
    );
    expect(await refusalOf([place('a', authority('x')), place('b', b)])).toMatch(
      /^cluster "prod" was served with another CA \(SPKI SHA-256 \w{64}, now \w{64}\): put that CA back under the name "a", or give the one of a.crt another name/,
    );
  });

  it('are refused where two have one subject and two keys, or one certificate', async () => {
    const a = authority('same');
    expect(await refusalOf([place('a', a), place('b', authority('same'))])).toContain(
      'issuer "b": it has the subject of issuer "a" and another key',
    );
    expect(await refusalOf([place('a', a), place('b', a)])).toContain(
      'issuer "b": b.crt is the certificate of issuer "a" too: name each CA once',
    );
  });

  it('are refused with an anchor that has ended, while one in use is served', async () => {
    const ended = authority('root', { notAfter: new Date('2025-06-01T00:00:00Z') });
    const own = authority('own', { issuer: ended });
    write('root.crt', ended.pem);
    const issuer = { ...place('own', own), anchorFile: 'root.crt' };
    expect(await refusalOf([issuer])).toContain('issuer "own": own.crt: the certificate "CN=root" has ended on 2025');
    write('root.crt', authority('root', { key: ended.key }).pem);
    await start([issuer]);
    await stop();
    write('root.crt', ended.pem);
    expect(await statesOf(await start([issuer]))).toEqual({ own: 'active' });
    expect(lines).toContainEqual(
      expect.objectContaining({ level: 'warn', fields: expect.objectContaining({ issuer: 'own' }) as object }),
    );
  });
});

describe('an issuer without a certificate', () => {
  const until = (holds: () => boolean | Promise<boolean>) => expect.poll(holds).toBe(true);

  it('is next once its file is there, and not by one that is wrong or half', async () => {
    const [a, b] = [authority('a'), authority('b')];
    const composed = await start([place('a', a), place('b', b, null)]);
    expect(await statesOf(composed)).toEqual({ a: 'active', b: 'uncertified' });
    const isTold = (reason: RegExp) =>
      lines.some((line) => line.level === 'error' && reason.test(JSON.stringify(line.fields)));

    write('b.crt', b.pem.slice(0, 300));
    await until(() => isTold(/b\.crt holds no certificates in PEM/));
    write('b.crt', authority('other').pem);
    await until(() => isTold(/b\.crt is the certificate of another key/));
    expect(await statesOf(composed)).toEqual({ a: 'active', b: 'uncertified' });

    write('b.new', b.pem);
    renameSync(join(directory.path, 'b.new'), join(directory.path, 'b.crt'));
    await until(async () => (await statesOf(composed))['b'] === 'next');
    const [, recorded] = await composed.store.issuers.ofCluster('prod');
    expect(recorded?.fingerprints).toHaveLength(1);
    await stop();
    rmSync(join(directory.path, 'b.crt'));
    expect(await statesOf(await start([place('a', a), place('b', b, null)]))).toEqual({ a: 'active', b: 'next' });
    expect(lines).toContainEqual(
      expect.objectContaining({
        level: 'warn',
        message: expect.stringMatching(/issuer "b" is next, and its certificate is missing here/) as string,
      }),
    );
  });
});
