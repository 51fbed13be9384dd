/**
 * Server, TLS and user of somebody else, as lines that a text would add to a kubeconfig if it could end its own line.
 */
const added = (lineBreak: string): string =>
  ['x', '    cluster:', '      server: https://evil.example', '      insecure-skip-tls-verify: true', 'y'].join(
    lineBreak,
  );

/** Line breaks of YAML 1.1 (4.2), and characters that some readers take for one. */
const lineBreaks = ['\n', '\r', '\r\n', '\u0085', '\u2028', '\u2029', '\v', '\f', '\u001c', '\u001e'];

/** Characters that a YAML stream must not hold, or that its readers drop, skip or take for the start or end of it. */
const unprintable = [
  '\0',
  '\u0001',
  '\t',
  '\u001b',
  '\u007f',
  '\u0080',
  '\u009f',
  '\ufeff',
  '\ufffe',
  '\uffff',
  '\ufdd0',
];

/** Well-formed texts that end, split or change a YAML scalar of some style or version, if they are not encoded. */
export const hostileTexts: readonly string[] = [
  ...lineBreaks.map(added),
  ...[...lineBreaks, ...unprintable].flatMap((character) => [
    character,
    `${character}x`,
    `x${character}`,
    `x${character}y`,
  ]),
  ...['---', '--- x', '...', '- x', '? x', ': x', 'a: b', 'a: #b', ' #x', '%YAML 1.2', '&a', '*a', '!x', '!!int 1'],
  ...['|', '>', '{a: b}', '[a]', "'", "''", '"', '""', '\\', '\\n', '\\u2028', '"\\', '@x', '`x', '~', ',', '<<', '='],
  ...[
    '',
    ' ',
    ' x',
    'x ',
    '  x  y  ',
    'null',
    'true',
    'on',
    'y',
    '1',
    '0777',
    '0o7',
    '1_000',
    '12:30',
    '2001-01-01',
    '.inf',
  ],
  ...[
    'Jürgen Groß',
    '漢字',
    '𠮷野家',
    '\u{1f600}',
    '\u{1fffe}',
    '\u{10ffff}',
    'e\u0301',
    '\u202egpj.exe',
    '\u200b',
    '\u00a0',
  ],
  'long '.repeat(200),
  '\u{1f600}'.repeat(1024),
];
