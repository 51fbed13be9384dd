// Tests src/callers/spent-budgets.ts, src/http/hooks/tell-budgets.ts
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { Agent, request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { codeOf } from '@kubepass/x509';
import { temporaryDirectory } from '../../helpers/temporary-directory.js';
import { localCluster } from '../../http/support/local-cluster.js';
import { startService, type TestService } from '../../http/support/service.js';

const writes = 150;
const body = JSON.stringify({ username: 'somebody', groups: ['ops-eu'] });

const directory = temporaryDirectory();
let service: TestService;
beforeAll(async () => {
  const budgets = { writes, denied: 1000, auditKilobytes: 100_000 };
  const config = `${await localCluster(directory.path)}budgets: ${JSON.stringify(budgets)}\n`;
  service = await startService({ config });
});
afterAll(async () => {
  await service.close();
  directory.remove();
});

interface Seen {
  readonly status: number;
  readonly remaining: number;
  /** The `t` of writes. */
  readonly secondsLeft: number;
  readonly retryAfter: number | null;
}

function seen(status: number, headers: IncomingHttpHeaders): Seen {
  const [, r = '', t = ''] = /"writes";r=(\d+);t=(\d+)/.exec(String(headers['ratelimit'])) ?? [];
  const retryAfter = headers['retry-after'];
  return { status, remaining: Number(r), secondsLeft: Number(t), retryAfter: retryAfter ? Number(retryAfter) : null };
}

/** Every answer told the truth: as many were let in as there are, and none after one that had nothing left. */
function expectTruth(answers: readonly Seen[]): void {
  const accepted = answers.filter(({ status }) => status === 201);
  const refused = answers.filter(({ status }) => status === 429);
  expect(accepted).toHaveLength(writes);
  expect(refused.length).toBeGreaterThan(0);
  expect(accepted.length + refused.length).toBe(answers.length);
  // An answer may know of calls that came after its own, and never says more than is left.
  const left = accepted.map(({ remaining }) => remaining).sort((a, b) => b - a);
  expect(left.filter((remaining, i) => remaining > writes - 1 - i)).toEqual([]);
  expect(left.at(-1)).toBe(0);
  expect(new Set(refused.map(({ remaining }) => remaining))).toEqual(new Set([0]));
  // A second may pass between the two; then the longer one stands where clients look first.
  const apart = new Set(refused.map(({ retryAfter, secondsLeft }) => (retryAfter ?? NaN) - secondsLeft));
  expect([0, 1]).toEqual(expect.arrayContaining([...apart]));
  for (const { secondsLeft } of answers) {
    expect(secondsLeft).toBeGreaterThan(0);
    expect(secondsLeft).toBeLessThanOrEqual(60);
  }
}

describe('the fields of answers under load', () => {
  it('are true for many connections at a time', async () => {
    const agent = new Agent({ keepAlive: true });
    const answers: Seen[] = [];
    const send = () =>
      new Promise<void>((resolve, reject) => {
        const headers = { authorization: `Bearer ${service.tokenOf('alice')}`, 'content-type': 'application/json' };
        const call = httpRequest(`${service.address}/v1/certificate-requests`, { method: 'POST', agent, headers });
        call.on('error', reject);
        call.on('response', (response) => {
          answers.push(seen(response.statusCode ?? 0, response.headers));
          response.resume().on('end', resolve);
        });
        call.end(body);
      });
    await Promise.all(
      Array.from({ length: 16 }, async () => {
        while (answers.length < 2 * writes) await send();
      }),
    );
    agent.destroy();
    expectTruth(answers);
  });

  it('are true for wrk', async (context) => {
    // It prints its version and a usage, and ends with 1.
    const isThere = await promisify(execFile)('wrk', ['--version']).catch((error: unknown) => error);
    if (codeOf(isThere) === 'ENOENT')
      return void context.skip('wrk is not installed: the load of the test before is our own');
    const script = join(directory.path, 'budgets.lua');
    writeFileSync(
      script,
      `wrk.method = "POST"
wrk.body = '${body}'
wrk.headers["Authorization"] = "Bearer ${service.tokenOf('hr-system')}"
wrk.headers["Content-Type"] = "application/json"
function response(status, headers)
  local limit, retry = "", ""
  for name, value in pairs(headers) do
    if name:lower() == "ratelimit" then limit = value end
    if name:lower() == "retry-after" then retry = value end
  end
  io.write("answer " .. status .. " " .. retry .. "|" .. limit .. "\\n")
end
`,
      { mode: 0o600 },
    );
    const { stdout } = await promisify(execFile)(
      'wrk',
      ['-t1', '-c16', '-d2s', '-s', script, `${service.address}/v1/certificate-requests`],
      { maxBuffer: 2 ** 27 },
    );
    const answers = [...stdout.matchAll(/^answer (\d+) (\d*)\|(.*)$/gm)].map(
      ([, status = '', retry = '', limit = '']) =>
        seen(Number(status), { ratelimit: limit, ...(retry !== '' && { 'retry-after': retry }) }),
    );
    expectTruth(answers);
  });
});
