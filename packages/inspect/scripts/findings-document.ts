import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { type FindingCode, findingGroups, type FindingKind, findingKinds } from '../src/model/catalogue.js';
import type { Finding } from '../src/model/inspection.js';

/** An example message of a finding, from an upload of the corpus. */
export interface Example {
  readonly message: string;
  /** The name of the upload in `packages/inspect/corpus`. */
  readonly fixture: string;
}

export const findingsFile = new URL('../../../docs/findings.md', import.meta.url);

const corpus = new URL('../corpus/', import.meta.url);

/** One example for each finding: from an upload made for that finding, or else from the first upload that raises it. */
export function readExamples(): ReadonlyMap<string, Example> {
  const examples = new Map<string, Example>();
  const meant = new Set<string>();
  for (const { name: fixture } of folders()) {
    const { findings = [] } = readJson(`${fixture}/answer.json`) as { findings?: readonly Finding[] };
    const { raises = [] } = readJson(`${fixture}/upload.json`) as { raises?: readonly string[] };
    for (const { code, message } of findings) {
      if (examples.has(code) && (meant.has(code) || !raises.includes(code))) continue;
      examples.set(code, { message, fixture });
      if (raises.includes(code)) meant.add(code);
    }
  }
  return examples;
}

const folders = () =>
  readdirSync(corpus, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .sort((a, b) => (a.name < b.name ? -1 : 1));

/** Returns an empty object if there is no such file. */
function readJson(path: string): unknown {
  const file = new URL(path, corpus);
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
}

/** The text of `docs/findings.md`. */
export function findingsDocument(examples: ReadonlyMap<string, Example>): string {
  const groups = Object.entries<Readonly<Record<string, FindingKind>>>(findingGroups);
  return [
    '# Findings',
    '',
    '<!-- Written by `npm run findings` from packages/inspect/src/model/catalogue.ts and packages/inspect/corpus. -->',
    '',
    `An inspection (\`POST /v1/inspections\`, or \`kubepass-inspect\`) reports ${Object.keys(findingKinds).length} kinds of findings. Each has a code that never`,
    'changes its meaning, the object that it is about, a sentence about what was found there, advice, and the clause behind it.',
    'The examples come from the uploads in `packages/inspect/corpus`.',
    '',
    '- **What does a code mean, and what is to be done?** Follow its link in the list below.',
    '- **Which findings have to be mended?** An **error** does not work, or must not be relied on. A **warning** works, and should',
    '  not stay so. An **info** is good to know.',
    '- **How does a pipeline fail on them?** See [inspection.md](inspection.md#in-a-pipeline).',
    '',
    'All codes by subject:',
    '',
    ...groups.flatMap(([title, kinds]) => [
      `- [${title}](#${anchor(title)}): ${Object.keys(kinds)
        .map((code) => `[${code}](#${anchor(code)})`)
        .join(', ')}`,
    ]),
    '',
    ...groups.flatMap(([title, kinds]) => [
      `## ${title}`,
      '',
      ...Object.entries(kinds).flatMap(([code, kind]) => section(code as FindingCode, kind, examples.get(code))),
    ]),
  ]
    .join('\n')
    .trimEnd()
    .concat('\n');
}

function section(code: FindingCode, kind: FindingKind, example: Example | undefined): readonly string[] {
  return [
    `### ${code}`,
    '',
    `**${kind.severity}** · ${kind.title}.`,
    '',
    `${kind.advice} (${kind.reference})`,
    '',
    ...(kind.offlineAdvice === kind.advice ? [] : [`\`kubepass-inspect\` says: ${kind.offlineAdvice}`, '']),
    ...(example ? [`For example (\`${example.fixture}\`): ${escaped(example.message)}`, ''] : []),
  ];
}

/** The anchor that GitHub makes from a heading. */
const anchor = (heading: string): string => heading.toLowerCase().replaceAll(' ', '-');

const escaped = (text: string): string => text.replace(/[\\`*_<>[\]#|~]/g, '\\$&');
