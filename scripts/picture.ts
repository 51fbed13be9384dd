import { readFileSync, writeFileSync } from 'node:fs';
import { readBlocks } from './samples/page-blocks.js';

/**
 * `npm run picture`: draws the commands of README's part "Start", and the samples of what they print, as a terminal in
 * `docs/images/start.svg`. `npm run samples` holds the samples against what the commands print. With `--check` it only
 * says whether the picture is drawn from the page as it is.
 */
const root = new URL('../', import.meta.url);
const file = new URL('docs/images/start.svg', root);
const readme = readFileSync(new URL('README.md', root), 'utf8');

/** In px. A character of the font is as wide as 0.6 of its size. */
const font = 13;
const lineHeight = 19;
const margin = 18;
const bar = 34;

/** Follows the colours of the page that it stands on. */
const style = `
  .window { fill: #ffffff; stroke: #d0d7de }
  .bar { fill: #eaeef2 }
  .dot { fill: #afb8c1 }
  text { font: ${font}px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #57606a; white-space: pre }
  .command { fill: #1f2328; font-weight: 600 }
  .prompt { fill: #1a7f37 }
  @media (prefers-color-scheme: dark) {
    .window { fill: #0d1117; stroke: #30363d }
    .bar { fill: #161b22 }
    .dot { fill: #484f58 }
    text { fill: #9da7b1 }
    .command { fill: #f0f6fc }
    .prompt { fill: #3fb950 }
  }
`;

interface Line {
  readonly text: string;
  readonly command: boolean;
  /** Whether a prompt stands before it. */
  readonly first: boolean;
}

const linesOf = (text: string, command: boolean): Line[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line, i) => ({ text: line, command, first: command && i === 0 }));

/** The blocks to paste whose samples tell something, each with an empty line after it. */
function terminal(page: string): Line[] {
  const start = page.indexOf('\n## Start\n');
  const section = page.slice(start, page.indexOf('\n## ', start + 1));
  return readBlocks(section)
    .filter(({ role }) => role === 'paste')
    .flatMap(({ commands, sample }) => [
      ...linesOf(commands, true),
      ...(sample ? linesOf(sample.text, false) : []),
      { text: '', command: false, first: false },
    ])
    .slice(0, -1);
}

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

function drawn({ text, command, first }: Line, i: number): string {
  const y = bar + margin + font + i * lineHeight;
  const prompt = first ? '<tspan class="prompt">$ </tspan>' : command ? '  ' : '';
  return `  <text x="${margin}" y="${y}" xml:space="preserve"${command ? ' class="command"' : ''}>${prompt}${escaped(text)}</text>`;
}

function picture(lines: readonly Line[]): string {
  const columns = Math.max(...lines.map(({ text, command }) => text.length + (command ? 2 : 0)));
  const width = Math.ceil(columns * font * 0.602) + 2 * margin;
  const height = bar + 2 * margin + lines.length * lineHeight;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title">`,
    `  <title id="title">A terminal: a kubeconfig from one call, what is in it, and a refusal with its reasons</title>`,
    `  <style>${style}</style>`,
    `  <rect class="window" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8"/>`,
    `  <path class="bar" d="M1 ${bar}V9a8 8 0 0 1 8-8h${width - 18}a8 8 0 0 1 8 8v${bar - 9}z"/>`,
    ...[0, 1, 2].map((i) => `  <circle class="dot" cx="${margin + 4 + i * 18}" cy="${bar / 2}" r="5.5"/>`),
    ...lines.map(drawn),
    '</svg>\n',
  ].join('\n');
}

const made = picture(terminal(readme));
if (!process.argv.includes('--check')) writeFileSync(file, made);
else if (readFileSync(file, 'utf8') !== made) {
  console.error('docs/images/start.svg is not drawn from README.md: run `npm run picture` and commit it');
  process.exitCode = 1;
}
