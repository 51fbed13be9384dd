/** Parts, joined by commas, until the text has so many octets or so many parts. */
function filled(octets: number, most: number, part: (i: number) => string): string {
  const parts: string[] = [];
  for (let left = octets - 2; parts.length < most;) {
    const next = part(parts.length);
    left -= next.length + 1;
    if (left < 0) break;
    parts.push(next);
  }
  return parts.join(',');
}

const named = (i: number) => `"${i.toString(36)}"`;

/**
 * JSON values that cost most: of at most so many octets, and of at most so many values, of which a reader may refuse
 * more. The keys say what they are.
 */
export const largeValues = (octets: number, most: number) => ({
  numbers: () => `[${filled(octets, most - 1, () => '1')}]`,
  'numbers in a member': () => `{"a":[${filled(octets - 6, most - 2, () => '1')}]}`,
  texts: () => `[${filled(octets, most - 1, named)}]`,
  'empty objects': () => `[${filled(octets, most / 2 - 1, () => '{}')}]`,
  'objects with a value': () => `[${filled(octets, most / 2 - 1, (i) => `{"value":${named(i)}}`)}]`,
  'objects with four members': () =>
    `[${filled(octets, most / 5 - 1, (i) => `{"value":${named(i)},"type":"User","display":"x","primary":false}`)}]`,
  'lists of a number': () => `[${filled(octets, most / 2 - 1, () => '[1]')}]`,
  members: () => `{${filled(octets, most - 1, (i) => `${named(i)}:1`)}}`,
  'members with escapes': () => `{${filled(octets, most - 1, (i) => `"\\n${i.toString(36)}":{}`)}}`,
  'lists in lists': () => '['.repeat(Math.min(octets / 2, most)) + ']'.repeat(Math.min(octets / 2, most)),
  'objects in objects': () => `${'{"a":'.repeat(Math.min(octets / 6, most))}1${'}'.repeat(Math.min(octets / 6, most))}`,
  'a long text': () => `"${'x'.repeat(octets - 2)}"`,
});

/** The same where only the number of octets matters. */
export const longValues = (octets: number): Readonly<Record<string, () => string>> => ({
  'a text of escapes': () => `"${'\\n'.repeat(octets / 2 - 1)}"`,
  'a text of quotes': () => `"${'\\"'.repeat(octets / 2 - 1)}"`,
  'a text of escaped backslashes before what looks like surrogates': () => `"${'\\\\ud800'.repeat(octets / 8 - 1)}"`,
  'a text of pairs of surrogates': () => `"${'\\ud83d\\ude00'.repeat(octets / 12 - 1)}"`,
  'a name': () => `{"${'\\\\'.repeat(octets / 2 - 4)}":1}`,
  'a number': () => '1'.repeat(octets),
  'a text with a fault at its end': () => `"${'x'.repeat(octets - 10)}\\q"`,
  'blanks with a fault at their end': () => `[${' '.repeat(octets - 10)}1 1]`,
  'members that are given twice': () => `{${'"a":1,'.repeat(octets / 6 - 2)}"a":1}`,
});
