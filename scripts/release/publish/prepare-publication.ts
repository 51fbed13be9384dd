import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ReleaseError } from '../release-error.js';
import { writeChartLayout } from './chart-layout.js';
import { fileOfImage, type ImageLayout } from './image-layout.js';
import type { Part, PlatformSbom, Publication } from './publish.js';
import type { ReleaseFiles } from './release-files.js';

/**
 * Lays out in `directory`, which is made anew, what is pushed besides the image: the charts, and with `withSboms` the
 * software bill of materials of each platform, as it lies in that platform's image. Throws a `ReleaseError` where image
 * and artefacts are not of one release, or where an image has no bill.
 */
export async function preparePublication(
  files: ReleaseFiles,
  image: ImageLayout,
  directory: string,
  withSboms: boolean,
): Promise<Publication> {
  const { version, charts } = files;
  if (files.image.digest !== image.digest)
    throw new ReleaseError(
      `the chart names the image ${files.image.digest}, and ${image.directory} has ${image.digest}: ` +
        'make the artefacts with that one',
    );
  for (const { platform, labels } of image.platforms) {
    const said = labels['org.opencontainers.image.version'] ?? version;
    if (said !== version)
      throw new ReleaseError(`the image for ${platform} is of version ${said}, and the charts of ${version}`);
  }

  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const packed = charts.map((chart): Part => {
    const repository = `charts/${chart.metadata.name}`;
    const layout = join(directory, repository);
    return { repository, layout, digest: writeChartLayout(chart, layout) };
  });
  const platforms: PlatformSbom[] = [];
  for (const one of withSboms ? image.platforms : []) {
    const octets = await fileOfImage(image, one, 'app/sbom.cdx.json');
    const file = join(directory, `${one.platform.replaceAll('/', '-')}.cdx.json`);
    writeFileSync(file, octets);
    platforms.push({ digest: one.digest, file, document: JSON.parse(octets.toString('utf8')) });
  }
  const parts = [{ repository: 'kubepass', layout: image.directory, digest: image.digest }, ...packed];
  return { version, parts, platforms };
}
