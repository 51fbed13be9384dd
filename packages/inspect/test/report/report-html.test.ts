// Tests packages/inspect/src/report/report-html.ts, packages/inspect/src/report/html/html.ts,
// packages/inspect/src/report/html/style-sheet.ts, packages/inspect/src/report/object-fields.ts
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { html } from '../../src/report/html/html.js';
import { styleSheet, styleSource } from '../../src/report/html/style-sheet.js';
import { reportHtml } from '../../src/report/report-html.js';
import { attacks, certificateOf, everything, fixtureDer, fixtureText, hostile, now, treesOf } from './inspections.js';

const pageOf = ({ inspection, trees }: ReturnType<typeof everything>): string => reportHtml(inspection, trees, now);

/** Every tag of a page: our templates write no `>` into attributes, and escaping lets nobody else. */
const tagsOf = (page: string): string[] => page.replace(/<style>.*?<\/style>/s, '').match(/<[^>]*>/g) ?? [];

describe('the report in a browser', () => {
  it('shows all there is', async () => {
    // No style sheet in it: the golden is about what is said. Not named .html, which would have it formatted.
    const page = pageOf(everything()).replace(styleSheet, '');
    await expect(page).toMatchFileSnapshot('golden/everything.html.golden');
  });

  it('holds the text of OpenSSL unchanged', () => {
    const der = fixtureDer('k8s-apiserver.crt');
    const page = pageOf({
      inspection: { objects: [certificateOf('upload', der)], relations: [], findings: [] },
      trees: treesOf([['upload', der]]),
    });
    // A parser drops the line feed after the tag.
    const pre = /<pre[^>]*>\n(.*?)<\/pre>/s.exec(page)?.[1] ?? '';
    expect(pre).toBe(fixtureText('k8s-apiserver.crt'));
    expect(page).toContain('<details class="card" open>');
  });

  it('has no script, no style attribute, no handler and no address but its own anchors', () => {
    for (const page of [pageOf(everything()), pageOf(hostile())])
      for (const tag of tagsOf(page)) {
        expect(tag).not.toMatch(
          /^<\/?(script|img|iframe|object|embed|link|base|form|input|template|image|use|foreignObject)\b/i,
        );
        expect(tag.replace(/"[^"]*"/g, '""')).not.toMatch(
          /\s(style|src|srcset|action|formaction|on\w+|xlink:href)\s*=/i,
        );
        expect(tag).not.toMatch(/href="(?!#object-\d+")/);
      }
  });

  it('makes of an upload nothing but text: the tags are those of the same upload without attacks', () => {
    const named = (page: string) => tagsOf(page).map((tag) => tag.replace(/"[^"]*"/g, '""'));
    const names = new Set(named(pageOf(everything())));
    const unknown = named(pageOf(hostile())).filter((tag) => !names.has(tag));
    expect(unknown).toEqual([]);
  });

  it('shows each attack as it was written', () => {
    const page = pageOf(hostile());
    expect(page).toContain('&lt;script&gt;globalThis.hacked = 1&lt;/script&gt;');
    expect(page).toContain('&quot;&gt;&lt;img src=x onerror=&quot;globalThis.hacked = 2&quot;&gt;');
    expect(page).toContain('&amp;lt;b&amp;gt;&amp;#x3c;i&gt;');
    expect(page).toContain('a\\u{202e}gnp.exe\\u{2066}\\u{200b}\\u{2028}\\u{feff}\\u{a0}\\u{3164}end');
    expect(page).toContain('\\u{d800}lone');
    expect(page).not.toMatch(/[^\P{C}\n]|[\p{Zl}\p{Zp}]|(?! )\p{Zs}/u);
    expect(Buffer.from(page, 'utf8').toString('utf8')).toBe(page);
  });

  it('carries the very style that its policy names', () => {
    const styles = [...pageOf(hostile()).matchAll(/<style>(.*?)<\/style>/gs)].map((match) => match[1] ?? '');
    expect(styles).toEqual([styleSheet]);
    expect(styleSource).toBe(`'sha256-${createHash('sha256').update(styles[0]!).digest('base64')}'`);
    expect(styleSheet).not.toMatch(/url\(|@import|expression|<|\r/);
  });

  it('leads every link to one element', () => {
    for (const page of [pageOf(everything()), pageOf(hostile())]) {
      const ids = [...page.matchAll(/ id="([^"]*)"/g)].map((match) => match[1]);
      expect(new Set(ids).size).toBe(ids.length);
      const targets = [...page.matchAll(/href="#([^"]*)"/g)].map((match) => match[1]);
      expect(targets.length).toBeGreaterThan(20);
      expect(targets.filter((target) => !ids.includes(target))).toEqual([]);
    }
  });

  it('draws how much of the validity remains', () => {
    const { inspection, trees } = everything();
    const objects = [
      certificateOf('half.crt', fixtureDer('k8s-ca.crt'), {
        notBefore: '2026-11-24T12:00:00Z',
        notAfter: '2026-11-26T12:00:00Z',
      }),
      certificateOf('later.crt', fixtureDer('k8s-ca.crt'), {
        notBefore: '2026-11-28T12:00:00Z',
        notAfter: '2026-11-29T12:00:00Z',
      }),
      certificateOf('upside-down.crt', fixtureDer('k8s-ca.crt'), {
        notBefore: '2026-11-29T12:00:00Z',
        notAfter: '2026-11-28T12:00:00Z',
      }),
      certificateOf('endless.crt', fixtureDer('k8s-ca.crt'), { notAfter: '9999-12-31T23:59:59Z' }),
    ];
    const page = pageOf({ inspection: { ...inspection, objects }, trees });
    expect(page).toContain('aria-label="24 hours left, 50 % of its validity"');
    expect(page).toMatch(/<rect class="rest" width="50" height="5" ?\/?>/);
    expect(page).toContain('24 hours left');
    expect(page).toContain('begins in 3 days');
    expect(page).toContain('no end');
    expect(page.match(/<svg/g)).toHaveLength(3);
  });

  it('has a page for nothing too', () => {
    const page = pageOf({ inspection: { objects: [], relations: [], findings: [] }, trees: new Map() });
    expect(page).toContain('no findings');
    expect(page).not.toContain('<table');
  });
});

describe('a template', () => {
  it('escapes what it is given, and takes markup as it is', () => {
    const bold = html`<b>${'<i>'}</b>`;
    expect(html`<p title="${'"\'`&'}">${bold}${null}${[1, 'a', bold]}</p>`.text).toBe(
      '<p title="&quot;&#39;&#96;&amp;"><b>&lt;i&gt;</b>1a<b>&lt;i&gt;</b></p>',
    );
  });

  it('takes nothing for markup that only looks like it', () => {
    const looksLike = { text: '<script>' };
    // @ts-expect-error The types refuse it; were it JSON from an upload, nothing of it would reach the page.
    expect(() => html`${looksLike}`.text).toThrow(TypeError);
  });

  it.each(attacks)('lets no attack out of an attribute: %j', (attack) => {
    expect(html`<p title="${attack}"></p>`.text).toMatch(/^<p title="[^"<>]*"><\/p>$/);
  });
});
