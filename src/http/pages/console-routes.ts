import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { mediaTypeOf, prebuilt, type Prebuilt, sendPrebuilt } from '../answers/prebuilt.js';
import { negotiateCoding } from '../hooks/request-input.js';
import { problem, sendProblem } from '../problems/problem.js';
import type { App } from '../server/types.js';

/** Pages use what this service serves and nothing else, and no text becomes markup or script by an assignment. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "frame-src 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

/** Where scripts/build-console.mjs writes: from the sources and from `dist/` the same folder. */
const builtFolder = fileURLToPath(new URL('../../../dist/console/', import.meta.url));

const notBuilt = problem('not-found', 'the console is not built: `npm run build:console` builds it');
const noSuchFile = problem('unknown-path', 'the console has no such file');

/**
 * Serves the console: one document for the address of every page, and the files that it names. They hold nothing that
 * is not public, so nobody is asked for a credential.
 */
export function serveConsole(app: App, folder = builtFolder): void {
  const filesNow = consoleFiles(folder);
  const send = (request: FastifyRequest, reply: FastifyReply, name: string): FastifyReply => {
    const files = filesNow();
    const file = files?.get(name);
    if (file === undefined) return sendProblem(reply, files === null ? notBuilt : noSuchFile);
    const coding = negotiateCoding(request.headers['accept-encoding'], [...file.keys()].slice(1));
    reply.headers({ 'content-security-policy': contentSecurityPolicy, vary: 'Accept-Encoding' });
    return sendPrebuilt(request, reply, (file.get(coding) as () => Prebuilt)());
  };
  const options = { schema: { hide: true } };
  app.register(async (pages) => {
    pages.get('/console', options, (_request, reply) => reply.redirect('/console/', 303));
    pages.get('/console/*', options, (request, reply) => send(request, reply, 'index.html'));
    pages.get('/console/assets/*', options, (request, reply) =>
      send(request, reply, `assets/${(request.params as { readonly '*': string })['*']}`),
    );
  });
}

/** A file by its codings, `identity` and then the preferred one. Each is read when it is first asked for. */
type ConsoleFile = ReadonlyMap<string, () => Prebuilt>;

const suffixes = { identity: '', br: '.br', gzip: '.gz' };

/**
 * The files by their names, as `assets/main-ABCD.js`; null where the console is not built. Names are looked up here and
 * never in the file system. They are listed once for each build, because a service may run while somebody builds anew.
 */
function consoleFiles(folder: string): () => ReadonlyMap<string, ConsoleFile> | null {
  let listed: { readonly builtAt: number; readonly files: ReadonlyMap<string, ConsoleFile> } | null = null;
  return () => {
    const builtAt = statSync(join(folder, 'index.html'), { throwIfNoEntry: false })?.mtimeMs;
    if (builtAt === undefined) return null;
    if (listed?.builtAt !== builtAt) listed = { builtAt, files: listFiles(folder) };
    return listed.files;
  };
}

function listFiles(folder: string): ReadonlyMap<string, ConsoleFile> {
  const found = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const names = new Set(found.map(({ parentPath, name }) => relative(folder, join(parentPath, name))));
  const plain = [...names].filter((name) => !/\.(br|gz)$/.test(name));
  return new Map(plain.map((name) => [name, fileOf(folder, name, names)]));
}

function fileOf(folder: string, name: string, names: ReadonlySet<string>): ConsoleFile {
  // The names of assets have the hash of their content.
  const caching = name.startsWith('assets/') ? 'public, max-age=31536000, immutable' : 'no-cache';
  const there = Object.entries(suffixes).filter(([, suffix]) => names.has(`${name}${suffix}`));
  const read = (coding: string, suffix: string) =>
    prebuilt(mediaTypeOf(name), () => readFileSync(join(folder, `${name}${suffix}`)), { caching, coding });
  return new Map(there.map(([coding, suffix]) => [coding, read(coding, suffix)]));
}
