/** A block of shell lines in a page, for the reader to paste into a terminal. */
export interface PageBlock {
  /** Where its first line is, from 1. */
  readonly line: number;
  /**
   * `paste`: into the reader's shell. `server`: into another terminal, where it runs to the end of the page.
   * `elsewhere`: CI runs this command in a check of its own.
   */
  readonly role: 'paste' | 'server' | 'elsewhere';
  readonly commands: string;
  /** The text that the page says the block prints; null if it says nothing. */
  readonly sample: Sample | null;
}

export interface Sample {
  readonly text: string;
  /** The offset of the text in the page. */
  readonly offset: number;
}

const roles: Readonly<Record<string, PageBlock['role']>> = { '': 'paste', server: 'server', elsewhere: 'elsewhere' };

/**
 * Reads the fenced blocks of a Markdown page. A fence `sh`, `sh server` or `sh elsewhere` holds commands. A fence whose
 * second word is `output` holds a sample: the output of the commands before it. Other fences only explain. Throws an
 * `Error` if a fence has another second word, or if a sample belongs to no commands.
 */
export function readBlocks(page: string): PageBlock[] {
  const blocks: PageBlock[] = [];
  for (const match of page.matchAll(/^```(\w*)(?: (.+))?\n([^]*?)^```$/gm)) {
    const [fence, language, word = '', text = ''] = match;
    const line = page.slice(0, match.index).split('\n').length + 1;
    const wrong = (reason: string) => new Error(`line ${line - 1}: ${reason}`);
    if (word === 'output') {
      const before = blocks.pop();
      if (before === undefined) throw wrong('a sample has no commands before it');
      if (before.sample !== null) throw wrong('the commands before this sample have one already');
      const offset = match.index + fence.indexOf('\n') + 1;
      blocks.push({ ...before, sample: { text, offset } });
    } else if (language === 'sh') {
      const role = roles[word];
      if (role === undefined) throw wrong(`a block of shell cannot be "${word}"`);
      blocks.push({ line, role, commands: text, sample: null });
    } else if (word !== '') throw wrong(`a block cannot be "${word}"`);
  }
  return blocks;
}
