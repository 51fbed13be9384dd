import { setMaxListeners } from 'node:events';
import { auditEvent, type AuditEventDraft } from '../model/audit-event.js';
import type { WebhookDelivery } from '../model/webhook-delivery.js';
import { judgeAnswer } from './judge-answer.js';
import type { Outbox } from './outbox.js';
import { signWebhook } from './sign-webhook.js';
import type { Webhook } from './webhook.js';

/** Where the dispatcher says what went wrong; never handed secrets, addresses or payloads. */
export interface DispatcherLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface DispatcherOptions {
  readonly webhooks: readonly Webhook[];
  readonly outbox: Outbox;
  readonly clock: () => Date;
  readonly random: (octets: number) => Buffer;
  /** Identifies this process as the owner of the attempts it works on. */
  readonly owner: string;
  readonly log: DispatcherLog;
  /** How often the outbox is looked through, besides when something is put into it. */
  readonly roundMilliseconds?: number;
}

/** How many attempts are under way at the same time, for each webhook. */
export const attemptsAtOnce = 10;
/** How long sending and the answer may take together (Standard Webhooks, request timeouts: 15 to 30 s). */
export const attemptMilliseconds = 15_000;
/** Beyond the time that an attempt may take, so that what it came to can still be recorded. */
const leaseMilliseconds = attemptMilliseconds + 45_000;

const deliveredKeptDays = 7;
const deadKeptDays = 90;
const forgetMilliseconds = 10_000;
const abandonedAtOnce = 100;

/** One webhook, and what goes on for it: nothing that another one waits for. */
interface Lane {
  readonly webhook: Webhook;
  /** By delivery. */
  readonly underWay: Map<string, Promise<void>>;
  pausedUntil: Date | null;
  failing: boolean;
  /** Whoever is looking what is due. */
  looking: Promise<void> | null;
  /** Whether to look once more after that. */
  lookAgain: boolean;
}

/**
 * Delivers what is in the outbox, at least once each, in no particular order. An attempt is recorded before it is made
 * and what it came to after, so that a process that dies leaves deliveries that become due again, and of several
 * processes on one store one makes an attempt. Nothing here is waited for by whoever issues certificates.
 */
export class WebhookDispatcher {
  readonly #lanes: readonly Lane[];
  readonly #stop = new AbortController();
  #running = false;
  #timers: NodeJS.Timeout[] = [];
  #chores: Promise<void> = Promise.resolve();

  constructor(private readonly options: DispatcherOptions) {
    // Each attempt that is under way listens.
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

  /** Looks at once what is due: something was put into the outbox. Does nothing while it is not started. */
  wake(): void {
    for (const lane of this.#lanes) this.#look(lane);
  }

  /**
   * Begins nothing more, and waits so long for what is under way. What is cut off then is left to its lease: it is sent
   * again, under the same id.
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

  /** One at a time for each lane; who comes meanwhile has it look once more. */
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
    // Those that were just begun may be among them.
    const due = await this.options.outbox.due(lane.webhook.name, now, attemptsAtOnce);
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
        // Where none was made, the next round is soon enough: a store that fails is not to be asked without pause.
        if (made) this.#look(lane);
      });
    lane.underWay.set(delivery.id, work);
  }

  /** Makes one attempt; false where there was none, or nobody knows what it came to. */
  async #attempt(lane: Lane, delivery: WebhookDelivery): Promise<boolean> {
    const { outbox, clock, random, owner } = this.options;
    const { webhook } = lane;
    const attempt = delivery.attempts + 1;
    const begun = clock();
    const until = new Date(begun.getTime() + leaseMilliseconds);
    const underWay = { id: delivery.id, owner, attempt };
    if (!(await outbox.begin(underWay, begun, until))) return false;

    const headers = signWebhook(webhook.secrets, delivery.id, clock(), delivery.payload);
    const answer = await webhook.sender.send(delivery.payload, { ...headers }, this.#stop.signal);
    if (answer.kind === 'abandoned') return false;

    const at = clock();
    const { end, pauseUntil } = judgeAnswer(answer, attempt, at, random(4).readUInt32BE() / 2 ** 32);
    // Another attempt that ends better does not take back what this one was told.
    if (pauseUntil !== null && (lane.pausedUntil === null || pauseUntil > lane.pausedUntil))
      lane.pausedUntil = pauseUntil;
    this.#tell(lane, delivery, end.state === 'delivered' ? null : end.failure);
    const events = end.state === 'dead' ? [this.#failed(delivery, attempt, end.failure, at)] : [];
    return outbox.end(underWay, at, end, events);
  }

  /** Logs when a webhook begins to fail and when it works again, and not each attempt in between. */
  #tell(lane: Lane, { webhook, id, requestId }: WebhookDelivery, failure: string | null): void {
    if (failure !== null && !lane.failing)
      this.options.log.warn(
        { webhook, delivery: id, requestId, failure },
        'a webhook fails, deliveries are tried again',
      );
    if (failure === null && lane.failing) this.options.log.info({ webhook }, 'a webhook works again');
    lane.failing = failure !== null;
  }

  /** Puts into the log that a delivery is given up, and answers the event that puts it on record. */
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

  /** What waits for a webhook that the configuration no longer has would wait for ever. */
  async #abandonOthers(): Promise<void> {
    const { outbox, clock } = this.options;
    const names = this.#lanes.map(({ webhook }) => webhook.name);
    const failure = 'the webhook is no longer configured';
    let abandoned = true;
    // Until there are none, or none that can be: an attempt of another process may be under way.
    while (abandoned && this.#isRunning()) {
      const at = clock();
      const left = await outbox.waitingForOthers(names, abandonedAtOnce);
      const done = await Promise.all(
        left.map((delivery) =>
          outbox.abandon(delivery.id, failure, at, this.#failed(delivery, delivery.attempts, failure, at)),
        ),
      );
      abandoned = done.includes(true);
    }
  }

  #forget(): Promise<void> {
    const now = this.options.clock().getTime();
    const daysBefore = (days: number) => new Date(now - days * 86_400_000);
    return this.options.outbox.forget(daysBefore(deliveredKeptDays), daysBefore(deadKeptDays));
  }

  /** One after the other; what fails is logged, and comes again. */
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

  /** Asked after a wait, where the compiler takes what it knew before for granted. */
  #isRunning(): boolean {
    return this.#running;
  }
}
