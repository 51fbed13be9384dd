import type { Rule } from 'eslint';

/**
 * These words turn the subject of a sentence into a clause ("What is JSON comes as text"). The reader meets the verb
 * late, which is hard for people whose first language is not English.
 */
const relativeWords = 'What|Of|Whose|Whoever|Who|Which';

/** A sentence begins with its text, a paragraph, a list item or a table cell, or follows another sentence. */
const beginnings = String.raw`^|\n[ \t]*\n|\n[ \t]*(?:[-*]|\d+\.)[ \t]|\|[ \t]|[.!?:]["'”’)\]*_]*\s`;
const relativeSentence = new RegExp(
  String.raw`(?<=(?:${beginnings})[\s"'“(*_-]*)(?:${relativeWords})\b[^]*?(?:[.!?|](?=["'”’)\]*_]*(?:\s|$))|(?=\n[ \t]*\n)|$)`,
  'g',
);

/** Each sentence of `text` that begins with a relative word and is no question, with its offset. */
export const relativeSentences = (text: string): { offset: number; sentence: string }[] =>
  [...text.matchAll(relativeSentence)]
    .filter(([found]) => !found.endsWith('?'))
    .map((match) => ({ offset: match.index, sentence: match[0].trim().replaceAll(/\s+/g, ' ') }));

/** Blanks the parts of Markdown that are not prose: code, comments and the heads of tables. Offsets stay. */
export const markdownProse = (text: string): string =>
  text.replaceAll(/^```[^]*?^```|<!--[^]*?-->|`[^`\n]*`|^\|.*\|\n(?=\|[ :|-]+\|$)/gm, (code) =>
    code.replaceAll(/[^\n]/g, '_'),
  );

/** Comments on lines that follow each other are read as one text, because a sentence may go on. */
export const plainSentences: Rule.RuleModule = {
  meta: { type: 'suggestion', schema: [], messages: { relative: 'Begin with the subject: "{{sentence}}"' } },
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
        for (const { offset, sentence } of relativeSentences(text.trimStart()))
          context.report({
            loc: sourceCode.getLocFromIndex(start + offset + text.length - text.trimStart().length),
            messageId: 'relative',
            data: { sentence },
          });
      }
    },
  }),
};
