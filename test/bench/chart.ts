import { median } from './measure.js';

/** Rates per second, by round; `ours` is highlighted. */
export interface Bar {
  readonly label: string;
  readonly perSecond: readonly number[];
  readonly ours: boolean;
}

/** Bars that are compared with each other, and the limit that none of them can exceed. */
export interface BarGroup {
  readonly title: string;
  readonly bars: readonly Bar[];
  readonly limit: { readonly label: string; readonly perSecond: number };
}

export interface Chart {
  readonly title: string;
  /** The text for readers who cannot see the chart. */
  readonly description: string;
  readonly groups: readonly BarGroup[];
}

const width = 880;
const [plotLeft, plotRight] = [220, 780];
const [topOfGroups, titleHeight, barStep, barHeight, gap] = [64, 44, 30, 18, 26] as const;
/**
 * If a limit is this many times longer than the longest bar, it would leave no room for the bars. The chart then names
 * it and does not draw it.
 */
const farOff = 2;

/**
 * Draws horizontal bars as SVG. The bar is the median, a whisker shows the lowest and the highest round, and a dashed
 * line shows the limit. The background is always white, and the fonts are those of the system.
 */
export function svgOf({ title, description, groups }: Chart): string {
  const most = Math.max(...groups.flatMap(({ bars }) => bars.flatMap(({ perSecond }) => perSecond)));
  const drawn = ({ limit }: BarGroup) => limit.perSecond <= farOff * most;
  const step = tickStep(Math.max(most, ...groups.filter(drawn).map(({ limit }) => limit.perSecond)));
  const end = step * Math.ceil(Math.max(most, ...groups.filter(drawn).map(({ limit }) => limit.perSecond)) / step);
  const x = (perSecond: number) => plotLeft + (perSecond / end) * (plotRight - plotLeft);
  const heightOf = ({ bars }: BarGroup) => titleHeight + bars.length * barStep + gap;
  const tops = groups.map((_, i) => topOfGroups + sum(groups.slice(0, i).map(heightOf)));
  const bottom = topOfGroups + sum(groups.map(heightOf));
  const height = bottom + 46;
  const ticks = Array.from({ length: Math.round(end / step) + 1 }, (_, i) => i * step);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" ` +
      'role="img" aria-labelledby="title desc" font-family="system-ui, sans-serif" font-size="13" fill="#1f2328">',
    `<title id="title">${escaped(title)}</title>`,
    `<desc id="desc">${escaped(description)}</desc>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    `<text x="20" y="34" font-size="18" font-weight="600">${escaped(title)}</text>`,
    ...groups.flatMap((group, i) => groupOf(group, tops[i]!, drawn(group), x, ticks)),
    ...ticks.map((tick) => `<text x="${at(x(tick))}" y="${bottom + 4}" text-anchor="middle">${count(tick)}</text>`),
    `<text x="${at((plotLeft + plotRight) / 2)}" y="${bottom + 28}" text-anchor="middle" fill="#57606a">` +
      'certificates a second: the median of the rounds, and the least and the most of them</text>',
    '</svg>',
    '',
  ].join('\n');
}

function groupOf(
  { title, bars, limit }: BarGroup,
  top: number,
  limitIsDrawn: boolean,
  x: (perSecond: number) => number,
  ticks: readonly number[],
): readonly string[] {
  const first = top + titleHeight;
  const last = first + bars.length * barStep;
  const limitText = `${limit.label}: ${count(limit.perSecond)}/s, ${limitIsDrawn ? 'dashed' : 'off this scale'}`;
  return [
    `<text x="20" y="${top + 22}" font-size="15" font-weight="600">${escaped(title)}</text>`,
    `<text x="${plotLeft}" y="${top + 22}" fill="#57606a">${escaped(limitText)}</text>`,
    ...ticks.map((tick) => line(x(tick), first - 8, x(tick), last, 'stroke="#d8dee4"')),
    ...(limitIsDrawn
      ? [
          line(
            x(limit.perSecond),
            first - 8,
            x(limit.perSecond),
            last,
            'stroke="#bc4c00" stroke-width="2" stroke-dasharray="6 4"',
          ),
        ]
      : []),
    ...bars.flatMap((bar, i) => barOf(bar, first + i * barStep, x)),
  ];
}

function barOf({ label, perSecond, ours }: Bar, top: number, x: (perSecond: number) => number): readonly string[] {
  const middle = top + barHeight / 2;
  const [low, high] = [x(Math.min(...perSecond)), x(Math.max(...perSecond))];
  const whisker = 'stroke="#1f2328" stroke-width="1.5"';
  const text = median(perSecond);
  return [
    `<text x="${plotLeft - 10}" y="${middle + 4.5}" text-anchor="end"${ours ? ' font-weight="600"' : ''}>${escaped(label)}</text>`,
    `<rect x="${plotLeft}" y="${top}" width="${at(x(text) - plotLeft)}" height="${barHeight}" fill="${ours ? '#2f6fc4' : '#a3acb6'}"/>`,
    line(low, middle, high, middle, whisker),
    line(low, middle - 4, low, middle + 4, whisker),
    line(high, middle - 4, high, middle + 4, whisker),
    `<text x="${at(high + 8)}" y="${middle + 4.5}" stroke="#ffffff" stroke-width="4" paint-order="stroke">${count(text)}/s</text>`,
  ];
}

const line = (x1: number, y1: number, x2: number, y2: number, style: string): string =>
  `<line x1="${at(x1)}" y1="${y1}" x2="${at(x2)}" y2="${y2}" ${style}/>`;

/** A step of 1, 2 or 5 times a power of ten that gives five to ten steps up to `most`. */
function tickStep(most: number): number {
  const power = 10 ** Math.floor(Math.log10(most / 5));
  return power * ([5, 2, 1].find((times) => most / (times * power) >= 5) ?? 1);
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
const at = (place: number): string => place.toFixed(1);
const count = (number: number): string => Math.round(number).toLocaleString('en');

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
