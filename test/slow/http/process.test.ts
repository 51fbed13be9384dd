// Tests src/programs/run-service.ts, src/programs/serve.ts
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { useProcesses } from '../../http/support/serving-process.js';
import { writeTlsFiles } from '../../http/support/tls-files.js';

const { start, inDirectory } = useProcesses();
const dataDir = () => inDirectory('data');
const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

const begunIn = { HTTP: Buffer.from('GET / HTTP/1.1\r\n'), TLS: Buffer.from('160301', 'hex') };

describe('the process', () => {
  it('serves metrics without a token where the environment asks for it, until it ends', async () => {
    const { child, said, ended, address } = start({ environment: { KUBEPASS_METRICS_PORT: '0' } });
    const served = await address();
    const heard = 'kubepass serves its metrics, without asking for a token';
    await expect.poll(() => said(heard)).toBeDefined();
    const metricsAddress = String(said(heard)?.['address']);
    expect(metricsAddress).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/metrics$/);
    expect((await fetch(`${served}/metrics`)).status).toBe(401);
    expect(await (await fetch(metricsAddress)).text()).toMatch(
      /^kubepass_http_requests_total\{route="\/metrics",method="GET",status="4xx"\} 1$/m,
    );
    child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
    await expect(fetch(metricsAddress)).rejects.toThrow();
  });

  it('answers the requests that are under way when SIGTERM comes, and then ends', async () => {
    const { child, said, ended, address: served, adminToken } = start();
    const address = await served();
    const token = adminToken();
    let answered = 0;
    const answers = Array.from({ length: 12 }, async (_, number) => {
      const response = await fetch(`${address}/v1/kubeconfigs`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ username: `user-${String(number)}`, groups: ['team-a'], keyAlgorithm: 'RSA-2048' }),
      });
      answered += 1;
      return { status: response.status, text: await response.text() };
    });
    // Later requests are answered, so the earlier ones have arrived.
    for (let i = 0; i < 3; i += 1) expect((await fetch(`${address}/livez`)).status).toBe(200);
    expect(answered).toBeLessThan(answers.length);
    child.kill('SIGTERM');

    for (const { status, text } of await Promise.all(answers)) {
      expect(status, text).toBe(201);
      expect(text).toContain('client-key-data');
    }
    expect(await ended).toEqual([0, null]);
    expect(said('stopped')).toBeDefined();
    // The service did not wait for idle connections that are kept alive.
    expect(said('connections are still open: they are cut')).toBeUndefined();
  });

  it('ends within the drain although 50 clients of HTTP, or of TLS, are connected and say nothing', async () => {
    // Two processes, which wait for their clients at the same time.
    const processes = (['HTTP', 'TLS'] as const).map((protocol) => {
      const environment = { KUBEPASS_DATA_DIR: inDirectory(`data-${protocol}`) };
      const tls = protocol === 'TLS' ? writeTlsFiles(inDirectory()) : {};
      return { begun: begunIn[protocol], ...start({ environment: { ...environment, ...tls } }) };
    });
    for (const { address, begun } of processes) {
      const { hostname, port } = new URL(await address());
      for (let i = 0; i < 50; i += 1) {
        const socket = connect(Number(port), hostname).on('error', () => undefined);
        sockets.push(socket);
        await new Promise((resolve) => socket.once('connect', resolve));
        // Some begin a handshake, or a request, and stop.
        if (i % 5 === 0) socket.write(begun);
      }
    }
    const before = performance.now();
    for (const { child } of processes) child.kill('SIGTERM');
    for (const { ended, said } of processes) {
      expect(await ended).toEqual([0, null]);
      expect(performance.now() - before).toBeLessThan(20_000);
      expect(said('stopped')).toBeDefined();
    }
  });

  // Root may write everywhere unless it drops this capability.
  const withoutPrivilege = process.getuid?.() === 0 ? ['setpriv', '--bounding-set=-dac_override,-dac_read_search'] : [];
  const [command] = withoutPrivilege;
  const possible = command === undefined || spawnSync(command, [...withoutPrivilege.slice(1), 'true']).status === 0;

  it.skipIf(!possible)('says so where it may not write to the data dir, and does not start', async () => {
    mkdirSync(dataDir());
    chmodSync(dataDir(), 0o500);
    const { said, ended } = start({ prefix: withoutPrivilege });
    expect(await ended).toEqual([1, null]);
    expect(said('kubepass cannot serve')).toMatchObject({
      level: 'fatal',
      reason: expect.stringMatching(/KUBEPASS_DATA_DIR: the directory .*data cannot be written to: EACCES/) as string,
    });
  });
});
