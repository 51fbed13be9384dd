// Tests src/observability/logger.ts
import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { closeSync, existsSync, openSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createLogger } from '../../../src/observability/logger.js';
import { fromSources } from '../../helpers/from-sources.js';

const keyPem = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' });
const keyText = keyPem.toString();
const keyLine = keyText.split('\n')[1]!;
const keyBase64 = Buffer.from(keyText).toString('base64');
const token = `kubepass_${'Ab3_-'.repeat(9).slice(0, 43)}`;
const inBase64 = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const jsonWebToken = `${inBase64({ alg: 'RS256', kid: 'k' })}.${inBase64({ sub: 'jane', aud: 'kubepass' })}.c2lnbmF0dXJl-_`;
const certificateBase64 = Buffer.from('-----BEGIN CERTIFICATE-----\nMIIB').toString('base64');

/** The line that one call to the logger writes. */
function written(log: (logger: ReturnType<typeof createLogger>) => void): string {
  let text = '';
  log(createLogger({ level: 'trace' }, { write: (line: string) => (text += line) }));
  return text;
}

describe('createLogger', () => {
  it('writes JSON lines with time, level, service and the fields that it is given', () => {
    const line = JSON.parse(written((logger) => logger.info({ requestId: 'r-1' }, 'issued'))) as object;
    expect(line).toMatchObject({ level: 'info', service: 'kubepass', requestId: 'r-1', msg: 'issued' });
    expect(line).toHaveProperty('time', expect.stringMatching(/^\d{4}-.*Z$/));
  });

  it.each<[string, (logger: ReturnType<typeof createLogger>) => void]>([
    ['in a message', (logger) => logger.error(`cannot sign with ${keyText}`)],
    ['in an error’s message and stack', (logger) => logger.error({ err: new Error(`bad key: ${keyText}`) }, 'failed')],
    ['in an error’s cause', (logger) => logger.error(new Error('failed', { cause: new Error(keyText) }))],
    ['deep in an object', (logger) => logger.info({ a: { b: [{ c: keyText }] } })],
    ['in a child logger’s bindings', (logger) => logger.child({ key: keyText }).info('hello')],
    ['cut off', (logger) => logger.info(keyText.slice(0, 120))],
    ['as JSON in a text', (logger) => logger.info(JSON.stringify({ key: keyText }))],
    ['as a kubeconfig', (logger) => logger.info(`users:\n- user:\n    client-key-data: ${keyBase64}\n`)],
    ['as a kubeconfig in an object', (logger) => logger.info({ user: { 'client-key-data': keyBase64 } })],
    ['as base64', (logger) => logger.info({ data: keyBase64 })],
  ])('writes no private key that stands %s', (_where, log) => {
    const text = written(log);
    expect(text).not.toContain('PRIVATE KEY-----');
    expect(text).not.toContain(keyLine.slice(0, 40));
    expect(text).not.toContain(keyBase64.slice(0, 60));
    expect(() => JSON.parse(text) as unknown).not.toThrow();
  });

  it.each<[string, (logger: ReturnType<typeof createLogger>) => void]>([
    ['in a message', (logger) => logger.warn(`who is ${token}?`)],
    ['in a header', (logger) => logger.info({ headers: { authorization: `Bearer ${token}` } })],
    ['in a text', (logger) => logger.info({ err: new Error(`Authorization: Bearer ${token}`) })],
    ['as a member', (logger) => logger.info({ token })],
  ])('writes no API token that stands %s', (_where, log) => {
    const text = written(log);
    expect(text).not.toContain(token.slice('kubepass_'.length));
    expect(() => JSON.parse(text) as unknown).not.toThrow();
  });

  it.each<[string, (logger: ReturnType<typeof createLogger>) => void]>([
    ['in a message', (logger) => logger.warn(`who is ${jsonWebToken}?`)],
    ['in a URL', (logger) => logger.info({ url: `/callback?id_token=${jsonWebToken}&state=x` })],
    ['without its signature', (logger) => logger.info({ text: jsonWebToken.slice(0, jsonWebToken.lastIndexOf('.')) })],
    ['in an error', (logger) => logger.error({ err: new Error(`{"access_token":"${jsonWebToken}"}`) }, 'failed')],
  ])('writes no JSON Web Token that stands %s', (_where, log) => {
    const text = written(log);
    for (const part of jsonWebToken.split('.')) expect(text).not.toContain(part);
    expect(() => JSON.parse(text) as unknown).not.toThrow();
  });

  it('writes no secret that webhooks are signed with', () => {
    const text = written((logger) =>
      logger.info({ line: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' }, 'whsec_AAAA+/AAAA=='),
    );
    expect(text).not.toMatch(/MfKQ9r8|AAAA/);
    expect(text.match(/\[redacted secret\]/g)).toHaveLength(2);
  });

  it('writes no bearer token of any other kind, and nothing that is named a secret', () => {
    const text = written((logger) =>
      logger.info({ note: 'Bearer eyJhbGciOiJIUzI1NiJ9.e30.c2ln', password: 'correct "horse"', cookie: 'a=b' }),
    );
    for (const secret of ['eyJhbGciOiJIUzI1NiJ9', 'horse', 'a=b']) expect(text).not.toContain(secret);
    expect(() => JSON.parse(text) as unknown).not.toThrow();
  });

  it('leaves what is no secret as it is', () => {
    const certificate = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';
    const text = written((logger) => logger.info({ certificate, certificateBase64, tokenId: '01968c2e-7a1b' }));
    expect(JSON.parse(text)).toMatchObject({ certificate, certificateBase64, tokenId: '01968c2e-7a1b' });
  });
});

describe('standard output', () => {
  /** Runs a program that has a logger. */
  function run(program: string, stdout: 'pipe' | number = 'pipe') {
    const begin = `import { createLogger } from './src/observability/logger.ts'; const logger = createLogger();`;
    const options = [...fromSources, '--input-type=module', '--eval', `${begin} ${program}`];
    const ended = spawnSync(process.execPath, options, { stdio: ['ignore', stdout, 'pipe'], encoding: 'utf8' });
    const lines = (ended.stdout as string | null)?.split('\n').filter((line) => line !== '') ?? [];
    const messages = lines.map((line) => (JSON.parse(line) as { msg: string }).msg);
    return { messages, signal: ended.signal, status: ended.status, stderr: ended.stderr };
  }

  it.each<[string, string]>([
    ['ends', ''],
    ['is made to exit', 'process.exit(3);'],
    ['throws what nobody catches', `throw new Error('nobody catches this');`],
  ])('has every line when the process %s', (_how, end) => {
    expect(run(`logger.info('one'); logger.info('two'); ${end}`).messages).toEqual(['one', 'two']);
  });

  const kill = `process.kill(process.pid, 'SIGKILL');`;

  it('has a warning at once, after the lines before it', () => {
    const { messages, signal } = run(`logger.info('one'); logger.warn('two'); logger.info('three'); ${kill}`);
    expect({ messages, signal }).toEqual({ messages: ['one', 'two'], signal: 'SIGKILL' });
  });

  it('has other lines soon, although nothing follows them', () => {
    const { messages, signal } = run(`logger.info('one'); setTimeout(() => { ${kill} }, 1000);`);
    expect({ messages, signal }).toEqual({ messages: ['one'], signal: 'SIGKILL' });
  });

  it('has many lines in order', () => {
    const { messages } = run(`for (let i = 0; i < 5000; i += 1) logger.info(String(i));`);
    expect(messages).toEqual(Array.from({ length: 5000 }, (_, i) => String(i)));
  });

  it.skipIf(!existsSync('/dev/full'))('may be full: the process goes on', () => {
    const full = openSync('/dev/full', 'w');
    const log = `for (let i = 0; i < 100; i += 1) logger.warn('x'.repeat(1000));`;
    const { status, stderr } = run(`${log} process.stderr.write('still here');`, full);
    closeSync(full);
    expect({ status, stderr }).toEqual({ status: 0, stderr: 'still here' });
  });
});
