// Tests src/programs/node-files/client-ca-file.ts, src/programs/node-files/certificate-authorities.ts,
// src/programs/node-files/replace-file.ts, src/clusters/issuers/client-bundle.ts
import {
  chmodSync,
  linkSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { chosenOptions, keepClientCaFile, options } from '../../src/programs/node-files/client-ca-file.js';
import { makeAuthority, makeCertificate } from '../../packages/x509/test/helpers/certificates.js';
import { type AnsweringKubepass, answeringKubepass, withText } from '../helpers/answering-kubepass.js';
import { servingPair } from '../cluster/serving-pair.js';
import { freePort } from '../helpers/free-ports.js';
import { as } from './support/call.js';
import { startService, type TestService } from './support/service.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';

const directory = temporaryDirectory();
let kubepass: AnsweringKubepass;
beforeAll(async () => (kubepass = await answeringKubepass(directory.path)));
afterAll(async () => {
  await kubepass.close();
  directory.remove();
});

const [own, another, old, next] = ['own', 'another', 'old', 'next']
  .map((name) => makeAuthority({ subject: [['CN', name]] }))
  .map(({ pem }) => pem) as [string, string, string, string];
const leaf = makeCertificate().pem;

let folder: string;
const at = (name: string) => join(folder, name);
const file = () => readFileSync(at('client-ca.crt'), 'utf8');
beforeEach(() => {
  folder = mkdtempSync(join(directory.path, 'node-'));
  kubepass.placeNodeFiles(folder);
  writeFileSync(at('ca.crt'), own);
  kubepass.answer(withText(old, '"1"'));
});

const chosen = (args: readonly string[]) => chosenOptions(parseArgs({ args: [...args], options }).values, folder);
const usual = ['--cluster', 'demo', '--base', 'ca.crt', '--out', 'client-ca.crt'];

async function keep(rounds = 1, between: (round: number) => void = () => undefined) {
  const [said, complaints]: [string[], string[]] = [[], []];
  let round = 0;
  const code = await keepClientCaFile(chosen(rounds > 1 ? [...usual, '--watch'] : usual), {
    say: (line) => void said.push(line),
    complain: (line) => void complaints.push(line),
    pause: (milliseconds) => {
      expect(milliseconds).toBe(2_000);
      round += 1;
      between(round);
      return Promise.resolve();
    },
    isStopped: () => round >= rounds,
  });
  return { code, said, complaints };
}

it('writes the own CAs of the node first, then the others once each, and leaves nothing beside the file', async () => {
  writeFileSync(at('ca.crt'), `# the CAs of this cluster\n${own}\n${another.trimEnd()}`);
  kubepass.answer(withText(`${old}${own}${next}`));
  expect(await keep()).toEqual({
    code: 0,
    said: [`${at('client-ca.crt')}: 2 of the node's own CAs, and 2 more of kubepass`],
    complaints: [],
  });
  expect(file()).toBe(`${own}${another}${old}${next}`);
  expect(statSync(at('client-ca.crt')).mode & 0o777).toBe(0o644);
  expect(readdirSync(folder).sort()).toEqual([
    'authorization-webhook.kubeconfig',
    'ca.crt',
    'client-ca.crt',
    'reviewer-token',
  ]);
});

it('asks with the token of the reviewer, for the client CAs, and with the entity tag of what it has', async () => {
  const asked: unknown[] = [];
  kubepass.answer((request, response) => {
    const { authorization, accept, 'if-none-match': known } = request.headers;
    asked.push([request.method, request.url, authorization, accept, known]);
    withText(old, '"1"')(request, response);
  });
  await keep(2);
  const always = ['GET', '/v1/clusters/demo/certificate-authority?role=client', 'Bearer kubepass_token-of-a-reviewer'];
  const accept = 'application/pem-certificate-chain, application/problem+json';
  expect(asked).toEqual([
    [...always, accept, undefined],
    [...always, accept, '"1"'],
  ]);
});

it('follows kubepass and the CAs of the node, and puts the file back where somebody changed it', async () => {
  const found: string[] = [];
  const { code, said } = await keep(6, (round) => {
    found.push(file());
    if (round === 1) kubepass.answer(withText(`${old}${next}`, '"2"'));
    if (round === 2) writeFileSync(at('ca.crt'), `${own}${another}`);
    if (round === 3) unlinkSync(at('client-ca.crt'));
    if (round === 4) kubepass.answer(withText(next, '"3"'));
  });
  expect(found).toEqual([
    `${own}${old}`,
    `${own}${old}${next}`,
    `${own}${another}${old}${next}`,
    `${own}${another}${old}${next}`,
    `${own}${another}${next}`,
    `${own}${another}${next}`,
  ]);
  expect(code).toBe(0);
  expect(said).toHaveLength(5);
});

it('keeps the mode and the owner of the file, and a link to it', async () => {
  writeFileSync(at('elsewhere.crt'), own);
  chmodSync(at('elsewhere.crt'), 0o640);
  symlinkSync('elsewhere.crt', at('client-ca.crt'));
  const before = statSync(at('elsewhere.crt'));
  expect(await keep()).toMatchObject({ code: 0 });
  expect(readFileSync(at('elsewhere.crt'), 'utf8')).toBe(`${own}${old}`);
  expect(readdirSync(folder)).toContain('client-ca.crt');
  const after = statSync(at('elsewhere.crt'));
  expect([after.mode, after.uid, after.gid]).toEqual([before.mode, before.uid, before.gid]);
  expect(after.ino).not.toBe(before.ino);
});

it('takes away what a process that was killed left beside the file, and nothing else', async () => {
  writeFileSync(at('.client-ca.crt.0123456789abcdef.tmp'), own.slice(0, 100));
  writeFileSync(at('.client-ca.crt.mine.tmp'), 'of somebody else');
  expect(await keep()).toMatchObject({ code: 0 });
  expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual(['.client-ca.crt.mine.tmp']);
});

describe('the file stays as it is, octet for octet,', () => {
  const before = `${own}${another}${old}`;
  beforeEach(() => writeFileSync(at('client-ca.crt'), before));
  const half = own.slice(0, own.length / 2);

  it.each<[what: string, base: string | null, why: string]>([
    ['is missing', null, 'ENOENT'],
    ['is empty', '', 'no PEM block'],
    ['has no certificate', '# none\n', 'no PEM block'],
    ['is cut off in its only certificate', half, 'END line'],
    ['is cut off in its second certificate', `${own}${half}`, 'END line'],
    ['is cut off in the beginning of its second certificate', `${own}-----BEGIN CERT`, 'BEGIN line'],
    ['is cut off in the dashes of its second certificate', `${own}---`, 'cut off'],
    ['begins amid a certificate', `${own.slice(200)}${another}`, 'cut off'],
    ['has octets before its first certificate', `\ufeff${own}${another}`, 'cut off'],
    ['is no text', '\0\u0001\u0002', 'no PEM block'],
    ['has a private key', `${own}-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n`, 'PRIVATE KEY'],
    ['has a certificate that is no CA', `${own}${leaf}`, 'is not a CA'],
    ['has what is no certificate', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n', 'cannot be read'],
  ])('where the own CAs of the node are in a file that %s', async (_, base, why) => {
    if (base === null) rmSync(at('ca.crt'));
    else writeFileSync(at('ca.crt'), base);
    expect(await keep()).toMatchObject({ code: 1, said: [], complaints: [expect.stringContaining(why)] });
    expect(await keep(3)).toMatchObject({ code: 0, said: [], complaints: [expect.stringContaining(why)] });
    expect(file()).toBe(before);
  });

  it('where the file of the own CAs is a folder, or cannot be told from the file itself', async () => {
    rmSync(at('ca.crt'));
    linkSync(at('client-ca.crt'), at('ca.crt'));
    expect((await keep()).complaints).toEqual([expect.stringContaining('the same file')]);
    rmSync(at('ca.crt'));
    symlinkSync('client-ca.crt', at('ca.crt'));
    expect((await keep()).complaints).toEqual([expect.stringContaining('the same file')]);
    expect((await keepWithBase('.')).complaints).toEqual([expect.stringContaining('not a regular file')]);
    expect(file()).toBe(before);
  });

  it.each<[what: string, how: Parameters<AnsweringKubepass['answer']>[0], why: string]>([
    ['breaks the connection', null, 'socket hang up'],
    ['answers an empty body', withText(''), 'no PEM block'],
    ['answers blank lines', withText('\n\n'), 'no PEM block'],
    ['answers a page', withText('<html>Sign in</html>'), 'no PEM block'],
    ['answers a certificate that is no CA', withText(`${old}${leaf}`), 'is not a CA'],
    ['answers half a certificate', withText(`${old}${next.slice(0, 300)}`), 'END line'],
    ['answers half a beginning', withText(`${old}-----BEG`), 'cut off'],
    ['answers garbage in a certificate', withText(old.replace(/\nMI/, '\nM!')), 'base64'],
    ['answers more than anybody reads', withText('x'.repeat(5 * 1024 * 1024)), 'too long'],
    ['answers 503', (_, response) => void response.writeHead(503).end('{"detail":"not now"}'), '503: not now'],
    ['answers 404', (_, response) => void response.writeHead(404).end('{}'), 'answers 404'],
    ['leads elsewhere', (_, response) => void response.writeHead(302, { location: '/x' }).end(old), 'answers 302'],
    ['answers 204', (_, response) => void response.writeHead(204).end(), 'answers 204'],
    ['answers 304 to nobody who has anything', (_, response) => void response.writeHead(304).end(), 'answers 304'],
    [
      'ends the connection between two certificates of an answer with a length',
      (request, response) => {
        response.writeHead(200, { 'content-length': old.length + next.length });
        response.write(old, () => request.socket.destroy());
      },
      'aborted',
    ],
    [
      'ends the connection between two certificates of an answer in chunks',
      (request, response) => {
        response.writeHead(200);
        response.write(old, () => request.socket.destroy());
      },
      'aborted',
    ],
    [
      'ends an answer with its connection, which may be a cut',
      (request) => void request.socket.end(`HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n${old}`),
      'where it ends',
    ],
  ])('where kubepass %s', async (_, how, why) => {
    kubepass.answer(how);
    expect(await keep()).toMatchObject({ code: 1, said: [], complaints: [expect.stringContaining(why)] });
    expect(await keep(3)).toMatchObject({ code: 0, said: [], complaints: [expect.stringContaining(why)] });
    expect(file()).toBe(before);
  });

  it('where there is no token, no kubeconfig, or one of another cluster', async () => {
    rmSync(at('reviewer-token'));
    expect((await keep()).complaints).toEqual([expect.stringContaining('reviewer-token')]);
    rmSync(at('authorization-webhook.kubeconfig'));
    expect((await keep()).complaints).toEqual([expect.stringContaining('authorization-webhook.kubeconfig')]);
    kubepass.placeNodeFiles(folder);
    const complaints: string[] = [];
    const other = chosen(['--cluster', 'other', ...usual.slice(2)]);
    await keepClientCaFile(other, surroundings(complaints));
    expect(complaints).toEqual([expect.stringContaining('is not the webhook kubeconfig of cluster "other"')]);
    expect(file()).toBe(before);
  });
});

const surroundings = (complaints: string[]) => ({
  say: () => undefined,
  complain: (line: string) => void complaints.push(line),
  pause: () => Promise.resolve(),
  isStopped: () => true,
});

async function keepWithBase(base: string) {
  const complaints: string[] = [];
  await keepClientCaFile(
    chosen(['--cluster', 'demo', '--base', base, '--out', 'client-ca.crt']),
    surroundings(complaints),
  );
  return { complaints };
}

it('writes the new CA of the node beside the last answer while kubepass does not answer, and goes on after it', async () => {
  const { code, said, complaints } = await keep(5, (round) => {
    if (round === 1) kubepass.answer(null);
    if (round === 2) writeFileSync(at('ca.crt'), another);
    if (round === 3) expect(file()).toBe(`${another}${old}`);
    if (round === 3) kubepass.answer(withText(next));
  });
  expect(complaints).toEqual([expect.stringContaining('the CAs of kubepass stay as they are: socket hang up')]);
  expect(said.at(-1)).toBe('kubepass answers again');
  expect(file()).toBe(`${another}${next}`);
  expect(code).toBe(0);
});

describe('beside the service', () => {
  let service: TestService;
  beforeAll(async () => {
    const port = await freePort();
    const tls = await servingPair(mkdtempSync(join(directory.path, 'service-')));
    service = await startService({
      port,
      app: { tls: tls.pair },
      config: `
publicAddress: { url: "https://127.0.0.1:${port}", certificateAuthority: ${tls.caFile} }
clusters:
  - name: demo
    server: https://demo.example:6443
    servingCertificateAuthority: ${tls.caFile}
    signer: { localCA: { certFile: data/ca/ca.crt, keyFile: data/ca/ca.key } }
`,
    });
  });
  afterAll(() => service.close());

  it('has the anchor of the active issuer behind the CAs of the node, by a kubeconfig and a token of the service', async () => {
    const ours = readFileSync(join(service.dataDir, 'ca', 'ca.crt'), 'utf8');
    const kubeconfig = `/v1/clusters/demo/authorization-webhook-kubeconfig?directory=${folder}`;
    const { text } = await service.as('root')('get', kubeconfig).expect(200);
    writeFileSync(at('authorization-webhook.kubeconfig'), text);
    const asked = { name: 'api-server', roles: ['reviewer'], cluster: 'demo', expiresInSeconds: null };
    const { token } = as.token(await service.as('root')('post', '/v1/api-tokens').send(asked).expect(201));
    writeFileSync(at('reviewer-token'), `${token}\n`);
    const { said, complaints } = await keep(3, (round) => {
      if (round === 1) writeFileSync(at('ca.crt'), `${own}${another}`);
    });
    expect(complaints).toEqual([]);
    expect(said).toHaveLength(2);
    expect(file()).toBe(`${own}${another}${ours}`);
    writeFileSync(at('reviewer-token'), `kubepass_${'x'.repeat(43)}\n`);
    expect(await keep()).toMatchObject({ code: 1, complaints: [expect.stringContaining('answers 401')] });
    expect(file()).toBe(`${own}${another}${ours}`);
  });
});

it.each([
  [['--base', 'b', '--out', 'x'], '--cluster'],
  [['--cluster', 'x', '--base', 'b'], '--out'],
  [['--cluster', 'x', '--out', 'y'], '--base'],
  [['--cluster', 'x', '--base', './y', '--out', 'y'], 'it would lose'],
  [['--cluster', 'x', '--base', 'b', '--out', 'y', '--every', '0'], '--every'],
  [['--nothing'], 'nothing'],
])('does not understand %j', (args, problem) => {
  expect(() => chosen(args)).toThrow(problem);
});
