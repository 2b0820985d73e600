export type JournalFaultCode =
  | 'not-a-file'
  | 'not-readable'
  | 'empty'
  | 'not-a-journal'
  | 'missing-column'
  | 'doubled-column'
  | 'broken-quote'
  | 'breaks-off'
  | 'wrong-field-count'
  | 'field-too-long'
  | 'not-text'
  | 'not-a-workbook'
  | 'workbook-too-large';

/** The file cannot be read on from here. `message` is in plain words for a clerk and names no directory. */
export class JournalFormatError extends Error {
  constructor(
    readonly code: JournalFaultCode,
    message: string,
    /** 1-based line of the text file, or row of the sheet, where it breaks. */
    readonly line?: number,
    /** The heading at fault. */
    readonly column?: string,
  ) {
    super(line === undefined ? message : `Line ${line}: ${message}`);
    this.name = 'JournalFormatError';
  }
}
