import { readFile, writeFile } from 'node:fs/promises';
import type { RouteContext } from '../../src/start/route-context.js';
import { documentsOf } from './describe-routes.js';
import { listBoundsOf, withListBounds } from './list-bounds.js';
import { openApiText } from './open-api.js';
import { publicRoutes, securityFile, withRoutes } from '../public-routes.js';

/**
 * Writes the documents in `openapi/`, the lists in `docs/security-model.md` and the routes in `SECURITY.md`. With
 * `--check` it only says whether the files match the routes.
 */
const root = new URL('../../', import.meta.url);
const { version } = JSON.parse(await readFile(new URL('package.json', root), 'utf8')) as { version: string };

/** The document only describes the routes, so no use case is called. */
const context = new Proxy({} as RouteContext, { get: () => ({}) });

/** The files, one after the other: the service serves the documents, so the list of its routes comes last. */
async function* made(): AsyncGenerator<readonly [file: URL, text: string]> {
  const documents = Object.entries(await documentsOf(context, version));
  for (const [name, document] of documents) yield [new URL(`openapi/${name}`, root), openApiText(document)];
  const bounds = documents.flatMap(([name, document]) => (name === 'portal.json' ? [] : listBoundsOf(document)));
  const page = new URL('docs/security-model.md', root);
  yield [page, withListBounds(await readFile(page, 'utf8'), bounds)];
  yield [securityFile, withRoutes(await publicRoutes())];
}

const isCheck = process.argv.includes('--check');
for await (const [file, text] of made()) {
  const name = file.pathname.slice(root.pathname.length);
  if (!isCheck) {
    await writeFile(file, text);
    console.log(`${name}: ${Math.ceil(text.length / 1000)} KB`);
  } else if ((await readFile(file, 'utf8').catch(() => '')) !== text) {
    console.error(`${name} is not what the routes generate: run \`npm run openapi\` and commit it`);
    process.exitCode = 1;
  }
}
if (isCheck && process.exitCode === undefined)
  console.log('the documents in openapi/ and the list in SECURITY.md are what the routes generate');
