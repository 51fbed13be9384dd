import { constants, gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';

export interface ArchivedFile {
  /** Its path in the archive, with `/`. */
  readonly path: string;
  readonly content: Buffer;
  readonly isProgram?: boolean;
}

/**
 * A `.tgz` in which nothing is of the machine, the user or the moment: the files in the given order, all of one time,
 * owned by nobody in particular, with the modes 0644 and 0755.
 */
export async function archive(files: readonly ArchivedFile[], time: Date): Promise<Buffer> {
  const tar = pack();
  for (const { path, content, isProgram = false } of files)
    tar.entry({ name: path, mode: isProgram ? 0o755 : 0o644, mtime: time, uid: 0, gid: 0 }, content);
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(chunk);
  const compressed = gzipSync(Buffer.concat(chunks), { level: constants.Z_BEST_COMPRESSION });
  // RFC 1952 2.3.1: zlib writes no time, but the system that it was built for; 255 is an unknown one.
  compressed[9] = 255;
  return compressed;
}
