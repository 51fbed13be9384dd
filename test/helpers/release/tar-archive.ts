/** A tar archive (POSIX ustar) of regular files, all of one time in seconds since 1970. */
export function tarArchive(files: Readonly<Record<string, string | Buffer>>, modified = 0): Buffer {
  const blocks = Object.entries(files).flatMap(([path, content]) => {
    const octets = Buffer.from(content);
    const padding = Buffer.alloc((512 - (octets.length % 512)) % 512);
    return [header(path, octets.length, modified), octets, padding];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

function header(path: string, size: number, modified: number): Buffer {
  const block = Buffer.alloc(512);
  const octal = (value: number, digits: number) => `${value.toString(8).padStart(digits, '0')}\0`;
  block.write(path, 0);
  block.write(octal(0o644, 7) + octal(0, 7) + octal(0, 7) + octal(size, 11) + octal(modified, 11), 100);
  // The checksum counts itself as spaces.
  block.write('        0', 148);
  block.write('ustar\x0000', 257);
  const sum = block.reduce((total, octet) => total + octet, 0);
  block.write(`${octal(sum, 6)} `, 148);
  return block;
}
