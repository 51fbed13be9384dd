const ascii = /^[\0-\x7f]*$/;

/**
 * A name without the differences that people overlook, and directories and authorizers may: case, and compatibility forms
 * of letters. Close to toNFKC_Casefold (Unicode 3.13); lower case alone would keep `ß` apart from `ss`.
 */
export function foldedName(name: string): string {
  if (ascii.test(name)) return name.toLowerCase();
  return name.normalize('NFKC').toLowerCase().toUpperCase().toLowerCase().normalize('NFKC');
}

/**
 * Whether two names are, or may be taken for, those of one person. It is for refusals alone: a right belongs to exactly one
 * name. So each errs on the safe side.
 */
export const isSamePerson = (one: string, other: string): boolean =>
  one === other || foldedName(one) === foldedName(other);
