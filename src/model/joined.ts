/** As long as the contract lets a message be. */
const maxLength = 4096;
/** `; and 1,000,000 more` fits beside. */
const room = maxLength - 32;

/** Sentences without full stops as one message: as many as it may hold, and how many more there are. */
export function joined(sentences: readonly string[]): string {
  let text = '';
  for (const [i, sentence] of sentences.entries()) {
    const next = i === 0 ? sentence : `${text}; ${sentence}`;
    if (next.length > room && i > 0) return `${text}; and ${sentences.length - i} more`;
    text = next.length > maxLength ? `${next.slice(0, room)}…` : next;
  }
  return text;
}
