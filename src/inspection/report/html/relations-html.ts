import type { Inspection } from '../../../model/inspection.js';
import { clip, maxShown } from '../../../formats/text/visible.js';
import { whatItIs, whoItIs } from '../object-words.js';
import { relationForest, type RelationNode } from '../relation-tree.js';
import type { Verdict } from '../summary.js';
import { html, type Html } from './html.js';
import type { Links } from './links.js';
import { badge } from './summary-html.js';

/** Chains as trees, the CA on top; then what else belongs together. */
export function relationsHtml(
  inspection: Inspection,
  links: Links,
  verdicts: ReadonlyMap<string, Verdict>,
): Html | null {
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

/** What belongs to it, each kind in a line below. */
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
