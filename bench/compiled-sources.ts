import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, globSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { buildSync } from 'esbuild';

const root = fileURLToPath(new URL('../', import.meta.url));

/**
 * Compiles the sources as `npm run build` does, and imports some of the result. The bench itself runs under tsx, which
 * makes functions slower that are created in large numbers. The service's `dist/` stays as it is.
 */
export class CompiledSources {
  static #built: CompiledSources | undefined;

  /** The folder has `dist`, as the build makes it, and `modules`, in which each source is a file. */
  private constructor(private readonly home: string) {}

  /** Compiled once for all measurements of a run. */
  static build(): CompiledSources {
    return (CompiledSources.#built ??= CompiledSources.#compile());
  }

  static #compile(): CompiledSources {
    // The folder is beside the packages, so that imports find them, and contains the files that the service expects
    // beside its `dist/`.
    const home = join(root, 'node_modules', '.cache', 'kubepass-bench');
    rmSync(home, { recursive: true, force: true });
    mkdirSync(home, { recursive: true });
    copyFileSync(join(root, 'package.json'), join(home, 'package.json'));
    for (const beside of ['prisma/migrations', 'openapi', 'docs/api.md'])
      cpSync(join(root, beside), join(home, beside), { recursive: true });
    execFileSync(process.execPath, [join(root, 'scripts', 'build-packages.mjs')], { stdio: 'inherit' });
    execFileSync(process.execPath, [join(root, 'scripts', 'bundle-service.mjs'), join(home, 'dist')]);
    const sources = join(root, 'src');
    buildSync({
      entryPoints: globSync('**/*.ts', { cwd: sources }).map((file) => join(sources, file)),
      outbase: sources,
      outdir: join(home, 'modules'),
      format: 'esm',
      target: 'node24',
    });
    return new CompiledSources(home);
  }

  /** The folder of the program, as `npm run build` makes it. */
  get dist(): string {
    return join(this.home, 'dist');
  }

  /** A module by its path in `src/`, without its extension. The caller knows its type. */
  async import<Module>(place: string): Promise<Module> {
    return (await import(pathToFileURL(join(this.home, 'modules', `${place}.js`)).href)) as Module;
  }
}
