import type { Inspection } from '../../model/inspection.js';
import { detailsHtml } from './html/details-html.js';
import { findingsHtml } from './html/findings-html.js';
import { documentOf, html, styleElement, type Html } from './html/html.js';
import { Links } from './html/links.js';
import { relationsHtml } from './html/relations-html.js';
import { styleSheet } from './html/style-sheet.js';
import { badge, summaryHtml } from './html/summary-html.js';
import { counted } from '../../formats/text/duration-in-words.js';
import { minuteText } from './object-words.js';
import type { PrintableTrees } from './openssl-text.js';
import { countedFindings, findingsBySeverity, inOneSentence, summaryRows } from './summary.js';

/**
 * The same as `reportText` as one page for a browser: no script, no style attribute, nothing from outside.
 * `styleSource` is what its Content-Security-Policy has to allow.
 *
 * `trees`: certificates and requests, by path.
 */
export function reportHtml(inspection: Inspection, trees: PrintableTrees, now: Date): string {
  const links = new Links(inspection.objects);
  const verdicts = new Map(summaryRows(inspection, now).map(({ object, verdict }) => [object.path, verdict]));
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
          ${inspection.objects.length === 0 ? null : summaryHtml(inspection, links, now)}${findingsHtml(inspection.findings, links)}${relationsHtml(inspection, links, verdicts)}${detailsHtml(inspection, trees, links, verdicts)}
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
