import { visible, visibleLines } from '../../formats/text/visible.js';

/** Markup from templates with escaped values. Only this file makes it. */
class Markup {
  // Private, so that no other object with a text passes for markup.
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  get text(): string {
    return this.#text;
  }
}

export type Html = Markup;

/** A value in a template. Texts are escaped, markup stays, null is nothing. */
type Value = string | number | Html | null | readonly Value[];

/** A template of markup. Values may stand between tags, or in attributes between double quotes. */
export function html(strings: TemplateStringsArray, ...values: readonly Value[]): Html {
  return new Markup(strings.reduce((text, string, i) => text + markupOf(values[i - 1] ?? null) + string));
}

/** A text for `<pre>`, with its line feeds. */
export const lines = (text: string): Html => new Markup(escape(visibleLines(text)));

/** Our own style sheet, unescaped: browsers compare it with its hash octet for octet. */
export const styleElement = (sheet: string): Html => new Markup(`<style>${sheet}</style>`);

export const documentOf = (markup: Html): string => `<!doctype html>\n${markup.text}\n`;

function markupOf(value: Value): string {
  if (value === null) return '';
  if (value instanceof Markup) return value.text;
  if (typeof value === 'string') return escape(visible(value));
  if (typeof value === 'number') return String(value);
  return value.map(markupOf).join('');
}

const references: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  // Very old browsers take it for a quote of an attribute.
  '`': '&#96;',
};

const escape = (text: string): string => text.replace(/[&<>"'`]/g, (character) => references[character] ?? '');
