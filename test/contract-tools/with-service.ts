import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiClient } from '../../scripts/quickstart/api-client.js';
import { ServiceProcess } from '../../scripts/quickstart/service-process.js';
import { freePort } from '../helpers/free-ports.js';

/**
 * Runs a command beside a service of its own, as the quickstart starts it: `tsx with-service.ts COMMAND…`. The command
 * finds the service at KUBEPASS_URL, an admin's token in KUBEPASS_TOKEN and the id of that token in KUBEPASS_TOKEN_ID.
 * Ends with the exit code of the command.
 */
const folder = await mkdtemp(join(tmpdir(), 'kubepass-contract-'));
const port = await freePort();
const logFile = join(folder, 'service.log');
const service = new ServiceProcess(
  // The tools send more than any caller may.
  { KUBEPASS_DATA_DIR: folder, KUBEPASS_HOST: '127.0.0.1', KUBEPASS_PORT: String(port), KUBEPASS_BUDGETS: 'off' },
  logFile,
);
try {
  const client = await ApiClient.of({ host: '127.0.0.1', tls: null }, port);
  await service.untilReady(client);
  const token = (await readFile(join(folder, 'admin-token'), 'utf8')).trim();
  const { credentialId } = JSON.parse((await client.send('GET', '/v1/whoami', { token })).body) as {
    credentialId: string;
  };

  const [command = 'true', ...args] = process.argv.slice(2);
  const environment = { KUBEPASS_URL: client.origin, KUBEPASS_TOKEN: token, KUBEPASS_TOKEN_ID: credentialId };
  const child = spawn(command, args, { stdio: 'inherit', env: { ...process.env, ...environment } });
  process.exitCode = await new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => {
      resolve(code ?? 1);
    });
  });

  const exitCode = await service.stop();
  const faults = (await readFile(logFile, 'utf8')).split('\n').filter((line) => line.includes('"request failed"'));
  for (const fault of faults) console.error(fault);
  if (exitCode !== 0 || faults.length > 0) {
    console.error(`the service ended with ${exitCode}, and ${faults.length} requests failed in it`);
    process.exitCode = 1;
  }
} finally {
  await service.stop();
  await rm(folder, { recursive: true, force: true });
}
