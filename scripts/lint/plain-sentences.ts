import type { Rule } from 'eslint';

/**
 * These words turn the subject of a sentence into a clause ("What is JSON comes as text"). The reader meets the verb
 * late, which is hard for people whose first language is not English.
 */
const relativeWords = 'What|Of|Whose|Whoever|Who|Which';

/**
 * These words stand for a noun that the reader has to look for elsewhere ("Those that are revoked", "None of it").
 * "None of the files" has its noun, and before a noun "These" does as well as "Those".
 */
const bareWords = String.raw`Those|The\s+same\s+of|That\s+of|None(?!\s+of\s+(?!it\b|them\b))`;

/** A sentence begins with its text, a paragraph, a list item or a table cell, or follows another sentence. */
const beginnings = String.raw`^|\n[ \t]*\n|\n[ \t]*(?:[-*]|\d+\.)[ \t]|\|[ \t]|[.!?:]["'”’)\]*_]*\s`;
const indirectSentence = new RegExp(
  String.raw`(?<=(?:${beginnings})[\s"'“(*_-]*)(?:${relativeWords}|${bareWords})\b[^]*?(?:[.!?|](?=["'”’)\]*_]*(?:\s|$))|(?=\n[ \t]*\n)|$)`,
  'g',
);

/** Each sentence of `text` that begins with one of these words and is no question, with its offset. */
export const indirectSentences = (text: string): { offset: number; sentence: string }[] =>
  [...text.matchAll(indirectSentence)]
    .filter(([found]) => !found.endsWith('?'))
    .map((match) => ({ offset: match.index, sentence: match[0].trim().replaceAll(/\s+/g, ' ') }));

/** Blanks the parts of Markdown that are not prose: code, comments and the heads of tables. Offsets stay. */
export const markdownProse = (text: string): string =>
  text.replaceAll(/^```[^]*?^```|<!--[^]*?-->|`[^`\n]*`|^\|.*\|\n(?=\|[ :|-]+\|$)/gm, (code) =>
    code.replaceAll(/[^\n]/g, '_'),
  );

/** Comments on lines that follow each other are read as one text, because a sentence may go on. */
export const plainSentences: Rule.RuleModule = {
  meta: { type: 'suggestion', schema: [], messages: { indirect: 'Begin with the subject: "{{sentence}}"' } },
  create: (context) => ({
    Program: () => {
      const { sourceCode } = context;
      const source = sourceCode.text;
      const comments = sourceCode.getAllComments().map(({ range }): [number, number] => range ?? [0, 0]);
      const texts = comments.reduce<[number, number][]>((merged, [start, end]) => {
        const last = merged.at(-1);
        if (last && /^[ \t]*\n[ \t]*$/.test(source.slice(last[1], start))) last[1] = end;
        else merged.push([start, end]);
        return merged;
      }, []);
      for (const [start, end] of texts) {
        // The marks of a comment become blanks, so that offsets stay.
        const text = source
          .slice(start, end)
          .replaceAll(/^[ \t]*(?:\/\/|\/\*+|\*\/|\*(?!\/))|\*+\/$/gm, (mark) => ' '.repeat(mark.length));
        for (const { offset, sentence } of indirectSentences(text.trimStart()))
          context.report({
            loc: sourceCode.getLocFromIndex(start + offset + text.length - text.trimStart().length),
            messageId: 'indirect',
            data: { sentence },
          });
      }
    },
  }),
};
