/** The values that differ from run to run, and a name for each. The order matters: longer forms come first. */
const volatile: readonly (readonly [RegExp, string])[] = [
  [/\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, '<uuid>'],
  [/\b[0-9a-f]{64}\b/g, '<sha256>'],
  [/\b(?:[0-9a-f]{2}:){7,}[0-9a-f]{2}\b/g, '<octets>'],
  [/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, '<instant>'],
  [/\b\d{4}-\d\d-\d\d \d\d:\d\d UTC/g, '<minute>'],
  [/\b\d{4}-\d\d-\d\d(?=, \d+ [a-z])/g, '<date>'],
  [/\b[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4} GMT/g, '<openssl time>'],
  [/(?<= )\d+s(?= {2})/g, '<age>'],
  [/\b[A-Za-z0-9+/]{12}(?:…|[A-Za-z0-9+/]{28,}={0,2})/g, '<base64>'],
];

/** Replaces what differs from run to run, so that two runs of the same commands give the same text. */
export const maskVolatile = (text: string): string =>
  volatile.reduce((masked, [pattern, name]) => masked.replaceAll(pattern, name), text).replaceAll(/[ \t]+$/gm, '');

/** Shortens long runs of base64, for a page. */
export const shortenBase64 = (text: string): string =>
  text.replaceAll(/\b([A-Za-z0-9+/]{12})[A-Za-z0-9+/]{60,}={0,2}/g, '$1…');
