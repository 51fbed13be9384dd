import type { Finding } from '../../../model/inspection.js';
import { countedFindings, findingsBySeverity, type CommonFinding } from '../summary.js';
import { html, type Html } from './html.js';
import type { Links } from './links.js';

export function findingsHtml(findings: readonly Finding[], links: Links): Html {
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
