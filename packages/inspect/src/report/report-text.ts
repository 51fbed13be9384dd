import { plainScreen, type Screen } from '../formats/text/screen.js';
import { alignColumns } from '../formats/text/text-layout.js';
import { clip, maxShown, visible, wrapParagraph } from '../formats/text/visible.js';
import type { Finding, InspectedObject, Inspection, KubeconfigContent } from '../model/inspection.js';
import { contextHeads, contextRows, fieldGroups, type FieldGroup } from './object-fields.js';
import { minuteText, whatItIs, whoItIs } from './object-words.js';
import { opensslText, type PrintableTrees } from './openssl-text.js';
import { relationForest, type RelationNode } from './relation-tree.js';
import { countedFindings, findingsBySeverity, inOneSentence, type CommonFinding } from './summary.js';
import { summaryTable, tones } from './summary-table.js';

const proseWidth = 100;
/** Longer labels would indent the following lines too far. */
const maxLabel = 60;

/**
 * The answer for a terminal: a table of all objects, findings, relations, and each object in detail, with certificates
 * and requests as OpenSSL 3.5 prints them. No text of an upload moves the cursor or stays invisible.
 *
 * `trees`: certificates and requests, by path. Findings that `shows` leaves out are counted in the first line.
 */
export function reportText(
  inspection: Inspection,
  trees: PrintableTrees,
  now: Date,
  screen = plainScreen,
  { shows = (_: Finding): boolean => true, details = true } = {},
): string {
  const sections = [
    `${inOneSentence(inspection)} (${minuteText(now.toISOString())})\n`,
    inspection.objects.length === 0 ? '' : summaryTable(inspection, now, screen),
    findingsText(inspection.findings.filter(shows), screen),
    relationsText(inspection, screen),
    ...(details ? detailTexts(inspection.objects, trees, screen) : []),
  ];
  return sections.filter((section) => section !== '').join('\n');
}

function findingsText(findings: readonly Finding[], screen: Screen): string {
  if (findings.length === 0) return '';
  const groups = findingsBySeverity(findings).map(({ severity, count, findings }) => {
    const title = screen.paint(tones[severity], countedFindings(count, severity));
    return `  ${title}\n\n${findings.map((finding) => findingText(finding, screen)).join('\n')}`;
  });
  return `${screen.paint('bold', 'FINDINGS')}\n\n${groups.join('\n')}`;
}

function findingText({ code, objects, message, advice, reference }: CommonFinding, screen: Screen): string {
  const label = `${clip(visible(code), maxLabel)}:`;
  const where = objects.map((object, i) => `    ${i === 0 ? label : ' '.repeat(label.length)} ${visible(object)}\n`);
  return (
    where.join('') +
    paragraph(message, '      ', screen) +
    paragraph(advice, '      -> ', screen) +
    paragraph(reference, '      see ', screen)
  );
}

function relationsText(inspection: Inspection, { paint }: Screen): string {
  const { trees, others } = relationForest(inspection);
  if (inspection.relations.length === 0) return '';
  const tree = trees.map((node) => nodeText(node, '  ', '  ')).join('\n');
  const list = others.map(({ from, words, to }) => `  ${visible(`${from} ${words} ${to}`)}\n`).join('');
  return `${paint('bold', 'RELATIONS')}\n\n${[tree, list].filter((part) => part !== '').join('\n')}`;
}

/** `first` begins the line of the node itself, `rest` the lines below it. */
function nodeText(node: RelationNode, first: string, rest: string): string {
  const notes = node.notes.length === 0 ? '' : ` (${node.notes.join(', ')})`;
  const own = node.object === null ? '' : `: ${[whatItIs(node.object), whoItIs(node.object) ?? []].flat().join(', ')}`;
  const below = rest + (node.children.length === 0 ? '  ' : '| ');
  const keys = node.keys.map((key) => `${below}key: ${visible(key)}\n`);
  const copies = node.copies.map((copy) => `${below}also: ${visible(copy)}\n`);
  const children = node.children.map((child, i) =>
    i === node.children.length - 1
      ? nodeText(child, `${rest}\`-- `, `${rest}    `)
      : nodeText(child, `${rest}|-- `, `${rest}|   `),
  );
  return `${first}${visible(node.path + clip(own, 80) + notes)}\n${[...copies, ...keys].join('')}${children.join('')}`;
}

function detailTexts(objects: readonly InspectedObject[], trees: PrintableTrees, screen: Screen): string[] {
  return objects.map((object) => {
    const printed = opensslText(object, trees);
    const contexts = object.type === 'Kubeconfig' ? [contextsTable(object)] : [];
    const fields = fieldGroups(object, printed !== null).map((group) => groupText(group, screen));
    const title = `${visible(object.path)}: ${object.type}`;
    const underline = '-'.repeat(Math.min(title.length, proseWidth));
    const parts = [
      ...contexts,
      ...fields,
      ...(printed === null ? [] : [objects.length === 1 ? printed : held(printed)]),
    ];
    return `${screen.paint('bold', title)}\n${underline}\n\n${parts.join('\n')}`;
  });
}

/**
 * Indents text behind line breaks in values of a certificate. At the margin it could pass for a section of this report.
 * A report about a single object has no other sections.
 */
const held = (printed: string): string => printed.replace(/\n(?=[^ \n])/g, '\n  ');

function contextsTable(kubeconfig: KubeconfigContent): string {
  const rows = contextRows(kubeconfig).map((row) => row.map((cell) => clip(visible(cell), maxShown)));
  const heads = contextHeads.map((head) => head.toUpperCase());
  const table = alignColumns([heads, ...rows], { minimumWidth: 6, padding: 3 });
  return table.replace(/(?<! ) +$/gm, '').replace(/^(?=.)/gm, '  ');
}

function groupText({ title, fields }: FieldGroup, screen: Screen): string {
  const labels = fields.map(({ label }) => clip(visible(label), maxLabel));
  const width = Math.min(24, longest(labels)) + 2;
  const margin = title === null ? '  ' : '    ';
  const lines = fields.flatMap(({ values }, field) =>
    values.map((value, i) =>
      paragraph(value, margin + (i === 0 ? `${labels[field] ?? ''}: ` : '').padEnd(width), screen),
    ),
  );
  return (title === null ? '' : `  ${visible(title)}\n`) + lines.join('');
}

const longest = (labels: readonly string[]): number => labels.reduce((width, { length }) => Math.max(width, length), 0);

const paragraph = (text: string, first: string, { width }: Screen): string =>
  wrapParagraph(visible(text), first, Math.min(proseWidth, width));
