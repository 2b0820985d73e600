import { drawUuid } from '#libs/kernel';
import { drawer } from './campaign.js';

/** A command that was sent, and what was said to it. */
export interface Sent {
  readonly key: string;
  readonly path: string;
  readonly body: object;
  attempts: number;
  /** The longest an attempt took to be answered, or to end otherwise. */
  longestMs: number;
  /** Undefined: not answered yet. */
  answer?: Answer;
  /** By `performance.now()`. */
  answeredAt?: number;
}

export interface Answer {
  readonly status: number;
  readonly body: Answered;
}

interface Answered {
  readonly caseId?: string;
  readonly filingId?: string;
  /** Of the document itself: the filing, the correction, the withdrawal. */
  readonly documentId?: string;
  readonly journalNo?: string;
  readonly type?: string;
}

interface CentreFiling {
  readonly caseId: string;
  readonly filingId: string;
  withdrawn: boolean;
}

/**
 * Operators at work: each files, corrects and withdraws one document after another, and sends a command that was not
 * answered again under its key until it is, at each api in turn. What was answered is the ledger.
 */
export class Load {
  readonly ledger: Sent[] = [];
  readonly faults: string[] = [];
  /** Answers that blame the sender's request on nobody: found, and asked again like any other. */
  readonly internalErrors: string[] = [];
  /** How often what was not answered for good. */
  readonly againBecause: { [why: string]: number } = {};
  private readonly filings: CentreFiling[] = [];
  private running: Promise<void>[] = [];
  private stopping = false;
  private abandoned = false;
  private turn = 0;

  constructor(
    /** One or more apis of the same house. */
    private readonly urls: readonly string[],
    private readonly key: string,
    private readonly operatorBin: string,
    private readonly seed: number,
    /** Between two documents of a sender, ms. */
    private readonly pauseMs = 0,
  ) {}

  async begin(senders: number): Promise<void> {
    const details = { bin: this.operatorBin, name: 'Kill Test LLP', language: 'en' };
    await this.send('/api/v1/operators', details);
    this.running = Array.from({ length: senders }, (_, n) => this.work(n));
  }

  /** Ends when every command that was begun has its answer. */
  async end(): Promise<void> {
    this.stopping = true;
    await Promise.all(this.running);
  }

  /** What has no answer yet is not asked for any more. */
  abandon(): void {
    this.stopping = true;
    this.abandoned = true;
  }

  /** By `performance.now()`; infinity when none was answered since. */
  firstAnswerAfter(at: number): number {
    return this.ledger.reduce(
      (first, { answeredAt = Infinity }) => (answeredAt > at && answeredAt < first ? answeredAt : first),
      Infinity,
    );
  }

  private async work(n: number): Promise<void> {
    const draw = drawer(this.seed * 100 + n);
    for (let k = 0; !this.stopping && this.faults.length < 20; k++) {
      if (this.pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, this.pauseMs));
      const what = draw(10);
      const filing = this.filings[draw(Math.max(1, this.filings.length))];
      const values = {
        powerMw: `${draw(50)}.${draw(10)}`,
        equipmentInvestmentKzt: String(draw(1_000_000)),
        investmentPotentialKzt: String(draw(1_000_000)),
        jobs: draw(50),
      };
      if (what < 5 || filing === undefined) {
        const period = ['2026-Q2', '2026-Q3'][draw(2)]!;
        const centre =
          what < 3 || filing === undefined
            ? {
                newCase: {
                  operatorBin: this.operatorBin,
                  caseRef: `K-${this.seed}-${n}-${k}`,
                  region: '55',
                  address: `Line ${n}`,
                },
              }
            : { caseId: filing.caseId };
        const { body, status } = await this.send('/api/v1/quarterly-references', { ...centre, period, ...values });
        if (status === 201) this.filings.push({ caseId: body.caseId!, filingId: body.filingId!, withdrawn: false });
      } else if (what < 9)
        await this.send(`/api/v1/filings/${filing.filingId}/corrections`, { ...values, reason: 'typing' });
      else if (!filing.withdrawn) {
        filing.withdrawn = true;
        await this.send(`/api/v1/filings/${filing.filingId}/withdrawal`, { reason: 'twice' });
      }
    }
  }

  private count(why: string): void {
    this.againBecause[why] = (this.againBecause[why] ?? 0) + 1;
  }

  /** Asks again under the same key until there is an answer that stands. */
  async send(path: string, body: object): Promise<Answer> {
    const sent: Sent = { key: drawUuid(), path, body, attempts: 0, longestMs: 0 };
    this.ledger.push(sent);
    for (;;) {
      const answer = await this.attempt(sent);
      if (answer !== undefined) {
        sent.answer = answer;
        sent.answeredAt = performance.now();
        // A filing may have been withdrawn by another sender meanwhile.
        const meant = answer.status === 201 || answer.body.type?.endsWith(':filing-withdrawn') === true;
        if (!meant)
          this.faults.push(`${path} was answered ${answer.status} ${JSON.stringify(answer.body).slice(0, 300)}`);
        return answer;
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
      if (this.abandoned) return { status: 0, body: {} };
      if (sent.attempts > 3000) {
        this.faults.push(`${path} had no answer after ${sent.attempts} attempts`);
        return { status: 0, body: {} };
      }
    }
  }

  async attempt(sent: Sent): Promise<Answer | undefined> {
    sent.attempts += 1;
    const url = this.urls[this.turn++ % this.urls.length]!;
    const began = performance.now();
    try {
      const response = await fetch(`${url}${sent.path}`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${this.key}`,
          'content-type': 'application/json',
          'idempotency-key': sent.key,
        },
        body: JSON.stringify(sent.body),
        signal: AbortSignal.timeout(30_000),
      });
      const body = (await response.json()) as Answered;
      if (response.status === 500) this.internalErrors.push(`${sent.path} was answered ${JSON.stringify(body)}`);
      const later = response.status >= 500 || body.type?.endsWith(':idempotency-key-in-progress');
      if (later) this.count(`${response.status} ${body.type?.split(':').at(-1)}`);
      return later ? undefined : { status: response.status, body };
    } catch (error) {
      this.count(error instanceof Error ? error.name : 'unknown');
      // Killed under us: what became of it nobody knows, so it is asked again.
      return undefined;
    } finally {
      sent.longestMs = Math.max(sent.longestMs, performance.now() - began);
    }
  }
}
