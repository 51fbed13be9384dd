import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { trackedFiles } from '../git.js';
import { withYamlScalar } from '../yaml-scalars.js';
import { archive, type ArchivedFile } from './archive.js';
import type { ImageReference } from './image-reference.js';

/**
 * A chart as `helm package` packs it, but for the time, which is the commit's here: the files that git has in its
 * folder, Chart.yaml first. With an image its values name that one by digest.
 */
export function packChart(root: string, folder: string, time: Date, image: ImageReference | null): Promise<Buffer> {
  const files = trackedFiles(root, folder).map((path): ArchivedFile => {
    const name = path.slice(folder.length + 1);
    const content = readFileSync(join(root, path));
    const isFilledIn = image !== null && name === 'values.yaml';
    return {
      path: `${basename(folder)}/${name}`,
      content: isFilledIn ? Buffer.from(withImage(content.toString(), image)) : content,
    };
  });
  const isFirst = ({ path }: ArchivedFile) => path === `${basename(folder)}/Chart.yaml`;
  return archive([...files.filter(isFirst), ...files.filter((file) => !isFirst(file))], time);
}

const withImage = (values: string, { registry, repository, digest }: ImageReference): string =>
  Object.entries({ registry, repository, digest }).reduce(
    (text, [key, value]) => withYamlScalar(text, ['image', key], value, 'values.yaml of the chart'),
    values,
  );
