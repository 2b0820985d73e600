import { authorityStream } from './authority/index.js';
import { caseCategory, caseRefCategory, journalNoCategory } from './case/index.js';
import { caseWorkCategory } from './case-work/index.js';
import { noticeCategory } from './notice/index.js';
import { operatorCategory } from './operator/index.js';

/** How the name of every stream of ours begins: what a log shared with others is filtered by. */
export const streamPrefixes: readonly string[] = [
  authorityStream,
  caseCategory,
  caseRefCategory,
  caseWorkCategory,
  journalNoCategory,
  noticeCategory,
  operatorCategory,
];
