import { AddNoteHandler, AssignCaseHandler, RecordLetterHandler } from './case-work.js';
import { CorrectCalendarHandler, ExtendTermHandler, RecordOutageHandler } from './authority-orders.js';
import { changeCaseHandlers } from './change-case.js';
import { CompleteFilingHandler, CorrectFilingHandler } from './change-filing.js';
import { FilePlannedConstructionHandler } from './file-planned-construction.js';
import { FileQuarterlyReferenceHandler } from './file-quarterly-reference.js';
import { FileTerminationHandler } from './file-termination.js';
import { MergeCaseHandler } from './merge-case.js';
import {
  AcknowledgeNoticeHandler,
  IssueNoticeHandler,
  RecordDeliveryByHandHandler,
  RefuseNoticeHandler,
} from './notices.js';
import { OpenCaseHandler } from './open-case.js';
import { RecordCommissioningHandler } from './record-commissioning.js';
import { ChangeOperatorHandler, RegisterOperatorHandler } from './register-operator.js';
import { ShowBankDetailsHandler } from './show-bank-details.js';
import { TerminateAllCentresHandler } from './terminate-all-centres.js';
import { WithdrawFilingHandler } from './withdraw-filing.js';

export * from './authority-orders.js';
export * from './case-work.js';
export * from './change-case.js';
export * from './change-filing.js';
export * from './file-planned-construction.js';
export * from './file-quarterly-reference.js';
export * from './file-termination.js';
export * from './merge-case.js';
export * from './notices.js';
export * from './open-case.js';
export * from './record-commissioning.js';
export * from './record-filing.js';
export * from './register-operator.js';
export * from './show-bank-details.js';
export * from './terminate-all-centres.js';
export * from './withdraw-filing.js';

/** Every use case there is; a process that serves commands registers them all or does not start. */
export const useCaseHandlers = [
  RegisterOperatorHandler,
  ChangeOperatorHandler,
  OpenCaseHandler,
  FilePlannedConstructionHandler,
  FileQuarterlyReferenceHandler,
  FileTerminationHandler,
  TerminateAllCentresHandler,
  RecordCommissioningHandler,
  CorrectFilingHandler,
  CompleteFilingHandler,
  WithdrawFilingHandler,
  ...changeCaseHandlers,
  MergeCaseHandler,
  AssignCaseHandler,
  AddNoteHandler,
  RecordLetterHandler,
  ShowBankDetailsHandler,
  IssueNoticeHandler,
  RecordDeliveryByHandHandler,
  AcknowledgeNoticeHandler,
  RefuseNoticeHandler,
  ExtendTermHandler,
  RecordOutageHandler,
  CorrectCalendarHandler,
];
