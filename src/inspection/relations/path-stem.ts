/** A path without the number that it bears among several blocks: `chain.pem` of `chain.pem[1]`. */
export function pathStem(path: string): string {
  if (!path.endsWith(']') || unnamedPart.test(path)) return path;
  return path.replace(blockNumber, '');
}

/** Whether it is the first or only block of its field or file. */
export const isFirstBlock = (path: string): boolean =>
  unnamedPart.test(path) || (blockNumber.exec(path)?.[1] ?? '0') === '0';

const blockNumber = /\[(\d+)\]$/;
const unnamedPart = /^parts\[\d+\]$/;
