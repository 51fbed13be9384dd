// Tests src/programs/node-files/revocation-file.ts, src/programs/node-files/keep-file.ts,
// src/programs/node-files/ask-kubepass.ts, src/programs/node-files/replace-file.ts
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { chosenCommonOptions, type CommonOptions } from '../../src/programs/node-files/keep-file.js';
import { keepRevocationFile, options } from '../../src/programs/node-files/revocation-file.js';
import { insertRevocation } from '../../src/store/tables/revocation-table.js';
import { servingPair } from '../cluster/serving-pair.js';
import { freePort } from '../helpers/free-ports.js';
import { aRevocation } from '../helpers/revocations.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { as } from './support/call.js';
import { startService, type TestService } from './support/service.js';

const directory = temporaryDirectory();
let service: TestService;
let folder: string;

beforeAll(async () => {
  const port = await freePort();
  const tls = await servingPair(directory.path);
  const at = (name: string) => join(directory.path, name);
  service = await startService({
    port,
    app: { tls: tls.pair },
    config: `
publicAddress: { url: "https://127.0.0.1:${port}", certificateAuthority: ${tls.caFile} }
clusters:
  - name: demo
    server: https://demo.example:6443
    servingCertificateAuthority: ${tls.caFile}
    signer: { localCA: { certFile: ${at('ca.crt')}, keyFile: ${at('client-ca.key')} } }
    revocation: { mode: listed }
`,
  });
  folder = mkdtempSync(join(directory.path, 'node-'));
  const asked = { name: 'api-server', roles: ['reviewer'], cluster: 'demo', expiresInSeconds: null };
  const { token } = as.token(await service.as('root')('post', '/v1/api-tokens').send(asked).expect(201));
  writeFileSync(join(folder, 'reviewer-token'), `${token}\n`);
  const kubeconfig = `/v1/clusters/demo/authorization-webhook-kubeconfig?directory=${folder}`;
  const { text } = await service.as('root')('get', kubeconfig).expect(200);
  writeFileSync(join(folder, 'authorization-webhook.kubeconfig'), text);
});
afterAll(async () => {
  await service.close();
  directory.remove();
});

function optionsOf(...args: readonly string[]): CommonOptions {
  return chosen(['--cluster', 'demo', '--out', 'authorization.yaml', ...args], folder);
}

const chosen = (args: readonly string[], workingFolder: string) =>
  chosenCommonOptions(parseArgs({ args: [...args], options }).values, workingFolder);

async function keep(
  options: CommonOptions,
  rounds: number,
  between: (round: number) => Promise<void> | void = () => undefined,
) {
  const said: string[] = [];
  const complaints: string[] = [];
  let round = 0;
  const code = await keepRevocationFile(options, {
    say: (line) => void said.push(line),
    complain: (line) => void complaints.push(line),
    pause: async () => {
      round += 1;
      await between(round);
    },
    isStopped: () => round >= rounds,
  });
  return { code, said, complaints };
}

const file = () => readFileSync(join(folder, 'authorization.yaml'), 'utf8');
const revoke = (count: number, from = 0) =>
  service.store.writer.commit({
    operations: Array.from({ length: count }, (_, i) =>
      insertRevocation(
        aRevocation({
          fingerprintSha256: (from + i).toString(16).padStart(64, '0'),
          username: `person ${from + i}`,
        }),
      ),
    ),
    events: [],
  });

it('writes the file once, and leaves nothing beside it', async () => {
  expect(await keep(optionsOf(), 1)).toMatchObject({ code: 0, complaints: [] });
  expect(file()).toContain('kind: AuthorizationConfiguration');
  expect(file()).toContain(`kubeConfigFile: "${folder}/authorization-webhook.kubeconfig"`);
  expect(readdirSync(folder).sort()).toEqual([
    'authorization-webhook.kubeconfig',
    'authorization.yaml',
    'reviewer-token',
  ]);
});

it('follows revocations, writes nothing while there are none, and warns before the list is full', async () => {
  const { said, complaints } = await keep(optionsOf('--watch'), 4, async (round) => {
    if (round === 2) await revoke(1);
    if (round === 3) await revoke(799, 1);
  });
  expect(said.map((line) => line.replace(/^.*: /, ''))).toEqual(['1 usernames are listed', '800 usernames are listed']);
  expect(complaints).toEqual([expect.stringContaining('nearly too long')]);
  expect(file()).toContain("'person 0'");
});

it('leaves the file as it is when the list is too long, when the token is wrong, and for another cluster', async () => {
  const before = file();
  const wrong = await keep({ ...optionsOf(), cluster: 'other' }, 1);
  expect(wrong).toMatchObject({ code: 1, complaints: [expect.stringContaining('is not the webhook kubeconfig')] });
  await revoke(300, 800);
  const tooLong = await keep(optionsOf('--watch'), 3);
  expect(tooLong).toMatchObject({ code: 0, complaints: [expect.stringContaining('answers 409: 1100 usernames')] });
  writeFileSync(join(folder, 'reviewer-token'), `kubepass_${'x'.repeat(43)}\n`);
  expect((await keep(optionsOf(), 1)).complaints).toEqual([expect.stringContaining('answers 401')]);
  expect(file()).toBe(before);
});

it.each([
  [['--out', 'x'], '--cluster'],
  [['--cluster', 'x'], '--out'],
  [['--cluster', 'x', '--out', 'y', '--every', '0'], '--every'],
  [['--nothing'], 'nothing'],
])('does not understand %j', (args, problem) => {
  expect(() => chosen(args, '/')).toThrow(problem);
});
