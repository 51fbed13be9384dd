import { setMaxListeners } from 'node:events';
import { type AuditEventDraft, auditEvent } from '../model/audit-event.js';
import { type Tracing, untraced } from '../model/tracing.js';
import type { WebhookAttemptEnd, WebhookDelivery } from '../model/webhook-delivery.js';
import type { Write } from '../store/steps/step.js';
import type { Store } from '../store/store.js';
import {
  abandonWebhook,
  beginWebhookAttempt,
  endWebhookAttempt,
  forgetWebhooks,
} from '../store/tables/webhook-delivery-table.js';
import { signWebhook } from './sign-webhook.js';
import type { Webhook, WebhookAnswer } from './webhook.js';

/** The log of the dispatcher. It is never given secrets, addresses or payloads. */
interface DispatcherLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

interface DispatcherOptions {
  readonly webhooks: readonly Webhook[];
  /** Has the outbox. Each change of it is one commit with its audit events. */
  readonly store: Pick<Store, 'webhookDeliveries' | 'writer'>;
  readonly clock: () => Date;
  readonly random: (octets: number) => Buffer;
  /** Identifies this process as the owner of the attempts it works on. */
  readonly owner: string;
  readonly log: DispatcherLog;
  /** Default: nobody collects traces. */
  readonly tracing?: Tracing;
  /** How often the dispatcher looks for due deliveries, apart from `wake`. */
  readonly roundMilliseconds?: number;
}

/** How many attempts are under way at the same time, for each webhook. */
export const attemptsAtOnce = 10;
/** How long sending and the answer may take together (Standard Webhooks, request timeouts: 15 to 30 s). */
export const attemptMilliseconds = 15_000;
/** Longer than an attempt may take, so that its end can still be recorded. */
const leaseMilliseconds = attemptMilliseconds + 45_000;

const deliveredKeptDays = 7;
const deadKeptDays = 90;
const forgetMilliseconds = 10_000;
const abandonedAtOnce = 100;

/** One webhook and its work. No lane waits for another one. */
interface Lane {
  readonly webhook: Webhook;
  /** By delivery. */
  readonly underWay: Map<string, Promise<void>>;
  pausedUntil: Date | null;
  failing: boolean;
  /** The search for due deliveries that is under way. */
  looking: Promise<void> | null;
  /** Whether to search once more after that. */
  lookAgain: boolean;
}

/**
 * Delivers everything in the outbox at least once, in no particular order. An attempt is recorded before it is made,
 * and its end after. So the deliveries of a process that dies become due again, and of several processes on one store
 * only one makes an attempt. Issuing never waits for any of this.
 */
export class WebhookDispatcher {
  readonly #lanes: readonly Lane[];
  readonly #stop = new AbortController();
  #running = false;
  #timers: NodeJS.Timeout[] = [];
  #chores: Promise<void> = Promise.resolve();

  constructor(private readonly options: DispatcherOptions) {
    // Each attempt that is under way adds a listener.
    setMaxListeners(0, this.#stop.signal);
    this.#lanes = options.webhooks.map((webhook) => ({
      webhook,
      underWay: new Map(),
      pausedUntil: null,
      failing: false,
      looking: null,
      lookAgain: false,
    }));
  }

  /** The names of the configured webhooks. */
  get names(): readonly string[] {
    return this.#lanes.map(({ webhook }) => webhook.name);
  }

  /** How many webhooks fail now. */
  get failing(): number {
    return this.#lanes.filter(({ failing }) => failing).length;
  }

  start(): void {
    this.#running = true;
    this.#timers = [
      setInterval(() => {
        this.wake();
      }, this.options.roundMilliseconds ?? 2_000),
      setInterval(() => {
        this.#chore('forgetting webhook deliveries', () => this.#forget());
      }, forgetMilliseconds),
    ];
    this.#chore('giving up deliveries of webhooks that are gone', () => this.#abandonOthers());
    this.wake();
  }

  /** Looks for due deliveries at once, because the outbox has got new ones. Does nothing before `start`. */
  wake(): void {
    const { tracing = untraced } = this.options;
    // Its work belongs to no request that is traced now.
    tracing.outside(() => {
      for (const lane of this.#lanes) this.#look(lane);
    });
  }

  /**
   * Begins nothing more, and waits this long for attempts that are under way. An attempt that is cut off then is made
   * again when its lease ends, under the same id.
   */
  async stop(withinMilliseconds: number): Promise<void> {
    this.#running = false;
    for (const timer of this.#timers) clearInterval(timer);
    const tooLate = setTimeout(() => {
      this.#stop.abort();
    }, withinMilliseconds);
    await Promise.all([
      this.#chores,
      ...this.#lanes.flatMap(({ looking, underWay }) => [looking, ...underWay.values()]),
    ]);
    clearTimeout(tooLate);
    for (const { webhook } of this.#lanes) webhook.sender.close();
  }

  /** Searches once at a time per lane. A call that comes meanwhile makes it search once more. */
  #look(lane: Lane): void {
    lane.lookAgain = true;
    lane.looking ??= this.#lookUntilDone(lane)
      .catch((error: unknown) => {
        const fields = { err: error, webhook: lane.webhook.name };
        this.options.log.error(fields, 'the webhook outbox could not be read, it is tried again');
      })
      .finally(() => {
        lane.looking = null;
      });
  }

  async #lookUntilDone(lane: Lane): Promise<void> {
    while (lane.lookAgain) {
      lane.lookAgain = false;
      await this.#beginDue(lane);
    }
  }

  async #beginDue(lane: Lane): Promise<void> {
    const now = this.options.clock();
    if (!this.#running || lane.underWay.size >= attemptsAtOnce) return;
    if (lane.pausedUntil !== null && now < lane.pausedUntil) return;
    // Attempts that have just begun may be among them.
    const due = await this.options.store.webhookDeliveries.due(lane.webhook.name, now, attemptsAtOnce);
    for (const delivery of due) {
      if (!this.#isRunning() || lane.underWay.size >= attemptsAtOnce) return;
      if (!lane.underWay.has(delivery.id)) this.#begin(lane, delivery);
    }
  }

  #begin(lane: Lane, delivery: WebhookDelivery): void {
    const work = this.#attempt(lane, delivery)
      .catch((error: unknown) => {
        const fields = { err: error, webhook: lane.webhook.name, delivery: delivery.id };
        this.options.log.error(fields, 'an attempt to deliver could not be recorded, it is made again');
        return false;
      })
      .then((made) => {
        lane.underWay.delete(delivery.id);
        // Without an attempt the next round is soon enough: a failing store must not be asked without a pause.
        if (made) this.#look(lane);
      });
    lane.underWay.set(delivery.id, work);
  }

  /** Makes one attempt; false where none was made, or its end is unknown. */
  async #attempt(lane: Lane, delivery: WebhookDelivery): Promise<boolean> {
    const { clock, random, owner } = this.options;
    const { id } = delivery;
    const attempt = delivery.attempts + 1;
    const now = clock();
    const leaseUntil = new Date(now.getTime() + leaseMilliseconds);
    // False where another process was faster.
    if (!(await this.#commit(beginWebhookAttempt({ id, owner, attempt, now, leaseUntil })))) return false;

    const answer = await this.#send(lane.webhook, delivery);
    if (answer.kind === 'abandoned') return false;

    const at = clock();
    const { end, pauseUntil } = judgeAnswer(answer, attempt, at, random(4).readUInt32BE() / 2 ** 32);
    // A later success of another attempt does not shorten this pause.
    if (pauseUntil !== null && (lane.pausedUntil === null || pauseUntil > lane.pausedUntil))
      lane.pausedUntil = pauseUntil;
    this.#tell(lane, delivery, end.state === 'delivered' ? null : end.failure);
    const events = end.state === 'dead' ? [this.#failed(delivery, attempt, end.failure, at)] : [];
    return this.#commit(endWebhookAttempt({ id, owner, attempt, at, end }), events);
  }

  /** Sends a delivery as a part of the trace in which it was caused. */
  #send({ name, secrets, sender }: Webhook, { id, payload }: WebhookDelivery): Promise<WebhookAnswer> {
    const { clock, tracing = untraced } = this.options;
    const attributes = { 'http.request.method': 'POST', 'kubepass.webhook': name };
    return tracing.resume(id, 'POST webhook', attributes, async (traceHeaders, span) => {
      const headers = { ...traceHeaders, ...signWebhook(secrets, id, clock(), payload) };
      const answer = await sender.send(payload, headers, this.#stop.signal);
      if (answer.kind === 'answered') span.set({ 'http.response.status_code': answer.status });
      else span.fail(answer.kind);
      return answer;
    });
  }

  /** Logs when a webhook begins to fail and when it works again, but not each attempt in between. */
  #tell(lane: Lane, { webhook, id, requestId }: WebhookDelivery, failure: string | null): void {
    if (failure !== null && !lane.failing)
      this.options.log.warn(
        { webhook, delivery: id, requestId, failure },
        'a webhook fails, deliveries are tried again',
      );
    if (failure === null && lane.failing) this.options.log.info({ webhook }, 'a webhook works again');
    lane.failing = failure !== null;
  }

  /** Logs that a delivery is given up. Answers the audit event for it. */
  #failed(
    { id, webhook, type, requestId }: WebhookDelivery,
    attempts: number,
    failure: string,
    at: Date,
  ): AuditEventDraft {
    this.options.log.error({ webhook, delivery: id, requestId, attempts, failure }, 'a webhook delivery is given up');
    const details = { deliveryId: id, webhook, type, attempts, failure };
    return auditEvent('WebhookDeliveryFailed', at, null, details, { requestId });
  }

  /** Gives up deliveries of webhooks that are no longer configured, as they would wait for ever. */
  async #abandonOthers(): Promise<void> {
    const { store, clock } = this.options;
    const names = this.#lanes.map(({ webhook }) => webhook.name);
    const failure = 'the webhook is no longer configured';
    let abandoned = true;
    // Until none is left, or only those on which another process makes an attempt.
    while (abandoned && this.#isRunning()) {
      const at = clock();
      const left = await store.webhookDeliveries.waitingForOthers(names, abandonedAtOnce);
      const done = await Promise.all(
        left.map((delivery) => {
          const event = this.#failed(delivery, delivery.attempts, failure, at);
          return this.#commit(abandonWebhook({ id: delivery.id, failure, at }), [event]);
        }),
      );
      abandoned = done.includes(true);
    }
  }

  /** Deletes some of the deliveries that ended long ago. */
  async #forget(): Promise<void> {
    const now = this.options.clock().getTime();
    const daysBefore = (days: number) => new Date(now - days * 86_400_000);
    const [deliveredBefore, deadBefore] = [daysBefore(deliveredKeptDays), daysBefore(deadKeptDays)];
    await this.#commit(forgetWebhooks({ deliveredBefore, deadBefore }));
  }

  /** On disk when it resolves; false where the delivery has moved on. */
  async #commit(operation: Write, events: readonly AuditEventDraft[] = []): Promise<boolean> {
    return (await this.options.store.writer.commit({ operations: [operation], events })).committed;
  }

  /** Runs chores one after the other. A failure is logged, and the chore comes again. */
  #chore(name: string, run: () => Promise<void>): void {
    this.#chores = this.#chores.then(async () => {
      if (!this.#running) return;
      try {
        await run();
      } catch (error) {
        this.options.log.error({ err: error }, `${name} did not work, it is tried again`);
      }
    });
  }

  /** Reads the flag anew after a wait, where the compiler would assume its earlier value. */
  #isRunning(): boolean {
    return this.#running;
  }
}

/** Seconds before the next attempt. Ten attempts take two days and 17 hours, with jitter up to 3.5 days. */
const backoffSeconds = [5, 30, 120, 600, 3600, 14_400, 43_200, 86_400, 86_400];
/** The largest random addition, as a fraction: deliveries that failed together should not come again together. */
const jitter = 0.3;
const longestRetryAfterSeconds = 3600;

/** Characters of a failure that are kept. */
const failureLength = 500;

interface JudgedAnswer {
  readonly end: WebhookAttemptEnd;
  /** Until when the receiver wants no delivery at all; null: it did not say. */
  readonly pauseUntil: Date | null;
}

/**
 * Judges the answer to attempt number `attempt` (1 for the first) by Standard Webhooks 1.0.0, delivery success and
 * failure. `chance` is from 0 to 1.
 */
export function judgeAnswer(
  answer: Exclude<WebhookAnswer, { readonly kind: 'abandoned' }>,
  attempt: number,
  now: Date,
  chance: number,
): JudgedAnswer {
  if (answer.kind === 'answered' && answer.status >= 200 && answer.status <= 299)
    return { end: { state: 'delivered' }, pauseUntil: null };
  if (answer.kind === 'answered' && answer.status === 410)
    return { end: { state: 'dead', failure: 'answered 410: it wants no more of this' }, pauseUntil: null };
  const isRedirect = answer.kind === 'answered' && answer.status >= 300 && answer.status <= 399;
  const waitSeconds = answer.kind === 'failed' || isRedirect ? 0 : retryAfterSeconds(answer.retryAfter, now);
  const advice = isRedirect ? ': redirects are not followed, configure the address itself' : '';
  const failure =
    answer.kind === 'failed' ? answer.failure.slice(0, failureLength) : `answered ${answer.status}${advice}`;
  const pauseUntil = waitSeconds > 0 ? secondsAfter(now, waitSeconds) : null;
  const backoff = backoffSeconds[attempt - 1];
  if (backoff === undefined) return { end: { state: 'dead', failure }, pauseUntil };
  const seconds = Math.max(backoff * (1 + jitter * chance), waitSeconds);
  return { end: { state: 'waiting', failure, nextAttemptAt: secondsAfter(now, seconds) }, pauseUntil };
}

/** RFC 9110 10.2.3: seconds, or an HTTP date; 0 where it is neither, and an hour at most. */
function retryAfterSeconds(retryAfter: string | null, now: Date): number {
  if (retryAfter === null) return 0;
  const seconds = /^\d{1,9}$/.test(retryAfter) ? Number(retryAfter) : (Date.parse(retryAfter) - now.getTime()) / 1000;
  return Number.isFinite(seconds) ? Math.min(Math.max(seconds, 0), longestRetryAfterSeconds) : 0;
}

const secondsAfter = (instant: Date, seconds: number): Date => new Date(instant.getTime() + seconds * 1000);
