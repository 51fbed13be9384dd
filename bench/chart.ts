import { median } from './measure.js';

/** Figures by round; `ours` is highlighted. */
export interface Bar {
  readonly label: string;
  readonly values: readonly number[];
  readonly ours: boolean;
  /** The part of the bar's end that something else is responsible for. */
  readonly part?: { readonly label: string; readonly value: number };
}

/** Bars that are compared with each other, and the limit that none of them can exceed. */
export interface BarGroup {
  readonly title: string;
  readonly bars: readonly Bar[];
  readonly limit?: { readonly label: string; readonly value: number };
}

export interface Chart {
  readonly title: string;
  /** The text for readers who cannot see the chart. */
  readonly description: string;
  /** The text below the scale. */
  readonly axis: string;
  /** Follows each figure. */
  readonly unit: string;
  readonly groups: readonly BarGroup[];
}

const width = 880;
const [plotLeft, plotRight] = [220, 660];
const [topOfGroups, titleHeight, barStep, barHeight, gap] = [64, 44, 30, 18, 26] as const;
/**
 * If a limit is this many times longer than the longest bar, it would leave no room for the bars. The chart then names
 * it and does not draw it.
 */
const farOff = 2;

/** The chart has a background of its own, so it is readable on any page. Its colours follow the reader's scheme. */
const style = `<style>
text { fill: #1f2328 } .quiet { fill: #57606a } .page { fill: #ffffff } .halo { stroke: #ffffff; stroke-width: 4; paint-order: stroke }
.ours { fill: #2f6fc4 } .part { fill: #8fb8ea } .theirs { fill: #a3acb6 }
.grid { stroke: #d8dee4 } .whisker { stroke: #1f2328; stroke-width: 1.5 } .limit { stroke: #bc4c00; stroke-width: 2; stroke-dasharray: 6 4 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .quiet { fill: #9aa4af } .page { fill: #0d1117 } .halo { stroke: #0d1117 }
.ours { fill: #4184e4 } .part { fill: #2a4d80 } .theirs { fill: #656d76 }
.grid { stroke: #30363d } .whisker { stroke: #e6edf3 } .limit { stroke: #f0883e }
}
</style>`;

/**
 * Draws horizontal bars as SVG. The bar is the median, a whisker shows the lowest and the highest round, and a dashed
 * line shows the limit. The fonts are those of the system.
 */
export function svgOf({ title, description, axis, unit, groups }: Chart): string {
  const most = Math.max(...groups.flatMap(({ bars }) => bars.flatMap(({ values }) => values)));
  const drawnLimit = ({ limit }: BarGroup): number | null =>
    limit !== undefined && limit.value <= farOff * most ? limit.value : null;
  const longest = Math.max(most, ...groups.map((group) => drawnLimit(group) ?? 0));
  const step = tickStep(longest);
  const end = step * Math.ceil(longest / step);
  const x = (value: number) => plotLeft + (value / end) * (plotRight - plotLeft);
  const heightOf = ({ bars }: BarGroup) => titleHeight + bars.length * barStep + gap;
  const tops = groups.map((_, i) => topOfGroups + sum(groups.slice(0, i).map(heightOf)));
  const bottom = topOfGroups + sum(groups.map(heightOf));
  const height = bottom + 46;
  const ticks = Array.from({ length: Math.round(end / step) + 1 }, (_, i) => i * step);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" ` +
      'role="img" aria-labelledby="title desc" font-family="system-ui, sans-serif" font-size="13">',
    `<title id="title">${escaped(title)}</title>`,
    `<desc id="desc">${escaped(description)}</desc>`,
    style,
    `<rect class="page" width="${width}" height="${height}"/>`,
    `<text x="20" y="34" font-size="18" font-weight="600">${escaped(title)}</text>`,
    ...groups.flatMap((group, i) => groupOf(group, tops[i]!, { x, ticks, unit, limit: drawnLimit(group) })),
    ...ticks.map((tick) => `<text x="${at(x(tick))}" y="${bottom + 4}" text-anchor="middle">${number(tick)}</text>`),
    `<text class="quiet" x="${at((plotLeft + plotRight) / 2)}" y="${bottom + 28}" text-anchor="middle">${escaped(axis)}</text>`,
    '</svg>',
    '',
  ].join('\n');
}

interface Scale {
  x(value: number): number;
  readonly ticks: readonly number[];
  readonly unit: string;
  /** The limit if it is drawn. */
  readonly limit: number | null;
}

function groupOf({ title, bars, limit }: BarGroup, top: number, scale: Scale): readonly string[] {
  const { x, ticks, unit } = scale;
  const first = top + titleHeight;
  const last = first + bars.length * barStep;
  const how = scale.limit === null ? 'off this scale' : 'dashed';
  return [
    `<text x="20" y="${top + 22}" font-size="15" font-weight="600">${escaped(title)}</text>`,
    ...(limit === undefined
      ? []
      : [
          `<text class="quiet" x="${plotLeft}" y="${top + 22}">${escaped(limit.label)}: ${number(limit.value)}${unit}, ${how}</text>`,
        ]),
    ...ticks.map((tick) => line('grid', x(tick), first - 8, x(tick), last)),
    ...(scale.limit === null ? [] : [line('limit', x(scale.limit), first - 8, x(scale.limit), last)]),
    ...bars.flatMap((bar, i) => barOf(bar, first + i * barStep, scale)),
  ];
}

function barOf({ label, values, ours, part }: Bar, top: number, { x, unit }: Scale): readonly string[] {
  const middle = top + barHeight / 2;
  const [low, high] = [x(Math.min(...values)), x(Math.max(...values))];
  const value = median(values);
  const text = `${number(value)}${unit}${part ? `, ${number(part.value)} of it ${part.label}` : ''}`;
  return [
    `<text x="${plotLeft - 10}" y="${middle + 4.5}" text-anchor="end"${ours ? ' font-weight="600"' : ''}>${escaped(label)}</text>`,
    box(ours ? 'ours' : 'theirs', plotLeft, top, x(value)),
    ...(part ? [box('part', x(value - part.value), top, x(value))] : []),
    line('whisker', low, middle, high, middle),
    line('whisker', low, middle - 4, low, middle + 4),
    line('whisker', high, middle - 4, high, middle + 4),
    `<text class="halo" x="${at(high + 8)}" y="${middle + 4.5}">${escaped(text)}</text>`,
  ];
}

const box = (name: string, left: number, top: number, right: number): string =>
  `<rect class="${name}" x="${at(left)}" y="${top}" width="${at(right - left)}" height="${barHeight}"/>`;

const line = (name: string, x1: number, y1: number, x2: number, y2: number): string =>
  `<line class="${name}" x1="${at(x1)}" y1="${y1}" x2="${at(x2)}" y2="${y2}"/>`;

/** A step of 1, 2 or 5 times a power of ten that gives five to ten steps up to `most`. */
function tickStep(most: number): number {
  const power = 10 ** Math.floor(Math.log10(most / 5));
  return power * ([5, 2, 1].find((times) => most / (times * power) >= 5) ?? 1);
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
const at = (place: number): string => place.toFixed(1);

/** Whole numbers from ten on, and at most two decimals below it. */
const number = (value: number): string => value.toLocaleString('en', { maximumFractionDigits: value < 10 ? 2 : 0 });

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
