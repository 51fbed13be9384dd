import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { messageOf } from '@kubepass/x509';
import { findOnPath } from '../../scripts/executables.js';
import { areBuilt, buildOnce, go, goBuild, goTools, pinnedVersion, sayingSo } from '../../test/helpers/go-tools.js';

const module_ = fileURLToPath(new URL('.', import.meta.url));
const [cfsslModule, stepModule] = ['github.com/cloudflare/cfssl', 'github.com/smallstep/certificates'] as const;

/** As cfssl names the folders with its migrations. */
const certdbDatabases = ['sqlite', 'pg'] as const;
type CertdbDatabase = (typeof certdbDatabases)[number];

/** The programs that the service is compared with. */
export interface Peers {
  /** Null if it cannot be built; `missing` then has the reason. */
  readonly cfssl: {
    readonly program: string;
    readonly version: string;
    /** The statements of its own migrations that make the tables of its certdb. */
    readonly certdbSchema: Readonly<Record<CertdbDatabase, string>>;
  } | null;
  readonly stepCa: { readonly program: string; readonly version: string } | null;
  readonly missing: readonly string[];
}

/** Builds the peers that go.mod pins, each by itself. If one cannot be built, the other is still measured. */
export async function findPeers(say: (text: string) => void): Promise<Peers> {
  const missing: string[] = [];
  const built = async (name: 'cfssl' | 'step-ca', package_: string, version: string, cgo: boolean) => {
    const tools = goTools('peers', module_, `${name}-${version}`);
    try {
      if (!areBuilt(tools) && findOnPath('go') === null) throw new Error('there is no Go to build it with');
      await buildOnce(tools, (folder) =>
        sayingSo(say, `building ${name} ${version} with Go, once (1 to 10 min)`, () =>
          goBuild(tools, folder, [package_], { flags: ['-ldflags=-s -w'], cgo }),
        ),
      );
      const schema = name === 'cfssl' ? await schemasIn(tools.folder) : { sqlite: '', pg: '' };
      return { program: join(tools.folder, name), version, certdbSchema: schema };
    } catch (error) {
      missing.push(`${name} ${version}: ${messageOf(error)}`);
      return null;
    }
  };
  // cfssl needs C for SQLite. step-ca uses C only for smart cards, which would need one more library.
  const cfssl = await built('cfssl', `${cfsslModule}/cmd/cfssl`, pinnedVersion(module_, cfsslModule), true);
  const stepCa = await built('step-ca', `${stepModule}/cmd/step-ca`, pinnedVersion(module_, stepModule), false);
  return { cfssl, stepCa, missing };
}

const migrations = ['001_CreateCertificates.sql', '002_AddMetadataToCertificates.sql'] as const;

/**
 * cfssl leaves its tables to goose, whose files are in its module. Only the statements of the way up are needed. They
 * are kept beside the program, so that no later run needs Go.
 */
async function schemasIn(folder: string): Promise<Readonly<Record<CertdbDatabase, string>>> {
  const fileOf = (database: CertdbDatabase) => join(folder, `certdb-${database}.sql`);
  if (certdbDatabases.some((database) => !existsSync(fileOf(database)))) {
    const directory = (await go(module_, ['list', '-m', '-f', '{{.Dir}}', cfsslModule])).trim();
    for (const database of certdbDatabases) {
      const schema = migrations.map((name) => {
        const text = readFileSync(join(directory, 'certdb', database, 'migrations', name), 'utf8');
        return text.slice(0, text.indexOf('-- +goose Down'));
      });
      writeFileSync(fileOf(database), schema.join('\n'));
    }
  }
  return { sqlite: readFileSync(fileOf('sqlite'), 'utf8'), pg: readFileSync(fileOf('pg'), 'utf8') };
}
