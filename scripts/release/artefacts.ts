// `npm run release:artefacts -- --out DIR [--image REF@sha256:…] [--repository URL] [--downloads URL]`: the files of a
// release, of the commit that is checked out. RELEASE_BUILDER_ID may be a URI that names the machine.
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { parseBaseUrl } from './artefacts/base-url.js';
import { parseImageReference } from './artefacts/image-reference.js';
import { makeArtefacts } from './artefacts/make-artefacts.js';
import { versionOf } from './prepare-release.js';
import { ReleaseError, runProgram } from './release-error.js';

const root = fileURLToPath(new URL('../../', import.meta.url));

await runProgram(async () => {
  const { values } = parseArgs({
    options: {
      out: { type: 'string' },
      image: { type: 'string' },
      repository: { type: 'string' },
      downloads: { type: 'string' },
    },
  });
  if (!values.out) throw new ReleaseError('say where to write them: npm run release:artefacts -- --out DIR');
  const out = resolve(values.out);
  mustBeNewOrEmpty(out);
  const parameters = {
    version: versionOf(root),
    image: values.image === undefined ? null : parseImageReference(values.image),
    repository: values.repository === undefined ? null : parseBaseUrl(values.repository, '--repository'),
    downloads: values.downloads === undefined ? null : parseBaseUrl(values.downloads, '--downloads'),
  };
  const artefacts = await makeArtefacts(root, parameters, process.env['RELEASE_BUILDER_ID'] || null);
  mkdirSync(out, { recursive: true });
  for (const [name, content] of artefacts) writeFileSync(join(out, name), content);
  for (const [name, content] of artefacts) console.log(`${String(content.length).padStart(9)} octets  ${name}`);
});

function mustBeNewOrEmpty(folder: string): void {
  const found = statSync(folder, { throwIfNoEntry: false });
  if (found !== undefined && (!found.isDirectory() || readdirSync(folder).length > 0))
    throw new ReleaseError(`${folder} is there and is no empty folder: choose a new one`);
}
