import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));
const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');

/**
 * Compiles the sources as `npm run build` does, and imports some of the result. The bench itself runs under tsx, which
 * makes functions slower that are created in large numbers. The service's `dist/` stays as it is.
 */
export class CompiledSources {
  static #built: CompiledSources | undefined;

  private constructor(private readonly directory: string) {}

  /** Compiled once for all measurements of a run. */
  static build(): CompiledSources {
    return (CompiledSources.#built ??= CompiledSources.#compile());
  }

  static #compile(): CompiledSources {
    // The folder is beside the packages, so that imports find them, and contains the files that the service expects
    // beside its `dist/`.
    const home = join(root, 'node_modules', '.cache', 'kubepass-bench');
    const directory = join(home, 'dist');
    mkdirSync(directory, { recursive: true });
    copyFileSync(join(root, 'package.json'), join(home, 'package.json'));
    for (const beside of ['prisma/migrations', 'openapi', 'docs/api.md'])
      cpSync(join(root, beside), join(home, beside), { recursive: true });
    execFileSync(process.execPath, [join(root, 'scripts', 'build-packages.mjs')], { stdio: 'inherit' });
    const options = ['-p', 'tsconfig.build.json', '--outDir', directory, '--sourceMap', 'false'];
    execFileSync(process.execPath, [tsc, ...options], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
    return new CompiledSources(directory);
  }

  /** The service as `npm start` runs it. */
  get server(): string {
    return join(this.directory, 'server.js');
  }

  /** A module by its path in `src/`, without its extension. The caller knows its type. */
  async import<Module>(place: string): Promise<Module> {
    return (await import(pathToFileURL(join(this.directory, `${place}.js`)).href)) as Module;
  }
}
