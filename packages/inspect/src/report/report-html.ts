import { counted } from '../formats/text/duration-in-words.js';
import { clip, maxShown } from '../formats/text/visible.js';
import type { Finding, InspectedObject, Inspection, KubeconfigContent } from '../model/inspection.js';
import { documentOf, html, type Html, lines, styleElement } from './html/html.js';
import { styleSheet } from './html/style-sheet.js';
import { contextHeads, contextRows, type FieldGroup, fieldGroups } from './object-fields.js';
import { minuteText, whatItIs, whoItIs } from './object-words.js';
import { opensslText, type PrintableTrees } from './openssl-text.js';
import { relationForest, type RelationNode } from './relation-tree.js';
import {
  type CommonFinding,
  countedFindings,
  findingsBySeverity,
  inOneSentence,
  type SummaryRow,
  summaryRows,
  type RemainingValidity,
  type Verdict,
} from './summary.js';

/**
 * The same as `reportText` as one page for a browser, without scripts, style attributes or outside resources. Its
 * Content-Security-Policy must allow `styleSource`.
 *
 * `trees`: certificates and requests, by path.
 */
export function reportHtml(inspection: Inspection, trees: PrintableTrees, now: Date): string {
  const links = new Links(inspection.objects);
  const rows = summaryRows(inspection, now);
  const verdicts = new Map(rows.map(({ object, verdict }) => [object.path, verdict]));
  return documentOf(
    html`<html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>Inspection of ${inOneSentence(inspection)}</title>
        ${styleElement(styleSheet)}
      </head>
      <body>
        <header>
          <h1>Inspection</h1>
          <p class="muted">${counted(inspection.objects.length, 'object')}, as of ${minuteText(now.toISOString())}</p>
          ${countsHtml(inspection)}
        </header>
        <main>
          ${rows.length === 0 ? null : summaryHtml(rows, links)}${findingsHtml(inspection.findings, links)}${relationsHtml(inspection, links, verdicts)}${detailsHtml(inspection, trees, links, verdicts)}
        </main>
        <footer>
          <p>Nothing of the upload is kept, and nothing in it was executed, followed or fetched.</p>
        </footer>
      </body>
    </html>`,
  );
}

function countsHtml({ findings }: Inspection): Html {
  const groups = findingsBySeverity(findings);
  const badges = groups.map(({ severity, count }) => badge(severity, countedFindings(count, severity)));
  return html`<ul class="counts" aria-label="Findings by severity">
    ${(badges.length === 0 ? [badge('ok', 'no findings')] : badges).map((one) => html`<li>${one}</li> `)}
  </ul> `;
}

/** The table at the top. Roles are explicit, because browsers drop them where CSS lays the table out as cards. */
const summaryHtml = (rows: readonly SummaryRow[], links: Links): Html =>
  html`<section aria-labelledby="summary">
    <h2 id="summary">Summary</h2>
    <table class="card stacked" role="table" aria-labelledby="summary">
      <thead role="rowgroup">
        <tr role="row">
          ${['Object', 'What', 'Who', 'Until', 'Verdict'].map((head) => html`<th scope="col" role="columnheader">${head}</th> `)}
        </tr>
      </thead>
      <tbody role="rowgroup">
        ${rows.map((row) => rowHtml(row, links))}
      </tbody>
    </table>
  </section> `;

const rowHtml = ({ object, what, who, validity, endsSoon, verdict }: SummaryRow, links: Links): Html =>
  html`<tr role="row">
    <th scope="row" role="rowheader">${links.to(object.path)}</th>
    <td role="cell" data-column="What"><span>${clip(what, maxShown)}</span></td>
    ${who === null ? emptyCell : html`<td role="cell" data-column="Who"><span class="name">${clip(who, maxShown)}</span></td>`}
    ${validity === null ? emptyCell : html`<td role="cell" data-column="Until"><span>${validityHtml(validity, endsSoon)}</span></td>`}
    <td role="cell" data-column="Verdict"><span>${badge(verdict, verdict)}</span></td>
  </tr> `;

const emptyCell = html`<td role="cell" class="empty"></td>`;

function validityHtml(validity: RemainingValidity, soon: boolean): Html {
  return html`<span class="until">${minuteText(validity.until)}</span> ${bar(validity, soon)}<span class="muted"
      >${remainingWords(validity)}</span
    >`;
}

const remainingWords = ({ state, remaining }: RemainingValidity): string =>
  state === 'valid' && /\d/.test(remaining) ? `${remaining} left` : remaining;

/**
 * The remaining share as a bar, with the remaining time in words. Numbers are attributes of SVG, because the page has
 * no style attributes.
 */
function bar(validity: RemainingValidity, soon: boolean): Html | null {
  const { state, remainingShare } = validity;
  if (remainingShare === null) return null;
  const percent = Math.round(remainingShare * 1000) / 10;
  const label = `${remainingWords(validity)}, ${percent} % of its validity`;
  const tone = soon || state === 'notYet' ? 'warning' : 'ok';
  return html`<svg
    class="bar ${state} ${tone}"
    viewBox="0 0 100 5"
    preserveAspectRatio="none"
    role="img"
    aria-label="${label}"
  >
    <title>${label}</title>
    <rect class="track" width="100" height="5" />
    <rect class="rest" width="${percent}" height="5" />
  </svg> `;
}

/** Word and sign carry the meaning. The colour only repeats it. */
const badge = (tone: Verdict, text: string): Html => html`<span class="badge ${tone}">${text}</span>`;

function findingsHtml(findings: readonly Finding[], links: Links): Html {
  const groups = findingsBySeverity(findings).map(
    ({ severity, count, findings }) =>
      html`<h3 class="severity ${severity}">${countedFindings(count, severity)}</h3>
        <ul class="findings">
          ${findings.map((finding) => findingHtml(finding, links))}
        </ul> `,
  );
  return html`<section aria-labelledby="findings">
    <h2 id="findings">Findings</h2>
    ${groups.length === 0 ? html`<p>None.</p> ` : groups}
  </section> `;
}

const findingHtml = ({ code, severity, objects, message, advice, reference }: CommonFinding, links: Links): Html =>
  html`<li class="finding card ${severity}">
    <h4>
      <code class="code">${code}</code
      >${objects.map((object) => html` <span class="object">${links.to(object)}</span>`)}
    </h4>
    <p>${message}</p>
    <p class="advice">${advice}</p>
    <p class="reference">${severity}, ${reference}</p>
  </li> `;

/** Chains as trees, the CA on top; then the other relations. */
function relationsHtml(inspection: Inspection, links: Links, verdicts: ReadonlyMap<string, Verdict>): Html | null {
  const { trees, others } = relationForest(inspection);
  if (trees.length === 0 && others.length === 0) return null;

  const node = (one: RelationNode): Html =>
    html`<li>
      <div class="node">${links.to(one.path)}${ownHtml(one, verdicts)}${belongingsHtml(one, links)}</div>
      ${
        one.children.length === 0
          ? null
          : html`
              <ul>
                ${one.children.map(node)}
              </ul>
            `
      }
    </li> `;
  const forest = html`<ul class="tree">
    ${trees.map(node)}
  </ul> `;
  const list = html`<ul class="others">
    ${others.map(({ from, words, to }) => html`<li>${links.to(from)} ${words} ${links.to(to)}</li> `)}
  </ul> `;
  return html`<section aria-labelledby="relations">
    <h2 id="relations">Chains and keys</h2>
    <div class="card">${trees.length === 0 ? null : forest}${others.length === 0 ? null : list}</div>
  </section> `;
}

function ownHtml({ path, object, notes }: RelationNode, verdicts: ReadonlyMap<string, Verdict>): Html {
  const verdict = verdicts.get(path);
  const who = object === null ? null : whoItIs(object);
  return html`${object === null ? null : html` <span>${clip(whatItIs(object), maxShown)}</span>`}${
    who === null ? null : html` <span class="name">${clip(who, maxShown)}</span>`
  }${notes.length === 0 ? null : html` <span class="muted">${notes.join(', ')}</span>`}${
    verdict === undefined || verdict === 'ok' ? null : html` ${badge(verdict, verdict)}`
  }`;
}

/** Copies and keys, each kind on a line below the node. */
const belongingsHtml = ({ keys, copies }: RelationNode, links: Links): readonly (Html | null)[] =>
  [
    { label: 'also:', paths: copies },
    { label: 'key:', paths: keys },
  ].map(({ label, paths }) =>
    paths.length === 0
      ? null
      : html` <span class="belonging"
          >${label} ${paths.map((path, i) => [i === 0 ? null : ', ', links.to(path)])}</span
        >`,
  );

/** Each object in a closed section; a single object is open. */
function detailsHtml(
  { objects }: Inspection,
  trees: PrintableTrees,
  links: Links,
  verdicts: ReadonlyMap<string, Verdict>,
): Html | null {
  if (objects.length === 0) return null;
  const detail = (object: InspectedObject): Html => {
    const verdict = verdicts.get(object.path) ?? 'ok';
    const printed = opensslText(object, trees);
    // The anchor is inside the section, so that a link opens it.
    return html`<details class="card" ${objects.length === 1 ? html`open` : null}>
      <summary>
        <h3><code>${object.path}</code> <span class="muted">${whatItIs(object)}</span></h3>
        ${badge(verdict, verdict)}
      </summary>
      <div class="detail" id="${links.anchorOf(object.path)}">
        ${object.type === 'Kubeconfig' ? contextsHtml(object) : null}${fieldGroups(object, printed !== null).map(groupHtml)}${
          printed === null ? null : printedHtml(printed, object)
        }
      </div>
    </details> `;
  };
  return html`<section aria-labelledby="details">
    <h2 id="details">Details</h2>
    ${objects.map(detail)}
  </section> `;
}

/** The text scrolls, so the keyboard must reach it. Browsers drop the first line feed of `pre`. */
const printedHtml = (printed: string, { type, path }: InspectedObject): Html =>
  html`<pre
    tabindex="0"
    role="region"
    aria-label="${type === 'Certificate' ? 'openssl x509 -text' : 'openssl req -text'}: ${path}"
  >
${lines(printed)}</pre> `;

const groupHtml = ({ title, fields }: FieldGroup): Html =>
  html`${title === null ? null : html`<h4>${title}</h4> `}
    <dl class="facts">
      ${fields.map(
        ({ label, values }) =>
          html`<dt>${label}</dt>
            ${values.map((value) => html`<dd class="name">${value}</dd>`)} `,
      )}
    </dl> `;

function contextsHtml(kubeconfig: KubeconfigContent & { readonly path: string }): Html {
  const rows = contextRows(kubeconfig).map(
    ([current = '', name = '', ...others]) =>
      html`<tr>
        <td>${current}</td>
        <th scope="row">${name}</th>
        ${others.map((cell) => html`<td>${cell}</td> `)}
      </tr> `,
  );
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Contexts of ${kubeconfig.path}">
    <table class="contexts">
      <thead>
        <tr>
          ${contextHeads.map((head) => html`<th scope="col">${head}</th> `)}
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div> `;
}

/** Links to objects. Anchors are numbers, so that no name of an upload becomes part of an address. */
class Links {
  readonly #anchors: ReadonlyMap<string, string>;

  constructor(objects: readonly InspectedObject[]) {
    this.#anchors = new Map(objects.map(({ path }, i) => [path, `object-${i + 1}`]));
  }

  anchorOf(path: string): string | null {
    return this.#anchors.get(path) ?? null;
  }

  /** Paths that are no objects of the page get no link. */
  to(path: string): Html {
    const anchor = this.anchorOf(path);
    const name = html`<code>${breakable(clip(path, maxShown))}</code>`;
    return anchor === null ? name : html`<a href="#${anchor}">${name}</a>`;
  }
}

/** A path may break behind its separators. */
const breakable = (path: string): readonly Html[] =>
  path.split(/(?<=[/#.])/).map((part, i) => (i === 0 ? html`${part}` : html`<wbr />${part}`));
