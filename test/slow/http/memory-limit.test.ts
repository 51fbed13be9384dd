// Tests src/programs/serve.ts, src/inspections/inspection-pool.ts, src/policy/workers/draft-pool.ts
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { fromSources, kubepass } from '../../helpers/from-sources.js';
import { memoryLimitMebibytes, memorySettings } from '../../helpers/image.js';
import { testPolicies } from '../../helpers/issuance.js';
import { temporaryDirectory } from '../../helpers/temporary-directory.js';
import { hostileUploads } from '../../http/support/hostile-uploads.js';

const directory = temporaryDirectory();
afterAll(() => directory.remove());

const linux = process.platform === 'linux';

it.skipIf(!linux)(
  'hostile uploads, drafts, a replay and issuing together stay under the memory limit of deploy/kubernetes',
  async () => {
    const policies = join(directory.path, 'policies');
    mkdirSync(policies);
    writeFileSync(join(policies, 'test.yaml'), testPolicies);
    const { flags, arenas } = memorySettings();
    const child = spawn(process.execPath, [...flags, ...fromSources, kubepass, 'serve'], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {
        PATH: process.env['PATH'],
        MALLOC_ARENA_MAX: arenas,
        KUBEPASS_DATA_DIR: join(directory.path, 'data'),
        KUBEPASS_POLICIES_DIR: policies,
        KUBEPASS_PORT: '0',
        // One principal does all of it.
        KUBEPASS_BUDGETS: 'off',
      },
    });
    const ended = once(child, 'close');
    try {
      let log = '';
      child.stdout.on('data', (chunk: Buffer) => (log = (log + chunk.toString()).slice(-10_000)));
      const addressIn = () => /"address":"(http[^"]+)"/.exec(log)?.[1];
      await expect.poll(addressIn, { timeout: 60_000 }).toBeDefined();
      const address = addressIn();
      const token = readFileSync(join(directory.path, 'data', 'admin-token'), 'utf8').trim();
      const post = async (path: string, body: FormData | object, accept = '*/*') => {
        const isForm = body instanceof FormData;
        const reply = await fetch(`${address}${path}`, {
          method: 'POST',
          headers: {
            authorization: `Bearer ${token}`,
            accept,
            ...(isForm ? {} : { 'content-type': 'application/json' }),
          },
          body: isForm ? body : JSON.stringify(body),
        });
        await reply.arrayBuffer();
        return reply.status;
      };

      const pem = readFileSync(join(directory.path, 'data', 'ca', 'ca.crt'), 'utf8');
      const uploads = await Promise.all(Object.values(hostileUploads).map(async (make) => make(pem)));
      const formats = ['application/json', 'text/html', 'text/plain'];
      const state = { uploading: true };
      const queue = uploads.map((upload, i) => ({ upload, accept: formats[i % 3] }));
      const inspected: number[] = [];
      const sender = async () => {
        for (let next = queue.shift(); next; next = queue.shift()) {
          const form = new FormData();
          form.set('file', new Blob([new Uint8Array(next.upload)]));
          form.set('password', 'secret');
          inspected.push(await post('/v1/inspections', form, next.accept));
        }
      };
      const draft = Array.from({ length: 900 }, (_, i) => policy.replace('NAME', `policy-${i}`)).join('---\n');
      const during = async (work: () => Promise<number>) => {
        const statuses: number[] = [];
        while (state.uploading) statuses.push(await work());
        return statuses;
      };
      const others = Promise.all([
        during(() => post('/v1/policies/replay', { policies: [draft] })),
        during(() => post('/v1/policies/evaluate', { username: 'jane', groups: ['team-a'], policies: [draft] })),
        during(() => post('/v1/kubeconfigs', { username: 'jane', groups: ['team-a'] })),
      ]);
      await Promise.all(Array.from({ length: 8 }, sender));
      state.uploading = false;
      const [replayed, evaluated, issued] = await others;

      expect(inspected.every((status) => [200, 413, 422, 503].includes(status))).toBe(true);
      expect(inspected).toContain(200);
      expect(replayed.length + evaluated.length).toBeGreaterThan(0);
      expect(new Set(issued)).toEqual(new Set([201]));
      const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid ?? 0}/status`, 'utf8'))?.[1];
      expect(Number(peak) / 1024).toBeGreaterThan(100);
      expect(Number(peak) / 1024).toBeLessThan(memoryLimitMebibytes());
    } finally {
      child.kill('SIGKILL');
      await ended;
    }
  },
);

const policy = `apiVersion: kubepass/v1
kind: Policy
metadata: { name: NAME }
spec:
  selector: {}
  allowed: { usernames: ["*"], groups: ["*"] }
  constraints: { maxExpirationSeconds: 86400 }
  approval: { mode: auto }
`;
