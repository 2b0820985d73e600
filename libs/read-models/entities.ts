import { AlertCaseRow, AlertRow } from './alert-register/row.js';
import { CaseOverviewRow } from './case-overview/row.js';
import { TimelineNoticeRow, TimelineRow } from './case-timeline/row.js';
import { FilingCaseRow, FilingRow } from './filing-register/row.js';
import { NoticeRow } from './notice-register/row.js';
import { ObligationCaseRow, ObligationRow } from './obligation-board/row.js';
import { OperatorCaseRow, OperatorRow } from './operator-register/row.js';

/** For `TypeOrmModule.forFeature`. Only the projector writes them. */
export const readModelEntities = [
  CaseOverviewRow,
  FilingRow,
  FilingCaseRow,
  ObligationRow,
  ObligationCaseRow,
  AlertRow,
  AlertCaseRow,
  NoticeRow,
  OperatorRow,
  OperatorCaseRow,
  TimelineRow,
  TimelineNoticeRow,
];
