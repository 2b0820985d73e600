import type { Fact, Uuid } from '#libs/kernel';

/** What a policy wants done: plain data, ids only. Doing it is the engine's part, and twice is once. */
export type Intention =
  | { readonly intention: 'issue-notice'; readonly caseId: Uuid; readonly versionId: Uuid }
  | { readonly intention: 'queue-notice'; readonly caseId: Uuid; readonly noticeId: Uuid }
  | { readonly intention: 'send-alert'; readonly caseId: Uuid; readonly alertId: Uuid }
  | { readonly intention: 'alert-refusal'; readonly noticeId: Uuid }
  /** `orderFactId`: the fact in the authority's stream that says what was ordered. */
  | { readonly intention: 'follow-order'; readonly orderFactId: Uuid };

export interface Policy {
  /** The file's name: a sentence. */
  readonly name: string;
  /** Stored types of the facts it answers. */
  readonly on: readonly string[];
  answer(fact: Fact): readonly Intention[];
}

/** What history brings in is on record and asks for nothing: no notice, no alert, no reassessment. */
export const isImported = (fact: Fact): boolean => fact.meta.channel === 'import';
