import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findOnPath } from '../../scripts/executables.js';
import { areBuilt, buildOnce, goBuild, goTools, pinnedVersion, sayingSo } from '../helpers/go-tools.js';

const module_ = fileURLToPath(new URL('./tools/', import.meta.url));

const programs = ['lint', 'hostnames', 'evidence', 'chains', 'requests', 'parse', 'encodings'] as const;

/** The paths of the programs to compare with. */
export type Oracles = Readonly<Record<(typeof programs)[number], string>>;

/** Builds the oracles that go.mod pins, unless they exist; null where there is no Go to build them with. */
export async function findOracles(say: (text: string) => void): Promise<Oracles | null> {
  const version = pinnedVersion(module_, 'github.com/zmap/zlint/v3');
  // Programs that were built before their sources changed would give old answers.
  const sources = createHash('sha256');
  for (const name of programs) sources.update(readFileSync(join(module_, name, 'main.go')));
  const tools = goTools('oracles', module_, `zlint-${version}-${sources.digest('hex').slice(0, 8)}`);
  if (!areBuilt(tools) && findOnPath('go') === null) return null;
  await buildOnce(tools, (folder) =>
    sayingSo(say, `building zlint ${version} with Go, once (1 to 5 min)`, () =>
      goBuild(
        tools,
        folder,
        programs.map((name) => `./${name}`),
        { flags: ['-ldflags=-s -w'] },
      ),
    ),
  );
  return Object.fromEntries(programs.map((name) => [name, join(tools.folder, name)])) as Record<keyof Oracles, string>;
}
