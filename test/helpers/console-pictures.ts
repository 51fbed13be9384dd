import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Where the pictures of the console are. */
export const images = join(root, 'docs', 'images');

/** Has the stamp of the sources from which the pictures were drawn. */
export const stampFile = join(images, 'console.sha256');

/** The pictures show these pages, and the frame around them. A change of another is no reason to draw them anew. */
const shown = [
  'packages/console/src/index.html',
  'packages/console/src/frame/navigation.tsx',
  'packages/console/src/frame/places.ts',
  ...['requests', 'home', 'ask', 'audit', 'identities'].map((page) => `packages/console/src/pages/${page}`),
  'packages/console/src/styles',
  'test/pictures',
];

/** SHA-256 of the sources of what the pictures show, in hex. */
export function stampOfPictures(): string {
  const hash = createHash('sha256');
  for (const file of shown.flatMap((place) => filesIn(join(root, place))))
    hash
      .update(`${relative(root, file)}\0`)
      .update(readFileSync(file))
      .update('\0');
  return hash.digest('hex');
}

const filesIn = (place: string): readonly string[] =>
  /\.\w+$/.test(place)
    ? [place]
    : readdirSync(place, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map(({ parentPath, name }) => join(parentPath, name))
        .sort();
