import type { Instant, PlainDate, Zone } from '#libs/kernel';
import { dayAt } from '#libs/kernel';
import { regionOn, type Region } from '#libs/domain';
import type { Intake, LawBook } from '#libs/application';
import { faultyField } from './faults.js';

/** What of the law is asked at the door: which regions and rule sets there are, and what day it is. */
export class Law {
  constructor(private readonly lawBook: LawBook) {}

  /** The regulator's zone. */
  get zone(): Zone {
    return this.lawBook.ruleSet(this.lawBook.defaultRuleSetId).zone;
  }

  findRegion(code: string, day: PlainDate): Region | undefined {
    return regionOn(this.lawBook.catalogue.regions, code, day);
  }

  today(now: Instant): PlainDate {
    return dayAt(now, this.zone);
  }

  /** The day by whose map a document's place is read: that of the paper stamp, else the day it arrives. */
  dayOf(intake: Intake, arrivedAt: Instant): PlainDate {
    const { received } = intake;
    if (received === undefined) return this.today(arrivedAt);
    return 'on' in received ? received.on : dayAt(received.at, this.zone);
  }

  /** @throws RejectedError when there is no such region on `day`. */
  checkRegion(code: string, day: PlainDate, pointer: string): void {
    if (this.findRegion(code, day) === undefined)
      throw faultyField(pointer, 'region-unknown', `is not the code of a region on ${day}`);
  }

  /** @throws RejectedError when a document tells of what had not happened when it was received. */
  checkHappened(day: PlainDate | undefined, intake: Intake, arrivedAt: Instant, pointer: string): void {
    if (day !== undefined && day > this.dayOf(intake, arrivedAt))
      throw faultyField(pointer, 'in-future', 'lies after the day the document was received');
  }

  /** @throws RejectedError when no such rule set was loaded. */
  checkRuleSet(id: string | undefined): void {
    if (id !== undefined && this.lawBook.catalogue.findRuleSet(id) === undefined)
      throw faultyField('/ruleSetId', 'rule-set-unknown', 'is not a rule set of this system');
  }
}
