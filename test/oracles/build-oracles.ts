import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findOnPath } from '../cluster/binaries.js';
import { areBuilt, buildOnce, goBuild, goTools, pinnedVersion, sayingSo } from '../helpers/go-tools.js';

const module_ = fileURLToPath(new URL('./tools/', import.meta.url));

/** The paths of the programs to compare with. */
export interface Oracles {
  readonly lint: string;
  readonly hostnames: string;
  readonly evidence: string;
}

/** Builds the oracles that go.mod pins, unless they exist; null where there is no Go to build them with. */
export async function findOracles(say: (text: string) => void): Promise<Oracles | null> {
  const version = pinnedVersion(module_, 'github.com/zmap/zlint/v3');
  const tools = goTools('oracles', module_, `zlint-${version}`);
  if (!areBuilt(tools) && findOnPath('go') === null) return null;
  await buildOnce(tools, (folder) =>
    sayingSo(say, `building zlint ${version} with Go, once (1 to 5 min)`, () =>
      goBuild(tools, folder, ['./lint', './hostnames', './evidence'], { flags: ['-ldflags=-s -w'] }),
    ),
  );
  const [lint, hostnames, evidence] = ['lint', 'hostnames', 'evidence'].map((name) => join(tools.folder, name)) as [
    string,
    string,
    string,
  ];
  return { lint, hostnames, evidence };
}
