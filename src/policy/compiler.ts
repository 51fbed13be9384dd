import { compileExpression, type Expression } from './cel/compile-expression.js';
import { parseInstant } from './instant.js';
import { compileHours, type Hours, type WrittenHours } from './hours.js';
import { compilePattern, type Pattern } from './pattern.js';
import type { DocumentError } from './shape-errors.js';

/**
 * Reads the parts of one document that are languages of their own, and gathers what is wrong in them. Where something
 * is, the document as a whole is refused, so that what the methods then answer is never used.
 */
export class Compiler {
  readonly errors: DocumentError[] = [];

  expression(path: string, text: string, type: 'bool' | 'string'): Expression {
    const compiled = compileExpression(text, type);
    if (compiled.ok) return compiled.expression;
    this.errors.push(...compiled.errors.map((message) => ({ path, message })));
    return {
      text,
      reads: new Set(),
      evaluate() {
        throw new Error('the expression did not compile');
      },
    };
  }

  hours(path: string, written: WrittenHours | undefined): { readonly hours?: Hours } {
    if (written === undefined) return {};
    const compiled = compileHours(written);
    if (compiled.ok) return { hours: compiled.hours };
    this.errors.push(...compiled.errors.map(({ field, message }) => ({ path: `${path}/${field}`, message })));
    return {};
  }

  pattern(path: string, text: string | undefined): Pattern | null {
    if (text === undefined) return null;
    const compiled = compilePattern(text);
    if (compiled.ok) return compiled.pattern;
    this.errors.push({ path, message: compiled.error });
    return null;
  }

  instant(path: string, text: string): Date {
    const parsed = parseInstant(text);
    if (parsed !== null) return parsed;
    this.errors.push({ path, message: 'must be an RFC 3339 instant, such as 2026-01-31T09:00:00Z' });
    return new Date(NaN);
  }
}
