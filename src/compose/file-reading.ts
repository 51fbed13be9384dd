import { stat } from 'node:fs/promises';

/** Identifies the content of files without reading them: by which file each of them is, and when it last changed. */
export async function fileReading(
  files: readonly string[],
): Promise<{ readonly reading: string; readonly content: null }> {
  const readings = files.map(async (file) => {
    try {
      const { dev, ino, size, mtimeNs, ctimeNs } = await stat(file, { bigint: true });
      return [dev, ino, size, mtimeNs, ctimeNs].join();
    } catch (error) {
      return String(error);
    }
  });
  return { reading: (await Promise.all(readings)).join(' '), content: null };
}
