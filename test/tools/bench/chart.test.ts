// Tests bench/chart.ts
import { describe, expect, it } from 'vitest';
import { svgOf, type BarGroup } from '../../../bench/chart.js';

const chart = (...groups: readonly BarGroup[]) =>
  svgOf({ title: 'Rates & more', description: 'a < b', axis: 'a second', unit: '/s', groups });

const group = (limit: number, ...bars: readonly (readonly number[])[]): BarGroup => ({
  title: 'A group',
  bars: bars.map((values, i) => ({ label: `bar ${i}`, values, ours: i === 0 })),
  limit: { label: 'the limit', value: limit },
});

const barWidths = (svg: string): number[] =>
  [...svg.matchAll(/<rect class="(?:ours|theirs)" x="[\d.]+" y="[\d.]+" width="([\d.]+)"/g)].map(([, width]) =>
    Number(width),
  );

describe('svgOf', () => {
  it('draws bars as long as their medians, whatever the outliers are', () => {
    const [first = 0, second = 0] = barWidths(chart(group(4000, [100, 1000, 1100], [500, 500, 2000])));
    expect(first / second).toBeCloseTo(2, 2);
  });

  it('has one scale for all groups', () => {
    const widths = barWidths(chart(group(4000, [1000]), group(4000, [3000])));
    expect(widths[1]! / widths[0]!).toBeCloseTo(3, 2);
  });

  it('draws a limit that is on the scale, and says one that would leave the bars no room', () => {
    expect(chart(group(1500, [1000]))).toMatch(/the limit: 1,500\/s, dashed[^]*class="limit"/);
    const farOff = chart(group(59_000, [1000]));
    expect(farOff).toContain('the limit: 59,000/s, off this scale');
    expect(farOff).not.toContain('class="limit"');
    expect(barWidths(farOff)[0]).toBeGreaterThan(400);
  });

  it('draws the part of a bar that something else is responsible for at its end, and says how much it is', () => {
    const bar = { label: 'a bar', values: [4, 4, 4], ours: true, part: { label: 'the database', value: 1 } };
    const svg = svgOf({ title: '', description: '', axis: '', unit: ' ms', groups: [{ title: '', bars: [bar] }] });
    const [whole, part] = ['ours', 'part'].map((name) => {
      const [, left, width] = new RegExp(`class="${name}" x="([\\d.]+)" y="[\\d.]+" width="([\\d.]+)"`).exec(svg)!;
      return { left: Number(left), width: Number(width) };
    });
    expect(part!.width).toBeCloseTo(whole!.width / 4, 0);
    expect(part!.left + part!.width).toBeCloseTo(whole!.left + whole!.width, 0);
    const [, left] = /x="([\d.]+)" y="[\d.]+">4 ms, 1 of it the database</.exec(svg)!;
    expect(Number(left) + 30 * 7).toBeLessThan(880);
  });

  it('has a background, and colours for readers who want it dark', () => {
    const svg = chart(group(2000, [1000]));
    expect(svg).toMatch(/<rect class="page" width="\d+" height="\d+"\/>/);
    const [light, dark] = svg.split('@media (prefers-color-scheme: dark)');
    for (const name of ['text', '.quiet', '.page', '.ours', '.theirs', '.part', '.grid', '.whisker', '.limit', '.halo'])
      for (const scheme of [light, dark]) expect(scheme).toContain(`${name} { `);
  });

  it('keeps everything within the picture', () => {
    const svg = chart(group(9999, [4999, 5000, 5001], [1]), group(2, [1, 2]));
    const [, width, height] = /viewBox="0 0 (\d+) (\d+)"/.exec(svg)!.map(Number);
    for (const [, x] of svg.matchAll(/ x[12]?="([\d.]+)"/g)) expect(Number(x)).toBeLessThan(width!);
    for (const [, y] of svg.matchAll(/ y[12]?="([\d.]+)"/g)) expect(Number(y)).toBeLessThan(height!);
  });

  it('escapes what it is given, says what it shows, and fetches nothing', () => {
    const svg = chart(group(2000, [1000]));
    expect(svg).toContain('<title id="title">Rates &amp; more</title>');
    expect(svg).toContain('<desc id="desc">a &lt; b</desc>');
    expect(svg.replace('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:|href|url\(|@import/);
  });
});
