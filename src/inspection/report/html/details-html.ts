import type { InspectedObject, Inspection, KubeconfigContent } from '../../../model/inspection.js';
import { fieldGroups, type FieldGroup } from '../object-fields.js';
import { whatItIs } from '../object-words.js';
import { opensslText, type PrintableTrees } from '../openssl-text.js';
import type { Verdict } from '../summary.js';
import { html, lines, type Html } from './html.js';
import type { Links } from './links.js';
import { badge } from './summary-html.js';

/** Each object, closed until somebody asks for it; a single one is open. */
export function detailsHtml(
  { objects }: Inspection,
  trees: PrintableTrees,
  links: Links,
  verdicts: ReadonlyMap<string, Verdict>,
): Html | null {
  if (objects.length === 0) return null;
  const detail = (object: InspectedObject): Html => {
    const verdict = verdicts.get(object.path) ?? 'ok';
    const printed = opensslText(object, trees);
    // The anchor is inside, so that whoever follows a link finds the element opened.
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

/** It scrolls by itself, so the keyboard has to reach it. A browser drops the first line feed in it. */
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

/** The columns of `kubectl config get-contexts`. */
function contextsHtml({ path, contexts, currentContext }: KubeconfigContent & { readonly path: string }): Html {
  const rows = contexts.map(
    ({ name, cluster, user, namespace }) =>
      html`<tr>
        <td>${name === currentContext ? '*' : null}</td>
        <th scope="row">${name}</th>
        <td>${cluster}</td>
        <td>${user}</td>
        <td>${namespace}</td>
      </tr> `,
  );
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Contexts of ${path}">
    <table class="contexts">
      <thead>
        <tr>
          <th scope="col">Current</th>
          <th scope="col">Name</th>
          <th scope="col">Cluster</th>
          <th scope="col">Authinfo</th>
          <th scope="col">Namespace</th>
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div> `;
}
