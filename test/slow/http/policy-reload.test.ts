// Tests src/policy/load-policy-set.ts, src/start/policies-in-force.ts
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { digestOfTexts } from '../../../src/policy/parse-policy-set.js';
import { as } from '../../http/support/call.js';
import { startService, type TestService } from '../../http/support/service.js';

const nothing = '# nothing\n';

/** A policy set in two files that both name the version. */
const version = (name: string) => ({
  'policies.yaml': `apiVersion: kubepass/v1
kind: Policy
metadata: { name: policy-${name} }
spec:
  selector: {}
  allowed: { usernames: ["*"], groups: ["team-*"] }
  constraints: { maxExpirationSeconds: 86400 }
  approval: { mode: auto }
`,
  'guardrails.yaml': `apiVersion: kubepass/v1
kind: Guardrail
metadata: { name: guardrail-${name} }
spec:
  selector: {}
  match: { groups: ["team-secret"] }
  message: not in ${name}
`,
});
type Files = ReturnType<typeof version>;

const broken = (files: Files): Files => ({
  ...files,
  'guardrails.yaml': files['guardrails.yaml'].replace('match', 'mtach'),
});
const cutOff = (files: Files, i: number): Files => ({
  ...files,
  // Cuts within a line, because text that ends with a line may be a complete document.
  'policies.yaml': files['policies.yaml'].slice(0, 90 + (i % 7)),
});

let service: TestService;
const write = (files: Files) => {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(service.dataDir, '..', 'policies', name), text);
};

beforeAll(async () => {
  const { 'policies.yaml': policies } = version('first');
  service = await startService({ policies, overrides: { policyRoundMilliseconds: 10 } });
});
afterAll(() => service.close());

/** The digest of the set in the service, which also has the now empty file that it started with. */
const digestOfVersion = (files: Files): string =>
  digestOfTexts(
    Object.entries({ ...files, 'test.yaml': nothing })
      .map(([path, text]) => ({ path, text }))
      .sort((a, b) => (a.path < b.path ? -1 : 1)),
  );

it('decides each of 300 requests under one whole set, while files are swapped 20 times and half of them are broken', async () => {
  writeFileSync(join(service.dataDir, '..', 'policies', 'test.yaml'), nothing);
  write(version('0'));
  const inForce = async () => (await service.as('alice')('get', '/v1/policies')).text;
  await expect.poll(inForce).toContain(digestOfVersion(version('0')));

  const whole = new Set([digestOfVersion(version('0'))]);
  let swapping = true;
  const swap = async () => {
    for (let i = 1; i <= 20; i++) {
      const files = version(String(i));
      if (i % 2 === 0) {
        whole.add(digestOfVersion(files));
        write(files);
        await expect.poll(inForce, { timeout: 60_000 }).toContain(digestOfVersion(files));
      } else {
        write(i % 4 === 1 ? broken(files) : cutOff(files, i));
        await sleep(100);
      }
    }
    swapping = false;
  };
  const decidedUnder: string[] = [];
  const ask = async () => {
    const answer = await service
      .as('alice')('post', '/v1/certificate-requests')
      .send({ username: 'alice', groups: ['team-a'] });
    expect(answer.status, answer.text).toBe(201);
    decidedUnder.push(as.request(answer).decision.policySetDigest);
  };
  const client = async () => {
    while (swapping || decidedUnder.length < 300) await ask();
  };
  await Promise.all([swap(), ...Array.from({ length: 8 }, client)]);

  expect(decidedUnder.length).toBeGreaterThanOrEqual(300);
  const sets = new Set(decidedUnder);
  expect([...sets].filter((digest) => !whole.has(digest))).toEqual([]);
  // The service did load the changed files.
  expect(sets.size).toBeGreaterThan(3);
});
