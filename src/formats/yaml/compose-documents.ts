import {
  Composer,
  type Document,
  type DocumentOptions,
  Lexer,
  LineCounter,
  type ParseOptions,
  Parser,
  type ParsedNode,
  type SchemaOptions,
} from 'yaml';

export type ComposedDocument = Document.Parsed;

/** What reading a stream may cost. */
export interface StreamBounds {
  /** Collections within collections. */
  readonly maxDepth: number;
  /** Of the lexer; a microsecond or a few of work each. */
  readonly maxLexemes: number;
  readonly maxDocuments: number;
}

export type ComposedStream =
  | {
      readonly ok: true;
      readonly documents: readonly ComposedDocument[];
      readonly lineCounter: LineCounter;
      readonly lexemes: number;
    }
  | { readonly ok: false; readonly exceeded: keyof StreamBounds };

/**
 * Composes the documents of a stream within bounds. Composing recurses with the nesting, and running out of stack
 * there can end the process instead of throwing; the parser before it keeps a stack of its own, which is looked at
 * lexeme by lexeme, before anything is composed of it.
 */
export function composeDocuments(
  text: string,
  options: Omit<ParseOptions & DocumentOptions & SchemaOptions, 'uniqueKeys' | 'prettyErrors'>,
  { maxDepth, maxLexemes, maxDocuments }: StreamBounds,
): ComposedStream {
  const lineCounter = new LineCounter();
  lineCounter.addNewLine(0);
  const parser = new Parser(lineCounter.addNewLine);
  const composer = new Composer<ParsedNode>({
    ...options,
    prettyErrors: false, // quotes the source, and searches it for every error
    uniqueKeys: false, // compares every key of a map with every other; whoever reads the documents looks at that
    logLevel: 'silent',
  });
  const documents: ComposedDocument[] = [];
  let lexemes = 0;
  for (const lexeme of new Lexer().lex(text)) {
    lexemes += 1;
    if (lexemes > maxLexemes) return { ok: false, exceeded: 'maxLexemes' };
    for (const token of parser.next(lexeme)) documents.push(...composer.next(token));
    if (parser.stack.length > maxDepth) return { ok: false, exceeded: 'maxDepth' };
    if (documents.length > maxDocuments) return { ok: false, exceeded: 'maxDocuments' };
  }
  for (const token of parser.end()) documents.push(...composer.next(token));
  documents.push(...composer.end());
  if (documents.length > maxDocuments) return { ok: false, exceeded: 'maxDocuments' };
  return { ok: true, documents, lineCounter, lexemes };
}
