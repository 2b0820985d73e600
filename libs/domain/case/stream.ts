import type { Uuid } from '#libs/kernel';

/** Legal facts of one data center: filings, obligations, misses, orders applied. */
export const caseStream = (caseId: Uuid) => `case-${caseId}`;
export const caseCategory = 'case-';

/** Unique things are claims: a stream named by the value, which only one command can open. */
export const journalNoCategory = 'journalNo-';
export const caseRefCategory = 'caseRef-';
export const journalNoClaim = (journalNo: string) => `${journalNoCategory}${encodeURIComponent(journalNo)}`;
export const caseRefClaim = (caseRef: string) => `${caseRefCategory}${encodeURIComponent(caseRef)}`;
