import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');

/**
 * Compiles the sources as `npm run build` does, and imports some of what came out: tsx, which the bench itself runs
 * under, makes functions slower that are made in large numbers. `dist/` is left alone.
 */
export class CompiledSources {
  private constructor(private readonly directory: string) {}

  static build(): CompiledSources {
    // Beside the packages, so that they are found from there.
    const directory = join(root, 'node_modules', '.cache', 'kubepass-bench');
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, 'package.json'), '{ "type": "module" }\n');
    const options = ['-p', 'tsconfig.build.json', '--outDir', directory, '--sourceMap', 'false'];
    execFileSync(process.execPath, [tsc, ...options], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
    return new CompiledSources(directory);
  }

  /** A module by its place in `src/`, without its extension. The caller knows its type. */
  async import<Module>(place: string): Promise<Module> {
    return (await import(pathToFileURL(join(this.directory, `${place}.js`)).href)) as Module;
  }
}
