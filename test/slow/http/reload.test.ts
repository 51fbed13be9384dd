// Tests src/start/tls-in-force.ts, src/start/in-force.ts, src/programs/run-service.ts
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'node:tls';
import { expect, it } from 'vitest';
import { makeKey } from '../../../packages/x509/test/helpers/certificates.js';
import { useProcesses, type ServingProcess } from '../../http/support/serving-process.js';
import { makeTlsPair, writeTlsFiles } from '../../http/support/tls-files.js';

const { start, inDirectory } = useProcesses();

/** The fingerprint of the certificate that a new connection gets. */
async function shownBy(address: string): Promise<string> {
  const { hostname, port } = new URL(address);
  const socket = connect({ host: hostname, port: Number(port), rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const { fingerprint256 } = socket.getPeerCertificate();
  socket.destroy();
  return fingerprint256;
}

function statusOf(url: string, agent: Agent): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(url, { agent, rejectUnauthorized: false }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode));
    })
      .on('error', reject)
      .end();
  });
}

/** Calls over kept and over new connections until it is stopped; answers every status. */
function keepCalling(url: string) {
  let stopped = false;
  const callers = [new Agent({ keepAlive: true }), new Agent({ keepAlive: false })].map(async (agent) => {
    const statuses: unknown[] = [];
    while (!stopped) statuses.push(await statusOf(url, agent).catch((error: unknown) => error));
    agent.destroy();
    return statuses;
  });
  return async () => {
    stopped = true;
    return (await Promise.all(callers)).flat();
  };
}

/** SIGHUP is the first bit of the mask (proc(5)). */
const catchesHangUps = (status: string) => /^SigCgt:.*[13579bdf]$/m.test(status);

/**
 * A process that hears signals, and has said nothing yet. On a busy machine a process may be further when this test is
 * scheduled again: then another process is begun.
 */
async function begun(): Promise<ServingProcess> {
  const serving = start();
  while (!catchesHangUps(readFileSync(`/proc/${serving.child.pid}/status`, 'utf8'))) await sleep(5);
  if (serving.output() === '') return serving;
  serving.child.kill('SIGKILL');
  await serving.ended;
  return begun();
}

it('serves a new certificate after SIGHUP without one failed request, and keeps it where the next one is broken', async () => {
  const [first, second] = [makeTlsPair(), makeTlsPair()];
  const { child, said, address: served } = start({ environment: writeTlsFiles(inDirectory(), first) });
  const address = await served();
  const fingerprint = ({ cert }: { readonly cert: string }) => new X509Certificate(cert).fingerprint256;
  expect(await shownBy(address)).toBe(fingerprint(first));
  const stopCalling = keepCalling(`${address}/livez`);

  writeTlsFiles(inDirectory(), second);
  child.kill('SIGHUP');
  await expect.poll(() => said('another TLS certificate is served'), { timeout: 10_000 }).toBeDefined();
  expect(await shownBy(address)).toBe(fingerprint(second));

  const refused = 'the TLS files were changed and cannot be served: the certificate in force stays';
  // The key belongs to another certificate. Its mode is looked at like that of every other secret.
  writeFileSync(inDirectory('tls.key'), first.key);
  chmodSync(inDirectory('tls.key'), 0o640);
  child.kill('SIGHUP');
  await expect.poll(() => said(refused)?.['reason'], { timeout: 10_000 }).toMatch(/tls\.key: .*mismatch/);
  expect(await shownBy(address)).toBe(fingerprint(second));
  // OpenSSL says nothing against a key of another algorithm, until each handshake fails.
  const { time } = said(refused) ?? {};
  writeFileSync(inDirectory('tls.key'), makeKey('RSA-2048').pem);
  child.kill('SIGHUP');
  await expect.poll(() => said(refused)?.['time'], { timeout: 10_000 }).not.toBe(time);
  expect(await shownBy(address)).toBe(fingerprint(second));

  const statuses = await stopCalling();
  expect(statuses.length).toBeGreaterThan(20);
  expect(new Set(statuses)).toEqual(new Set([200]));
});

it('does not start with a TLS key of another algorithm than its certificate', async () => {
  const environment = writeTlsFiles(inDirectory(), { cert: makeTlsPair().cert, key: makeKey('RSA-2048').pem });
  const { said, ended } = start({ environment });
  expect(await ended).toEqual([1, null]);
  const { KUBEPASS_TLS_CERT_FILE: cert, KUBEPASS_TLS_KEY_FILE: key } = environment;
  expect(said('kubepass cannot serve')?.['reason']).toBe(
    `the configuration cannot be served:\n  KUBEPASS_TLS_CERT_FILE: TLS cannot be served with ${cert} and ${key}: the key and the certificate mismatch: the key belongs to another one`,
  );
});

it('warns of a TLS key that others can read', async () => {
  const environment = writeTlsFiles(inDirectory());
  chmodSync(inDirectory('tls.key'), 0o644);
  const { said, address } = start({ environment });
  await address();
  const warning = `${inDirectory('tls.key')} is open to others (mode 0644); 0600 would keep it to its owner`;
  expect(said(warning)).toMatchObject({ level: 'warn' });
});

it('reads the policies again at SIGHUP, and says each time what is wrong with them', async () => {
  const { child, said, address: served } = start();
  const address = await served();
  const invalid = 'the policies were changed and do not validate: those in force stay';
  const valid = readFileSync(inDirectory('policies', 'test.yaml'));
  writeFileSync(inDirectory('policies', 'test.yaml'), 'kind: Nonsense\n');
  child.kill('SIGHUP');
  await expect.poll(() => said(invalid), { timeout: 10_000 }).toBeDefined();
  const { time } = said(invalid) ?? {};
  child.kill('SIGHUP');
  await expect.poll(() => said(invalid)?.['time'], { timeout: 10_000 }).not.toBe(time);
  expect(said(invalid)).toMatchObject({ errors: ['test.yaml:1:1: /kind: must be one of Policy, Guardrail'] });
  writeFileSync(inDirectory('policies', 'test.yaml'), valid);
  child.kill('SIGHUP');
  const mended = 'policies are in force again: the files validate';
  await expect
    .poll(() => said(mended), { timeout: 10_000 })
    .toMatchObject({ level: 'info', digest: expect.any(String) as string });
  expect((await fetch(`${address}/readyz`)).status).toBe(200);
});

it.runIf(process.platform === 'linux')('does not end a process that has only begun, at SIGHUP', async () => {
  const { child, said, output, address: served } = await begun();
  expect(output()).toBe('');
  child.kill('SIGHUP');
  const address = await served();
  await expect
    .poll(() => said('the policies, and the files of certificates and secrets, are read again'), { timeout: 10_000 })
    .toBeDefined();
  expect((await fetch(`${address}/livez`)).status).toBe(200);
});

it('is passed on by the quickstart to the process that serves', async () => {
  const quickstart = start({ program: 'scripts/quickstart/main.ts', verb: null });
  await expect.poll(() => quickstart.output(), { timeout: 60_000 }).toContain('serving; Ctrl-C stops it');
  quickstart.child.kill('SIGHUP');
  await expect
    .poll(() => readFileSync(inDirectory('data', 'quickstart.log'), 'utf8'), { timeout: 10_000 })
    .toContain('the policies, and the files of certificates and secrets, are read again');
  quickstart.child.kill('SIGTERM');
  expect(await quickstart.ended).toEqual([0, null]);
});
