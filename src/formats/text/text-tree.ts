import { visible } from './visible.js';
import { wrapText } from './wrap-text.js';

/** A line of a tree, with what stands below it. */
export interface TextNode {
  readonly text: string;
  readonly children: readonly TextNode[];
}

export const leaf = (text: string): TextNode => ({ text, children: [] });

/** The nodes as a tree of at most so many characters a line; a text that is longer goes on below itself. */
export function textTree(nodes: readonly TextNode[], width: number, prefix = ''): readonly string[] {
  return nodes.flatMap(({ text, children }, i) => {
    const last = i === nodes.length - 1;
    const below = `${prefix}${last ? '   ' : '│  '}`;
    const more = children.length > 0 ? `${below}│  ` : `${below}   `;
    const [first = '', ...rest] = wrapText(visible(text), Math.max(20, width - prefix.length - 6));
    return [
      `${prefix}${last ? '└─ ' : '├─ '}${first}`,
      ...rest.map((line) => `${more}${line}`),
      ...textTree(children, width, below),
    ];
  });
}
