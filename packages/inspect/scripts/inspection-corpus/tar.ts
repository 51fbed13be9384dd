/** Entries of a tar archive, odd ones included. A tar library refuses to write some of them, but people upload them. */
export interface Entry {
  readonly path: string;
  readonly content?: Uint8Array | string;
  /** `0` file, `1` hard link, `2` symbolic link, `3` device, `5` folder. */
  readonly type?: string;
  readonly linkName?: string;
}

/** A POSIX ustar archive. Times and owners are zero, so the same entries always give the same octets. */
export function tar(...entries: readonly Entry[]): Buffer {
  return Buffer.concat([...entries.flatMap(blocksOf), Buffer.alloc(1024)]);
}

function blocksOf({ path, content = '', type = '0', linkName = '' }: Entry): Buffer[] {
  const body = Buffer.from(content);
  const header = Buffer.alloc(512);
  header.write(path, 0, 100, 'utf8');
  header.write(type === '5' ? '0000755\0' : '0000600\0', 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  header.write(`${body.length.toString(8).padStart(11, '0')}\0`, 124);
  header.write('00000000000\0', 136);
  header.fill(' ', 148, 156);
  header.write(type, 156);
  header.write(linkName, 157, 100, 'utf8');
  header.write('ustar\0' + '00', 257);
  const sum = header.reduce((total, octet) => total + octet, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return [header, body, Buffer.alloc((512 - (body.length % 512)) % 512)];
}
