/** The printed form of a distinguished name, in which nothing hides, for a message: quoted and cut to a readable length. */
export function shortName(text: string): string {
  // Not between the halves of a character.
  return text.length <= 200 ? `"${text}"` : `"${text.slice(0, 200).replace(/[\ud800-\udbff]$/, '')}…"`;
}
