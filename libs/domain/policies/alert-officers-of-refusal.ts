import type { NoticeRefused } from '../notice/index.js';
import { isImported, type Intention, type Policy } from './policy.js';

/** A notice that was sent back has to be looked at by somebody: nothing else would bring it up again. */
export const alertOfficersOfRefusal: Policy = {
  name: 'alert-officers-of-refusal',
  on: ['NoticeRefused'],

  answer(fact): readonly Intention[] {
    if (isImported(fact)) return [];
    return [{ intention: 'alert-refusal', noticeId: (fact.data as NoticeRefused['data']).noticeId }];
  },
};
