import { Linter } from 'eslint';
import { describe, expect, it } from 'vitest';
import { indirectSentences, markdownProse, plainSentences } from '../../../scripts/lint/plain-sentences.js';

const sentencesOf = (text: string) => indirectSentences(text).map(({ sentence }) => sentence);

describe('indirectSentences', () => {
  it.each(['What', 'Of', 'Whose', 'Whoever', 'Who', 'Which'])('finds a sentence that begins with %s', (word) => {
    expect(sentencesOf(`${word} it is.`)).toEqual([`${word} it is.`]);
    expect(sentencesOf(`It is here. ${word} it is\nis next. The end.`)).toEqual([`${word} it is is next.`]);
  });

  it('finds it at the beginning of a paragraph, a list item, a table cell, in bold and after a colon', () => {
    expect(sentencesOf('no full stop\n\nWhat it is')).toEqual(['What it is']);
    expect(sentencesOf('- **Who decides** is written.')).toEqual(['Who decides** is written.']);
    expect(sentencesOf('| `url` | Of these. |\n')).toEqual(['Of these.']);
    expect(sentencesOf('Two things: What it is.')).toEqual(['What it is.']);
  });

  it('says where each of them begins', () => {
    const text = 'A. What it is.\n\nWho it is.';
    expect(indirectSentences(text).map(({ offset }) => text.slice(offset, offset + 4))).toEqual(['What', 'Who ']);
  });

  it.each(['Those that end', 'The same of', 'The\nsame of', 'That of a token', 'None', 'None of it', 'None of them'])(
    'finds a sentence that begins with "%s", which names no thing',
    (words) => {
      const found = `${words} is here.`.replace('\n', ' ');
      expect(sentencesOf(`${words} is here.`)).toEqual([found]);
      expect(sentencesOf(`It ends. ${words} is here. The end.`)).toEqual([found]);
    },
  );

  it('lets questions and every other sentence pass', () => {
    expect(sentencesOf('What is this file? It is a CSR. Whatever it is, and what it holds: who knows.')).toEqual([]);
    expect(sentencesOf('Where a cluster signs, Offline. The Whole.')).toEqual([]);
    expect(sentencesOf('None of the files is open. The same name. That offer stands. Nonexistent.')).toEqual([]);
  });
});

describe('markdownProse', () => {
  it('blanks code, comments and the heads of tables, and keeps every offset', () => {
    const text =
      '```sh\nWhat it is.\n```\n\n<!-- What -->\n\n`What it is`\n\n| What | Who |\n| --- | --- |\n| a | What b. |\n';
    expect(markdownProse(text)).toHaveLength(text.length);
    expect(sentencesOf(markdownProse(text))).toEqual(['What b.']);
  });
});

describe('prose/plain-sentences', () => {
  const placesIn = (code: string) =>
    new Linter()
      .verify(code, {
        plugins: { prose: { rules: { 'plain-sentences': plainSentences } } },
        rules: { 'prose/plain-sentences': 'error' },
      })
      .map(({ line, column, message }) => `${line}:${column} ${message}`);

  it('reports comments of every kind, where the sentence begins', () => {
    expect(placesIn('/** What a is. */\nlet a;')).toEqual(['1:5 Begin with the subject: "What a is."']);
    expect(placesIn('let a; // Of a.')).toEqual(['1:11 Begin with the subject: "Of a."']);
    expect(placesIn('/**\n * One. Who asks\n * decides.\n */')).toEqual([
      '2:9 Begin with the subject: "Who asks decides."',
    ]);
  });

  it('reads comments on lines that follow each other as one text', () => {
    expect(placesIn('// The question is:\n// What now?\n')).toEqual([]);
    expect(placesIn('// It knows\n// What it is.\n')).toEqual([]);
    expect(placesIn('// It ends.\n\n// What it is.\n')).toEqual(['3:4 Begin with the subject: "What it is."']);
  });

  it('does not look at code', () => {
    expect(placesIn('const a = "What it is.";')).toEqual([]);
  });
});
