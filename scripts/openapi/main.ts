import { readFile, writeFile } from 'node:fs/promises';
import type { Services } from '../../src/http/server/services.js';
import { documentsOf, openApiText } from './describe-routes.js';
import { publicRoutes, securityFile, withRoutes } from '../public-routes.js';

/**
 * Writes the documents in `openapi/`, and the list of routes in `SECURITY.md`, from the routes. With `--check` it only
 * says whether the files match the routes.
 */
const root = new URL('../../', import.meta.url);
const { version } = JSON.parse(await readFile(new URL('package.json', root), 'utf8')) as { version: string };

/** The document only describes the routes, so no use case is called. */
const services = new Proxy({} as Services, { get: () => ({}) });

const generated = new Map<URL, string>();
for (const [name, document] of Object.entries(await documentsOf(services, version)))
  generated.set(new URL(`openapi/${name}`, root), openApiText(document));
generated.set(securityFile, withRoutes(await publicRoutes()));

if (process.argv.includes('--check')) {
  const stale: string[] = [];
  for (const [file, text] of generated)
    if ((await readFile(file, 'utf8').catch(() => '')) !== text) stale.push(file.pathname.slice(root.pathname.length));
  if (stale.length === 0)
    console.log('the documents in openapi/ and the list in SECURITY.md are what the routes generate');
  else {
    console.error(`not what the routes generate: ${stale.join(', ')}. Run \`npm run openapi\` and commit them`);
    process.exitCode = 1;
  }
} else
  for (const [file, text] of generated) {
    await writeFile(file, text);
    console.log(`${file.pathname.slice(root.pathname.length)}: ${Math.ceil(text.length / 1000)} KB`);
  }
