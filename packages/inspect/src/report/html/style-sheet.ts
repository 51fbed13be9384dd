import { hash } from 'node:crypto';

/**
 * The style sheet of the page, which has no style attributes and loads nothing. So its policy allows only the hash of
 * this text (CSP3 `style-src`).
 */
export const styleSheet = `
:root {
  color-scheme: light dark;
  --page: #f6f7f9;
  --card: #ffffff;
  --sunk: #f0f2f5;
  --line: #d8dde4;
  --text: #1a2230;
  --muted: #566173;
  --accent: #0b5cad;
  --error: #b3211c;
  --error-back: #fdf0ef;
  --warning: #865200;
  --warning-back: #fff6e2;
  --info: #175ea8;
  --info-back: #eef5fd;
  --ok: #15692f;
  --ok-back: #ecf7ef;
  --track: #dfe3e9;
  --mono: ui-monospace, SFMono-Regular, "SF Mono", Menlo, Consolas, "Liberation Mono", "DejaVu Sans Mono", monospace;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --page: #0f1319;
    --card: #171d26;
    --sunk: #10151c;
    --line: #2d3644;
    --text: #e4e9f0;
    --muted: #9aa6b8;
    --accent: #74b6ff;
    --error: #ff8e85;
    --error-back: #331a1b;
    --warning: #eeb755;
    --warning-back: #2e2512;
    --info: #83bdff;
    --info-back: #14263b;
    --ok: #6fd28c;
    --ok-back: #14291c;
    --track: #333d4c;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; scroll-padding-top: 1rem; }
body {
  margin: 0;
  background: var(--page);
  color: var(--text);
  overflow-wrap: anywhere;
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", "DejaVu Sans", sans-serif;
}
main, header, footer { max-width: 76rem; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: 2rem; }
main { padding-bottom: 1rem; }
footer { padding-bottom: 2.5rem; color: var(--muted); font-size: 13px; }
h1 { margin: 0; font-size: 1.6rem; line-height: 1.25; letter-spacing: -.01em; }
h2 { margin: 2.25rem 0 .75rem; font-size: 1.15rem; line-height: 1.3; }
h3 { margin: 1.25rem 0 .5rem; font-size: .95rem; line-height: 1.4; }
h4 { margin: 1rem 0 .25rem; font-size: .875rem; color: var(--muted); font-weight: 600; }
p { margin: 0; }
a { color: var(--accent); text-decoration: none; }
a:hover { text-decoration: underline; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 3px; }
code, pre, .name { font-family: var(--mono); font-size: .9em; }
/* Names of other directions turn nothing around but themselves. */
code, .name, td, dd { unicode-bidi: isolate; }
.muted { color: var(--muted); }

.counts { display: flex; flex-wrap: wrap; gap: .5rem; margin: .85rem 0 0; padding: 0; list-style: none; }
.badge {
  display: inline-flex; align-items: center; gap: .4em; padding: .1em .6em; border: 1px solid; border-radius: 999px;
  font-size: 13px; font-weight: 600; line-height: 1.5; white-space: nowrap;
}
.badge::before { font-family: var(--mono); font-weight: 700; }
.error { --tone: var(--error); --tone-back: var(--error-back); }
.warning { --tone: var(--warning); --tone-back: var(--warning-back); }
.info { --tone: var(--info); --tone-back: var(--info-back); }
.ok { --tone: var(--ok); --tone-back: var(--ok-back); }
.badge { color: var(--tone); background: var(--tone-back); }
.badge.error::before { content: "\\D7" / ""; }
.badge.warning::before { content: "!" / ""; }
.badge.info::before { content: "i" / ""; }
.badge.ok::before { content: "\\2713" / ""; }

.card { background: var(--card); border: 1px solid var(--line); border-radius: 8px; }
table { width: 100%; border-collapse: separate; border-spacing: 0; font-size: 14px; }
th { text-align: left; font-weight: 600; vertical-align: top; }
thead th {
  padding: .6rem .75rem; color: var(--muted); font-size: 12px; letter-spacing: .04em; text-transform: uppercase;
  border-bottom: 1px solid var(--line); white-space: nowrap;
}
tbody th, td { padding: .6rem .75rem; vertical-align: top; border-top: 1px solid var(--line); font-weight: 400; }
tbody tr:first-child > * { border-top: 0; }
.stacked thead th:nth-child(-n + 3) { width: 26%; }
.stacked thead th:nth-child(2) { width: 19%; }
tbody .until { display: block; min-width: 10.5rem; font-variant-numeric: tabular-nums; }
.scroll { overflow-x: auto; }

.bar { display: block; width: 100%; min-width: 7rem; height: 5px; margin: .4rem 0 .15rem; border-radius: 3px; }
.bar .track { fill: var(--track); }
.bar .rest { fill: var(--tone, var(--ok)); }
.bar.expired .track { fill: var(--error); opacity: .45; }

.findings { margin: 0; padding: 0; list-style: none; display: grid; grid-template-columns: minmax(0, 1fr); gap: .6rem; }
.finding { padding: .7rem .9rem; border-left: 4px solid var(--tone); }
.finding h4 { display: flex; flex-wrap: wrap; align-items: baseline; gap: .1rem .75rem; margin: 0 0 .2rem; color: inherit; }
.finding .code { color: var(--tone); font-size: 14px; }
.finding .object { font-weight: 400; }
.finding .advice { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: .5rem; }
.finding .advice::before { content: "\\2192" / ""; color: var(--muted); }
.finding .reference { margin-top: .3rem; font-size: 13px; color: var(--muted); }
.severity { color: var(--tone); }

.tree, .tree ul { margin: 0; padding: 0; list-style: none; }
.tree { padding: .9rem 1rem; display: grid; grid-template-columns: minmax(0, 1fr); gap: 1.1rem; }
.tree ul { margin-left: .55rem; }
.tree ul > li { position: relative; padding: .55rem 0 0 1.35rem; }
.tree ul > li::before {
  content: ""; position: absolute; left: 0; top: 0; width: .95rem; height: 1.3rem;
  border: solid var(--muted); border-width: 0 0 1.5px 1.5px; border-bottom-left-radius: 6px;
}
.tree ul > li:not(:last-child)::after {
  content: ""; position: absolute; left: 0; top: 0; bottom: 0; border-left: 1.5px solid var(--muted);
}
.node { display: flex; flex-wrap: wrap; align-items: baseline; gap: .1rem .7rem; }
.node .belonging { flex-basis: 100%; font-size: 13.5px; color: var(--muted); }
.others { margin: 0; padding: .75rem 1rem .75rem 2rem; border-top: 1px solid var(--line); }
.others:first-child { border-top: 0; }

details { margin: 0 0 .6rem; }
summary {
  display: grid; grid-template-columns: 1ch minmax(0, 1fr) auto; align-items: baseline; gap: .75rem; padding: .6rem .9rem;
  cursor: pointer; list-style: none;
}
summary::-webkit-details-marker { display: none; }
summary::before { content: "+" / ""; font-family: var(--mono); color: var(--muted); }
details[open] > summary::before { content: "-" / ""; }
details[open] > summary { border-bottom: 1px solid var(--line); }
summary h3 { margin: 0; font-weight: 600; }
summary h3 span { margin-left: .5rem; font-weight: 400; }
summary:hover { background: var(--sunk); border-radius: 8px; }
.detail { padding: .5rem .9rem .9rem; scroll-margin-top: 4rem; }
.facts {
  display: grid; grid-template-columns: minmax(10rem, max-content) minmax(0, 1fr); align-items: baseline; gap: .15rem 1.25rem;
  margin: .5rem 0 0; font-size: 14px;
}
.facts dt { color: var(--muted); }
.facts dd { margin: 0; grid-column: 2; }
pre {
  margin: .9rem 0 0; padding: .8rem .9rem; overflow-x: auto; background: var(--sunk); border: 1px solid var(--line);
  border-radius: 6px; font-size: 12.5px; line-height: 1.45; tab-size: 4;
}

@media (max-width: 47.9rem) {
  main, header, footer { padding-left: .8rem; padding-right: .8rem; }
  header { padding-top: 1.25rem; }
  /* Each row becomes a card whose cells say which column they stand in. */
  .stacked, .stacked tbody, .stacked tr, .stacked th, .stacked td { display: block; }
  .stacked thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
  .stacked tr { padding: .6rem .8rem; border-top: 1px solid var(--line); }
  .stacked tr:first-child { border-top: 0; }
  .stacked tbody th, .stacked td { padding: .1rem 0; border: 0; }
  .stacked tbody th { font-weight: 600; }
  .stacked td { display: grid; grid-template-columns: 6.5rem minmax(0, 1fr); }
  .stacked td::before { content: attr(data-column) / ""; color: var(--muted); }
  .stacked td.empty { display: none; }
  .facts { grid-template-columns: minmax(0, 1fr); gap: 0; }
  .facts dt { margin-top: .35rem; font-size: 13px; }
  .facts dd { grid-column: 1; }
  .tree { padding: .75rem; }
  .tree ul { margin-left: .3rem; }
  .tree ul > li { padding-left: 1rem; }
  .tree ul > li::before { width: .65rem; }
}
@media print {
  :root { color-scheme: light; --page: #fff; --card: #fff; --sunk: #fff; }
  body { font-size: 10pt; }
  main, header, footer { max-width: none; padding-left: 0; padding-right: 0; }
  .finding, tr, .node { break-inside: avoid; }
  pre { white-space: pre-wrap; overflow-wrap: anywhere; font-size: 8pt; }
  details::details-content { content-visibility: visible; height: auto; }
  summary::before { content: none; }
}
`;

/** The source that `style-src` of the page's Content-Security-Policy must allow, including quotes. */
export const styleSource = `'sha256-${hash('sha256', styleSheet, 'base64')}'`;
