import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { csvRecord } from './csv-record.js';
import { errorToProblem } from '../problems/error-to-problem.js';
import { problemBody } from '../problems/problem.js';
import type { ProblemBody } from '../problems/problem-types.js';
import { sendTexts } from './responses.js';

/** A form in which all items of a list are sent at once. */
export interface ExportForm<Item> {
  readonly contentType: string;
  /** Before the first line. */
  readonly head: string;
  /** The text of one item. */
  readonly lines: (item: Item) => string;
  /** The last line of an export that broke off. No line of an item looks like it. */
  readonly brokenOff: (problem: ProblemBody) => string;
}

const textOf = (problem: ProblemBody): string =>
  `the export broke off here: ${problem.title}, ${problem.detail} (request ${problem.requestId})`;

/** CSV with these columns (RFC 4180): the records of an item, each as a row to which the columns are applied. */
export function csvForm<Item, Row>(
  columns: Readonly<Record<string, (row: Row) => string>>,
  rowsOf: (item: Item) => readonly Row[],
): ExportForm<Item> {
  const names = Object.keys(columns);
  const fields = Object.values(columns);
  return {
    contentType: 'text/csv; charset=utf-8; header=present',
    head: csvRecord(names),
    lines: (item) =>
      rowsOf(item)
        .map((row) => csvRecord(fields.map((field) => field(row))))
        .join(''),
    // One field more than there are columns, so that a program that reads records fails instead of skipping it.
    brokenOff: (problem) => csvRecord(['ERROR', textOf(problem), ...names.slice(1).map(() => '')]),
  };
}

/** An object on each line. */
export const ndjsonForm: ExportForm<object> = {
  contentType: 'application/x-ndjson',
  head: '',
  lines: (item) => `${JSON.stringify(item)}\n`,
  brokenOff: (problem) => `${JSON.stringify({ problem })}\n`,
};

/**
 * Sends all items, a portion at a time: one portion is in memory, however many items there are and however slowly the
 * caller reads. A fault before the first portion is answered as a problem; a later one ends the answer with a last line
 * about it.
 */
export async function sendExport<Item, Body>(
  request: FastifyRequest,
  reply: FastifyReply,
  form: ExportForm<Body>,
  portions: AsyncGenerator<readonly Item[], void, void>,
  view: (item: Item) => Body,
): Promise<FastifyReply> {
  const first = await portions.next();
  return sendTexts(reply, form.contentType, texts(), () => void portions.return());

  async function* texts(): AsyncGenerator<string, void, void> {
    if (form.head !== '') yield form.head;
    try {
      for (let portion = first; portion.done !== true; portion = await portions.next())
        yield portion.value.map((item) => form.lines(view(item))).join('');
    } catch (error) {
      request.log.error({ err: error }, 'an export broke off');
      yield form.brokenOff(problemBody(errorToProblem(error as FastifyError), request.id));
    }
  }
}
