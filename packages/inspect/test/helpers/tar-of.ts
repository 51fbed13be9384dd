import { buffer } from 'node:stream/consumers';
import { pack } from 'tar-stream';

/** A tar of these files, by their paths. */
export function tarOf(files: Readonly<Record<string, string | Buffer>>): Promise<Buffer> {
  const tar = pack();
  for (const [name, content] of Object.entries(files)) tar.entry({ name }, content);
  tar.finalize();
  return buffer(tar);
}
