/** A path without its number among several blocks: `chain.pem` for `chain.pem[1]`. */
export function pathStem(path: string): string {
  // `parts[0]` is the path of a part without a name.
  return path.includes(']') && !/^parts\[\d+\]$/.test(path) ? path.replace(/\[\d+\](~\d+)?$/, '$1') : path;
}
