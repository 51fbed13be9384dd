// `npm run release:publish`: puts the image and the charts of a release into a registry, and signs them.
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { readImageLayout } from './publish/image-layout.js';
import { preparePublication } from './publish/prepare-publication.js';
import { publish } from './publish/publish.js';
import { readReleaseFiles } from './publish/release-files.js';
import { readSigner } from './publish/signer.js';
import { parseTarget } from './publish/target.js';
import { ReleaseError, runProgram } from './release-error.js';
import { findTools, runWith, showOnly } from './publish/tools.js';

const usage = `usage: npm run release:publish -- --from DIR --image-layout DIR --to REGISTRY/PATH
         [--plain-http] [--key FILE | --unsigned] [--dry-run]`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      from: { type: 'string' },
      'image-layout': { type: 'string' },
      to: { type: 'string' },
      'plain-http': { type: 'boolean', default: false },
      key: { type: 'string' },
      unsigned: { type: 'boolean', default: false },
      'dry-run': { type: 'boolean', default: false },
    },
  });
  const { from, to, 'image-layout': layout } = values;
  if (from === undefined || layout === undefined || to === undefined) throw new ReleaseError(usage);

  const target = parseTarget(to, values['plain-http']);
  const files = await readReleaseFiles(resolve(from));
  const image = readImageLayout(resolve(layout));
  // A path that the same release has each time, so that a dry run shows the commands as they run.
  const folder = `../../node_modules/.cache/kubepass-publish/${image.digest.replace('sha256:', '').slice(0, 16)}`;
  const directory = fileURLToPath(new URL(folder, import.meta.url));
  const signer = readSigner(values, process.env, directory, !values['dry-run'] && !process.stdin.isTTY);
  const publication = await preparePublication(files, image, directory, signer.kind !== 'none');

  const [named, published] = [files.image.name, `${target.path}/kubepass`];
  if (named !== published) note(`the chart deploys ${named}, and the image is published as ${published}`);
  const say = (line: string) => console.log(line);
  if (values['dry-run']) {
    await publish(publication, target, signer, showOnly(say));
    return;
  }
  const tools = findTools(
    ['crane', ...(signer.kind === 'none' ? [] : (['cosign'] as const))],
    process.env['PATH'] ?? '',
  );
  await publish(publication, target, signer, runWith(tools, say));
  for (const { repository, digest } of publication.parts) note(`${target.path}/${repository}@${digest}`);
}

function note(text: string): void {
  console.error(`release:publish: ${text}`);
}

await runProgram(main);
