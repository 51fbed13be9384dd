/**
 * Text for a terminal. A server may have written it, so control characters, and those that turn the direction of text, are shown as
 * U+FFFD. Line ends and tabs stay.
 */
export const printable = (text: string): string =>
  text.replace(/(?![\n\t])[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, '\ufffd');

/** The same, where line ends and tabs would make it look like something else. */
export const oneLine = (text: string): string => printable(text.replace(/[\n\t]+/g, ' '));
