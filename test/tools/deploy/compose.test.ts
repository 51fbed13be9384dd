// Tests config/kubepass.yaml, docker-compose.postgres.yml, deploy/image/health-check.mjs
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readConfig } from '../../../src/config/config.js';
import { readEnvironment } from '../../../src/config/env.js';
import { makeTlsPair } from '../../http/support/tls-files.js';
import { temporaryDirectory } from '../../helpers/temporary-directory.js';

interface Service {
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly [setting: string]: unknown;
}
const servicesOf = (file: string) =>
  (parse(readFileSync(file, 'utf8'), { merge: true }) as { readonly services: Readonly<Record<string, Service>> })
    .services;
const { kubepass } = servicesOf('docker-compose.yml');
const onPostgresql = servicesOf('docker-compose.postgres.yml');

describe('the sample config/kubepass.yaml', () => {
  const errorsOf = (text: string) => {
    const directory = temporaryDirectory();
    const file = join(directory.path, 'kubepass.yaml');
    writeFileSync(file, text);
    const { errors } = readConfig(readEnvironment({ KUBEPASS_CONFIG: file, KUBEPASS_TLS_TERMINATED: 'true' }));
    directory.remove();
    return errors;
  };
  const sample = readFileSync('config/kubepass.yaml', 'utf8');

  it('is read by the service without an error', () => {
    expect(errorsOf(sample)).toEqual([]);
  });

  it('is read without an error where its commented settings are taken in', () => {
    const settings = sample.slice(sample.indexOf('\nclusters:'));
    const all = settings.replace(/^# ((?:tls|publicAddress|callers|roles|audit):.*| {2}.*)$/gm, '$1');
    expect(all).toContain('\nroles:');
    expect(errorsOf(all)).toEqual([]);
  });

  it('is mounted where KUBEPASS_CONFIG names it', () => {
    for (const name of ['migrate', 'kubepass-postgres']) {
      expect(onPostgresql[name]?.volumes).toContain('./config:/etc/kubepass/config:ro');
      expect(onPostgresql[name]?.environment?.['KUBEPASS_CONFIG']).toBe('/etc/kubepass/config/kubepass.yaml');
    }
    expect(kubepass?.volumes).toContain('./config:/etc/kubepass/config:ro');
  });
});

describe('docker-compose.postgres.yml', () => {
  it('has no password of its own: compose refuses to start with an unset or empty one, and says so', () => {
    const text = readFileSync('docker-compose.postgres.yml', 'utf8');
    const variables = [...text.matchAll(/\$\{(\w+)([^}]*)\}/g)];
    expect(new Set(variables.map(([, name]) => name))).toEqual(
      new Set(['POSTGRES_PASSWORD', 'KUBEPASS_OWNER_PASSWORD', 'KUBEPASS_SERVICE_PASSWORD']),
    );
    for (const [, , rule] of variables) expect(rule).toMatch(/^:\?\w/);
    expect(readFileSync('docker-compose.yml', 'utf8')).not.toMatch(/PASSWORD/);
  });

  it('bounds the service as docker-compose.yml does', () => {
    for (const setting of ['mem_limit', 'read_only', 'tmpfs', 'cap_drop', 'security_opt', 'stop_grace_period', 'image'])
      expect(onPostgresql['kubepass-postgres']?.[setting]).toEqual(kubepass?.[setting]);
  });
});

describe('the health check of the image', () => {
  let server: Server | null = null;
  afterEach(() => server?.close());
  const listening = async (started: Server) => {
    server = started;
    await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve));
    return String((started.address() as AddressInfo).port);
  };
  const check = (environment: Readonly<Record<string, string>>) =>
    promisify(execFile)(process.execPath, ['deploy/image/health-check.mjs'], { env: environment }).then(
      () => true,
      () => false,
    );
  const answer: http.RequestListener = ({ url }, response) => {
    response.writeHead(url === '/livez' ? 200 : 404).end();
  };

  it('asks over plain HTTP and over TLS, which the file may turn on', async () => {
    const plain = await listening(http.createServer(answer));
    expect(await check({ KUBEPASS_PORT: plain })).toBe(true);
    expect(await check({ KUBEPASS_PORT: plain, KUBEPASS_TLS_CERT_FILE: '/tls.crt' })).toBe(true);
    server?.close();
    const secure = await listening(https.createServer(makeTlsPair(), answer));
    expect(await check({ KUBEPASS_PORT: secure })).toBe(true);
    expect(await check({ KUBEPASS_PORT: secure, KUBEPASS_TLS_CERT_FILE: '/tls.crt' })).toBe(true);
  });

  it('fails where nobody answers, or not with 200', async () => {
    expect(await check({ KUBEPASS_PORT: '1' })).toBe(false);
    const port = await listening(http.createServer((_, response) => response.writeHead(503).end()));
    expect(await check({ KUBEPASS_PORT: port })).toBe(false);
  });
});
