import type { Uuid } from '#libs/kernel';

/** Legal facts of one data center: filings, obligations, misses, orders applied. */
export const caseStream = (caseId: Uuid) => `case-${caseId}`;
export const caseCategory = 'case-';

/** Unique things are claims: a stream named by the value, which only one command can open. */
export const journalNoClaim = (journalNo: string) => `journalNo-${encodeURIComponent(journalNo)}`;
export const caseRefClaim = (caseRef: string) => `caseRef-${encodeURIComponent(caseRef)}`;
