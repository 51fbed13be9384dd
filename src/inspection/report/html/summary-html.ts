import type { Inspection } from '../../../model/inspection.js';
import { clip, maxShown } from '../../../formats/text/visible.js';
import { minuteText } from '../object-words.js';
import { summaryRows, type SummaryRow, type Verdict } from '../summary.js';
import type { Validity } from '../validity.js';
import { html, type Html } from './html.js';
import type { Links } from './links.js';

/** The table at the top. Its roles are named, because browsers forget them where it is laid out as cards. */
export function summaryHtml(inspection: Inspection, links: Links, now: Date): Html {
  const soon = new Set(
    inspection.findings.flatMap(({ code, object }) => (code === 'CertificateExpiresSoon' ? [object] : [])),
  );
  const rows = summaryRows(inspection, now).map((row) => rowHtml(row, links, soon.has(row.object.path)));
  return html`<section aria-labelledby="summary">
    <h2 id="summary">Summary</h2>
    <table class="card stacked" role="table" aria-labelledby="summary">
      <thead role="rowgroup">
        <tr role="row">
          <th scope="col" role="columnheader">Object</th>
          <th scope="col" role="columnheader">What</th>
          <th scope="col" role="columnheader">Who</th>
          <th scope="col" role="columnheader">Until</th>
          <th scope="col" role="columnheader">Verdict</th>
        </tr>
      </thead>
      <tbody role="rowgroup">
        ${rows}
      </tbody>
    </table>
  </section> `;
}

const rowHtml = ({ object, what, who, validity, verdict }: SummaryRow, links: Links, soon: boolean): Html =>
  html`<tr role="row">
    <th scope="row" role="rowheader">${links.to(object.path)}</th>
    <td role="cell" data-column="What"><span>${clip(what, maxShown)}</span></td>
    ${who === null ? emptyCell : html`<td role="cell" data-column="Who"><span class="name">${clip(who, maxShown)}</span></td>`}
    ${validity === null ? emptyCell : html`<td role="cell" data-column="Until"><span>${validityHtml(validity, soon)}</span></td>`}
    <td role="cell" data-column="Verdict"><span>${badge(verdict, verdict)}</span></td>
  </tr> `;

const emptyCell = html`<td role="cell" class="empty"></td>`;

function validityHtml(validity: Validity, soon: boolean): Html {
  return html`<span class="until">${minuteText(validity.until)}</span> ${bar(validity, soon)}<span class="muted"
      >${remainingWords(validity)}</span
    >`;
}

const remainingWords = ({ state, remaining }: Validity): string =>
  state === 'valid' && /\d/.test(remaining) ? `${remaining} left` : remaining;

/** How much of the whole is left. The numbers stand in attributes: the page may have no style attributes. */
function bar({ state, remainingShare }: Validity, soon: boolean): Html | null {
  if (remainingShare === null) return null;
  const percent = Math.round(remainingShare * 1000) / 10;
  const tone = soon || state === 'notYet' ? 'warning' : 'ok';
  return html`<svg
    class="bar ${state} ${tone}"
    viewBox="0 0 100 5"
    preserveAspectRatio="none"
    role="img"
    aria-label="${percent} % of its validity remains"
  >
    <rect class="track" width="100" height="5" />
    <rect class="rest" width="${percent}" height="5" />
  </svg> `;
}

/** Word and sign say it; the colour only repeats it. */
export const badge = (tone: Verdict, text: string): Html => html`<span class="badge ${tone}">${text}</span>`;
