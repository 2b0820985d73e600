export { createReadModels, createProjections, factsBehind } from './read-models.js';
export type { Lag, ReadModelLag, ReadModels, ReadModelsOptions } from './read-models.js';
export { migrateReadModels, readModelDataSource, readModelMigrations } from './migrate.js';
export { readModelEntities } from './entities.js';
export { readModelNames, type ReadModelName, type Rules } from './engine/projection.js';
export type { DatabaseConfig } from './engine/connection.js';
export type { Parked } from './engine/parked.js';
export type { ProjectorState } from './engine/projector.js';
export {
  RebuildRunningError,
  type RebuildOptions,
  type RebuildProgress,
  type RebuildResult,
} from './engine/rebuild.js';
export { forgetReadModels, ProjectorActiveError } from './engine/forget.js';
export { feeds } from './feeds.js';
export type { Page, PageRequest } from './query/page.js';
export { longestPage } from './query/page.js';
export { CaseOverviewRow } from './case-overview/row.js';
export type { CaseList, CaseView, RegionTotals } from './case-overview/queries.js';
export { FilingRow, type FilingDocument, type FilingVersionView } from './filing-register/row.js';
export type { FilingList } from './filing-register/queries.js';
export { ObligationRow } from './obligation-board/row.js';
export {
  displayStatus,
  type DisplayStatus,
  type ObligationList,
  type ObligationView,
} from './obligation-board/queries.js';
export { AlertRow, type AlertSending } from './alert-register/row.js';
export type { AlertList } from './alert-register/queries.js';
export { NoticeRow, type NoticeSituation } from './notice-register/row.js';
export { inboxPlaceOf, inboxStart, type InboxPlace, type NoticeList } from './notice-register/queries.js';
export { OperatorRow } from './operator-register/row.js';
export type { OperatorList, OperatorView } from './operator-register/queries.js';
export { TimelineRow } from './case-timeline/row.js';
export type { TimelineList } from './case-timeline/queries.js';
