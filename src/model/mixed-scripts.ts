/**
 * The scripts in everyday use (UAX #31, table 5). Letters of any other script count as mixed, because no rule covers
 * them.
 */
const scripts = (
  'Arab Armn Beng Bopo Cyrl Deva Ethi Geor Grek Gujr Guru Hang Hani Hebr Hira ' +
  'Kana Khmr Knda Laoo Latn Mlym Mymr Orya Sinh Taml Telu Thaa Thai Tibt'
).split(' ');

/** The combinations of scripts that one language writes in: Japanese, Chinese with Bopomofo, Korean, each with Latin. */
const together = [
  ['Latn', 'Hani', 'Hira', 'Kana'],
  ['Latn', 'Hani', 'Bopo'],
  ['Latn', 'Hani', 'Hang'],
];

/** Words of each; ASCII digits and some marks belong to every script (Common, Inherited), others to several. */
const words = [...together, ...scripts.map((script) => [script])].map((allowed) => {
  const classes = [...allowed, 'Zyyy', 'Zinh'].map((script) => `\\p{scx=${script}}`);
  return new RegExp(`^[${classes.join('')}]*$`, 'u');
});

/**
 * Whether letters of several scripts stand in one word, where one may pass for the other: a Cyrillic U+0430 in a Latin word.
 * This is the restriction level Highly Restrictive of UTS #39 section 5.2, for each word. A word that is wholly of one script, and
 * looks like a word of another, is not mixed.
 */
export const mixesScripts = (word: string): boolean => !words.some((pattern) => pattern.test(word));

/** Whether decimal digits of several number systems stand in one name: an 8 beside Bengali's U+09EA, which is four (UTS #39 section 5.3). */
export function mixesDigits(name: string): boolean {
  const zeros = new Set<number>();
  for (const [digit] of name.matchAll(/\p{Nd}/gu)) zeros.add(zeroOf(digit.codePointAt(0) ?? 0));
  return zeros.size > 1;
}

/** The digits of a system follow each other from zero to nine (Unicode 4.6). */
function zeroOf(digit: number): number {
  let zero = digit;
  while (digit - zero < 9 && /\p{Nd}/u.test(String.fromCodePoint(zero - 1))) zero -= 1;
  return zero;
}
