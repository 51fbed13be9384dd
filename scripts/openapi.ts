import { readFile, writeFile } from 'node:fs/promises';
import { pino } from 'pino';
import { buildApp } from '../src/app.js';
import type { Services } from '../src/http/server/services.js';
import { publicRoutes, securityFile, withRoutes } from './public-routes.js';

/**
 * Writes `openapi/openapi.json`, and the list of routes in `SECURITY.md`, from the routes. With `--check` it only says
 * whether the files match the routes.
 */
const root = new URL('../', import.meta.url);
const file = new URL('openapi/openapi.json', root);
const { version } = JSON.parse(await readFile(new URL('package.json', root), 'utf8')) as { version: string };

/** The document only describes the routes, so no use case is called. */
const services = new Proxy({} as Services, { get: () => ({}) });

const app = buildApp(services, { logger: pino({ level: 'silent' }), version });
const { payload: generated } = await app.inject('/openapi.json');
await app.close();
const listed = withRoutes(await publicRoutes());

if (process.argv.includes('--check')) {
  const committed = await readFile(file, 'utf8').catch(() => '');
  if (committed === generated && (await readFile(securityFile, 'utf8')) === listed)
    console.log('openapi/openapi.json and the list in SECURITY.md are what the routes generate');
  else {
    console.error(
      'openapi/openapi.json or SECURITY.md is not what the routes generate: run `npm run openapi` and commit both',
    );
    process.exitCode = 1;
  }
} else {
  await writeFile(file, generated);
  await writeFile(securityFile, listed);
  console.log(`openapi/openapi.json: ${Object.keys((JSON.parse(generated) as { paths: object }).paths).length} paths`);
}
