import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findOnPath } from '../../../scripts/executables.js';
import { areBuilt, buildOnce, goBuild, goTools, pinnedVersion, sayingSo } from '../../helpers/go-tools.js';

/** SoftHSM's PKCS#11 library, where Debian and others have it. */
const libraries = ['/usr/lib/softhsm/libsofthsm2.so', '/usr/lib64/softhsm/libsofthsm2.so', '/usr/lib/libsofthsm2.so'];

const programs = ['ssh-agent', 'ssh-add', 'softhsm2-util', 'pkcs11-tool', 'openssl', 'pkill'];

/** The parts of the machine that the tests of keys use. */
export interface KeyTools {
  readonly softHsmLibrary: string;
  /** The agent before a KMS; null where there is no Go to build it with. */
  readonly kmsAgent: string | null;
}

/** The names of the programs and libraries that are not here. */
export function missingKeyTools(): readonly string[] {
  const missing = programs.filter((program) => findOnPath(program) === null);
  return softHsmLibrary() === null ? [...missing, 'libsofthsm2.so'] : missing;
}

export const softHsmLibrary = (): string | null => libraries.find((file) => existsSync(file)) ?? null;

const kmsAgentModule = fileURLToPath(new URL('../../../deploy/kms-agent/', import.meta.url));

/** Builds the agent before a KMS that go.mod pins, unless it exists; null where there is no Go to build it with. */
export async function findKmsAgent(say: (text: string) => void): Promise<string | null> {
  const version = pinnedVersion(kmsAgentModule, 'go.step.sm/crypto');
  const tools = goTools('kms-agent', kmsAgentModule, version);
  if (!areBuilt(tools) && findOnPath('go') === null) return null;
  await buildOnce(tools, (folder) =>
    sayingSo(say, `building the agent before a KMS (go.step.sm/crypto ${version}) with Go, once (1 to 5 min)`, () =>
      goBuild(tools, folder, ['.'], { flags: ['-ldflags=-s -w'] }),
    ),
  );
  return join(tools.folder, 'kms-agent');
}
