import type { NoticeIssue } from '../notice/index.js';
import { isImported, type Intention, type Policy } from './policy.js';

/** An issued notice goes out at once; one that history brought in is listed and never sent. */
export const queueIssuedNotice: Policy = {
  name: 'queue-issued-notice',
  on: ['NoticeIssued'],

  answer(fact): readonly Intention[] {
    const { caseId, noticeId, historical } = fact.data as NoticeIssue;
    return historical || isImported(fact) ? [] : [{ intention: 'queue-notice', caseId, noticeId }];
  },
};
