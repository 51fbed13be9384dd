import type { ExecutableStep, PreparedRecord } from '../writer/prepare-step.js';
import type { Statement } from '../steps/statement.js';
import { bind, type SqlValue } from './sqlite-statements.js';

/**
 * The steps of a batch as one list of texts and numbers. Sending it to another thread costs a third of what sending the
 * steps as objects does.
 */
export interface FlatBatch {
  readonly steps: number;
  /** The distinct texts of the statements. */
  readonly texts: readonly string[];
  /** `true` announces octets: the text behind it has one character for each. */
  readonly values: readonly FlatValue[];
}

type FlatValue = string | number | bigint | null | true;

/** How the outcome of a statement is judged. */
export const expectations = { anything: 0, change: 1, belowLimit: 2 } as const;

/** In place of the text that selects keys: the statement has nothing to do with any. */
export const noKeys = -1;
/** In place of the number of keys to look for: the statement changes them. */
export const changesThem = 0;

export function flatBatch(steps: readonly ExecutableStep[]): FlatBatch {
  const texts = new Map<string, number>();
  const values: FlatValue[] = [];
  for (const { statements, records } of steps) {
    values.push(statements.length);
    for (const statement of statements) pushStatement(values, texts, statement);
    values.push(records.length);
    for (const record of records) pushRecord(values, record);
  }
  return { steps: steps.length, texts: [...texts.keys()], values };
}

function pushStatement(values: FlatValue[], texts: Map<string, number>, statement: Statement): void {
  const { sql, parameters, unlessChanged, ifTaken, ifReached, onlyAmong, changesKeys } = statement;
  const text = placeOf(texts, sql);
  const keys = onlyAmong?.keys ?? changesKeys;
  const expectation = ifReached ? expectations.belowLimit : unlessChanged ? expectations.change : expectations.anything;
  values.push(text, expectation, ifReached?.limit ?? 0, ifTaken ? 1 : 0);
  if (keys === undefined) values.push(noKeys);
  else values.push(placeOf(texts, keys), onlyAmong?.count ?? changesThem);
  values.push(parameters.length);
  for (const parameter of parameters) pushValue(values, bind(parameter));
}

function placeOf(texts: Map<string, number>, text: string): number {
  let place = texts.get(text);
  if (place === undefined) texts.set(text, (place = texts.size));
  return place;
}

function pushRecord(values: FlatValue[], { columns, text, lines }: PreparedRecord): void {
  const { at, types, principal, cluster, requestId, fingerprintSha256 } = columns;
  values.push(at.getTime(), types, principal, cluster);
  pushValue(values, requestId);
  pushValue(values, fingerprintSha256);
  values.push(text.beforeDetails, text.beforePrincipal, text.beforeSeq, lines.length);
  for (const { details, principal: own, type } of lines) values.push(details, own, type);
}

function pushValue(values: FlatValue[], value: SqlValue): void {
  if (!(value instanceof Uint8Array)) values.push(value);
  else values.push(true, (value instanceof Buffer ? value : Buffer.from(value)).toString('latin1'));
}

/** Reads a flat batch from its beginning, one value after the other. */
export class FlatReader {
  #next = 0;

  constructor(private readonly all: readonly FlatValue[]) {}

  number(): number {
    return this.all[this.#next++] as number;
  }

  text(): string {
    return this.all[this.#next++] as string;
  }

  textOrNull(): string | null {
    return this.all[this.#next++] as string | null;
  }

  values(count: number): SqlValue[] {
    const values = new Array<SqlValue>(count);
    for (let i = 0; i < count; i++) values[i] = this.value();
    return values;
  }

  value(): SqlValue {
    const value = this.all[this.#next++] ?? null;
    return value === true ? Buffer.from(this.text(), 'latin1') : value;
  }
}
