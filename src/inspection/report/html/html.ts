import { visible, visibleLines } from '../../../formats/text/visible.js';

/** Markup, which only this file makes: from templates whose values were escaped. */
class Markup {
  // Private, so that nothing that merely has a text passes for markup.
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  get text(): string {
    return this.#text;
  }
}

export type Html = Markup;

/** What may stand in a template: a text is escaped, markup stays, nothing at all is nothing. */
type Value = string | number | Html | null | readonly Value[];

/** Markup with values in it: between tags, or in an attribute between double quotes. */
export function html(strings: TemplateStringsArray, ...values: readonly Value[]): Html {
  return new Markup(strings.reduce((text, string, i) => text + markupOf(values[i - 1] ?? null) + string));
}

/** A text whose line feeds stay, for `<pre>`. */
export const lines = (text: string): Html => new Markup(escape(visibleLines(text)));

/** A style sheet of our own, as it stands: browsers compare it, octet for octet, with its hash. */
export const styleElement = (sheet: string): Html => new Markup(`<style>${sheet}</style>`);

/** The document as it is sent. */
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
  // Ends an unquoted attribute in browsers of long ago.
  '`': '&#96;',
};

const escape = (text: string): string => text.replace(/[&<>"'`]/g, (character) => references[character] ?? '');
