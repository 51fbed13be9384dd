/**
 * Lets an operation of Swagger UI fit on a screen or two: a problem shows its types, and its example once somebody
 * presses its status; long examples scroll. The answer to a call of one's own is whole.
 */
export const foldedProblems = {
  js: [
    {
      filename: 'folded-problems.js',
      content: `document.addEventListener('click', ({ target }) => {
  const status = target.closest('.responses-table:not(.live-responses-table) .response-col_status');
  status?.closest('tr.response').classList.toggle('is-unfolded');
});
`,
    },
  ],
  css: [
    {
      filename: 'folded-problems.css',
      content: `.response:is([data-code^='4'], [data-code^='5'], [data-code='default']):not(.is-unfolded)
  :is(.response-controls, .model-example, .headers-wrapper),
.responses-table .response-col_links {
  display: none;
}
.live-responses-table .response :is(.response-controls, .model-example, .headers-wrapper) {
  display: block;
}
.responses-table:not(.live-responses-table) .response:is([data-code^='4'], [data-code^='5'], [data-code='default']) .response-col_status {
  cursor: pointer;
  text-decoration: underline dotted;
}
.responses-table:not(.live-responses-table) .highlight-code > .microlight {
  max-height: 9rem;
}
.opblock-body textarea.body-param__text {
  min-height: 11rem;
  height: 11rem;
}
.swagger-ui table tbody tr.response td {
  padding-top: 6px;
}
`,
    },
  ],
};
