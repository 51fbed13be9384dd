/** A path without the number that it bears among several blocks: `chain.pem` of `chain.pem[1]`. */
export function pathStem(path: string): string {
  // `parts[0]` is the name of what the caller gives no name.
  return path.includes(']') && !/^parts\[\d+\]$/.test(path) ? path.replace(/\[\d+\](~\d+)?$/, '$1') : path;
}
