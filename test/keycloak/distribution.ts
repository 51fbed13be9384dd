import { spawn } from 'node:child_process';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { findOnPath } from '../../scripts/executables.js';
import { areBuilt, buildOnce, sayingSo } from '../helpers/go-tools.js';

const version = '26.7.3';

/** Keycloak in the user's cache, as the first run left it there. */
export interface Distribution {
  /** The folder with `lib/quarkus-run.jar`, built for a database in memory. */
  readonly home: string;
  readonly java: string;
}

/**
 * The distribution that Maven brings, once: 180 MB. Throws an `Error` that says what is missing, because these tests
 * prove something only where they run.
 */
export async function findDistribution(say: (text: string) => void): Promise<Distribution> {
  const java = findOnPath('java');
  if (java === null) throw new Error('there is no java on the path: Keycloak needs Java 17 or newer');
  const cache = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  const folder = join(cache, 'kubepass', 'keycloak', version);
  const tools = { folder };
  if (!areBuilt(tools) && findOnPath('mvn') === null)
    throw new Error(`there is no mvn on the path to bring Keycloak ${version} with`);
  await buildOnce(tools, (unfinished) =>
    sayingSo(say, `bringing Keycloak ${version} with Maven, and preparing it, once (1 to 4 min)`, async () => {
      const artifact = `org.keycloak:keycloak-quarkus-dist:${version}:zip`;
      const unpack = ['dependency:unpack', `-Dartifact=${artifact}`, `-DoutputDirectory=${unfinished}`];
      // Maven leaves a marker where it runs.
      await run('mvn', ['--batch-mode', '--quiet', '--strict-checksums', ...unpack], unfinished);
      await run('sh', [join(unfinished, `keycloak-${version}`, 'bin', 'kc.sh'), 'build', '--db=dev-mem'], unfinished);
    }),
  );
  return { home: join(folder, `keycloak-${version}`), java };
}

/** At low priority, because somebody works on this machine. Throws an `Error` with the end of the output. */
function run(command: string, args: readonly string[], cwd: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('nice', ['-n', '10', command, ...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (output = (output + text).slice(-4000)));
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`${command} ended with ${code ?? 'a signal'}:\n${output}`));
    });
  });
}
