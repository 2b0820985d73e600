import type { EventStore } from '#libs/event-store';
import {
  authorityDecider,
  authorityStream,
  correctCalendar,
  type AuthorityState,
  type Calendar,
  type CaseState,
  type Circumstances,
  type RuleSet,
} from '#libs/domain';
import { defaultRuleSetId as shippedDefault, type RulesCatalogue } from '#libs/rules';
import { foldStream } from './write-path.js';

/**
 * The law as it stands: rule sets and calendars from the data files, with the authority's orders and calendar
 * corrections from the log over them. One small stream, followed by revision.
 */
export class LawBook {
  private authority: AuthorityState = authorityDecider.initial;
  private revision = -1;
  private readonly calendars = new Map<string, Calendar>();
  private refreshing: Promise<void> | undefined;
  private refreshedAt = 0;

  constructor(
    private readonly store: EventStore,
    readonly catalogue: RulesCatalogue,
    /** The rule set new cases are opened under. */
    readonly defaultRuleSetId: string = shippedDefault,
    /** How long, in ms, an order given in another process may be unknown here. The sweep repairs what it missed. */
    private readonly maxAgeMs = 500,
  ) {}

  /** Reads what was ordered since; cheap when nothing was. */
  async refresh(): Promise<void> {
    this.refreshing ??= this.readOn().finally(() => (this.refreshing = undefined));
    return this.refreshing;
  }

  async refreshIfOld(): Promise<void> {
    if (Date.now() - this.refreshedAt > this.maxAgeMs) await this.refresh();
  }

  private async readOn(): Promise<void> {
    const facts = await this.store.readStream(authorityStream, { from: this.revision + 1 });
    this.refreshedAt = Date.now();
    if (facts.length === 0) return;
    this.authority = foldStream({ ...authorityDecider, initial: this.authority }, facts).state;
    this.revision = facts.at(-1)!.revision;
    this.calendars.clear();
  }

  get orders(): AuthorityState {
    return this.authority;
  }

  calendar(id: string): Calendar {
    let calendar = this.calendars.get(id);
    if (!calendar) {
      calendar = this.authority.calendarCorrections
        .filter((one) => one.calendarId === id)
        .reduce((corrected, one) => correctCalendar(corrected, one.correction), this.catalogue.calendar(id));
      this.calendars.set(id, calendar);
    }
    return calendar;
  }

  /** @throws when no such rule set was loaded. */
  ruleSet(id: string): RuleSet {
    return this.catalogue.ruleSet(id);
  }

  rulesOf(state: CaseState): RuleSet {
    return this.ruleSet(state.situation === 'none' ? this.defaultRuleSetId : state.file.ruleSet.id);
  }

  circumstancesUnder(rules: RuleSet): Circumstances {
    const { extensions, outages } = this.authority;
    return { rules, calendar: this.calendar(rules.calendarId), extensions, outages };
  }
}
