import { execFileSync } from 'node:child_process';
import { cpSync, lstatSync, mkdirSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const checkout = fileURLToPath(new URL('../../..', import.meta.url));

/** A stand-in for the container image: what a container of it finds and runs. */
export interface Image {
  /** The files of the image that are made anew: each container gets its own mounts over them. */
  readonly root: string;
  /** Files and folders of this machine that the image has too, by their path in the image. */
  readonly mounts: Readonly<Record<string, string>>;
  readonly environment: Readonly<Record<string, string>>;
  readonly entrypoint: readonly string[];
  /** What follows the entrypoint where a container names no arguments. */
  readonly command: readonly string[];
  readonly workingDirectory: string;
}

/**
 * Makes a stand-in for the image of the Dockerfile in a directory: `/app` from this checkout as `npm run build:service`
 * makes it, but without the pages of the console; this Node; the libraries of this machine; no shell and nothing else.
 */
export function makeImage(directory: string): Image {
  const root = join(directory, 'image');
  const app = join(root, 'app');
  mkdirSync(app, { recursive: true });
  execFileSync(process.execPath, [join(checkout, 'scripts/bundle-service.mjs'), join(app, 'dist')]);
  for (const path of ['package.json', 'prisma/migrations', 'openapi', 'docs/api.md'])
    cpSync(join(checkout, path), join(app, path), { recursive: true });
  mkdirSync(join(root, 'etc'));
  writeFileSync(join(root, 'etc/passwd'), 'kubepass:x:10001:10001::/var/lib/kubepass:/sbin/nologin\n');
  // A system with merged folders has links here.
  const libraries = ['/lib', '/lib64'].filter((path) => lstatSync(path, { throwIfNoEntry: false }) !== undefined);
  const [links, folders] = [true, false].map((isLink) =>
    libraries.filter((path) => lstatSync(path).isSymbolicLink() === isLink),
  ) as [string[], string[]];
  for (const path of links) symlinkSync(readlinkSync(path), join(root, path));
  // Root's umask may keep the user of the image out.
  execFileSync('chmod', ['-R', 'a+rX', root]);
  return {
    root,
    mounts: {
      '/usr/local/bin/node': process.execPath,
      '/app/node_modules': join(checkout, 'node_modules'),
      '/usr/lib': '/usr/lib',
      ...Object.fromEntries(
        [...folders, ...links.map((path) => resolve('/', readlinkSync(path)))].map((path) => [path, path]),
      ),
    },
    environment: {
      PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      NODE_ENV: 'production',
      MALLOC_ARENA_MAX: '2',
      KUBEPASS_HOST: '0.0.0.0',
      KUBEPASS_PORT: '8080',
      KUBEPASS_DATA_DIR: '/var/lib/kubepass',
      KUBEPASS_POLICIES_DIR: '/etc/kubepass/policies',
    },
    entrypoint: [
      'node',
      '--disable-sigusr1',
      '--secure-heap=16777216',
      '--max-semi-space-size=8',
      '/app/dist/kubepass.js',
    ],
    command: ['serve'],
    workingDirectory: '/app',
  };
}
