import {
  findDecimal,
  findInstant,
  findPlainDate,
  findQuarter,
  findUuid,
  freeTextFault,
  hasLineControls,
  secretInFreeText,
} from '#libs/kernel';
import { bicFault, binFault, ibanFault } from '#libs/domain';

/** What is wrong with one value, for the clerk and for the machine; undefined when nothing is. */
export interface ValueFault {
  readonly code: string;
  readonly message: string;
}
export type Check = (value: unknown) => ValueFault | undefined;

const fault = (code: string, message: string): ValueFault => ({ code, message });

/** A check of a string; anything else is refused by its type first, so that no number slips in as a decimal. */
const ofString =
  (code: string, check: (text: string) => string | undefined): Check =>
  (value) => {
    if (typeof value === 'number')
      return fault('not-a-string', 'must be a string in quotation marks, not a JSON number');
    if (typeof value !== 'string') return fault('not-a-string', 'must be a string');
    const wrong = check(value);
    return wrong === undefined ? undefined : fault(code, wrong);
  };

const unless = (holds: unknown, message: string) => (holds === undefined ? message : undefined);

export const isPlainDate = ofString('not-a-day', (text) =>
  unless(findPlainDate(text), 'must be an existing calendar day, YYYY-MM-DD'),
);
export const isInstant = ofString('not-an-instant', (text) =>
  unless(
    text.length <= 40 ? findInstant(text) : undefined,
    'must be an instant with its offset (RFC 3339), e.g. 2021-04-12T18:20:00+06:00',
  ),
);
export const isQuarter = ofString('not-a-quarter', (text) =>
  unless(findQuarter(text), 'must be a quarter, YYYY-Q1 to YYYY-Q4'),
);
export const isMegawatts = ofString('not-megawatts', (text) =>
  unless(
    findDecimal(text, 3, 9),
    'must be megawatts as plain digits, not negative, at most three after the point, e.g. "7.90"',
  ),
);
export const isTenge = ofString('not-whole-tenge', (text) =>
  unless(findDecimal(text, 0, 15), 'must be a whole number of tenge as plain digits, not negative'),
);
export const isUuid = ofString('not-an-id', (text) => unless(findUuid(text), 'must be an id as the system gave it'));
export const isBin = ofString('bin-malformed', binFault);
export const isIban = ofString('iban-malformed', ibanFault);
export const isBic = ofString('bic-malformed', bicFault);

/** At most `max` characters (code points), at least one of them no blank. */
export const isText = (max: number, multiline = false): Check =>
  ofString('not-a-text', (text) => freeTextFault(text, max, multiline));

/**
 * Of a file's name given with the path to it, as some programs send it, the last part. What has control characters is
 * left as it is, for its check to refuse it.
 */
export const lastPart = (given: string): string =>
  hasLineControls(given) ? given : given.slice(Math.max(given.lastIndexOf('/'), given.lastIndexOf('\\')) + 1);

/** A line of text that names a file, without a path to it. */
export const isFileName =
  (max: number): Check =>
  (value) =>
    value === '.' || value === '..' ? fault('not-a-text', 'must name a file, not a folder') : isText(max)(value);

export const isOneOf = (values: readonly string[]): Check =>
  ofString('not-known', (text) => (values.includes(text) ? undefined : `must be one of: ${values.join(', ')}`));

export const isMail = ofString('not-a-mail-address', (text) =>
  text.length <= 254 && /^[^\s@<>,;:"()[\]\\]{1,64}@[\p{L}\p{N}-]+(\.[\p{L}\p{N}-]+)+$/u.test(text)
    ? undefined
    : 'must be a mail address, e.g. office@example.kz',
);
export const isPhone = ofString('not-a-phone', (text) =>
  /^\+[0-9]{8,15}$/.test(text) ? undefined : 'must be a telephone number in international form, e.g. +77172000000',
);
export const isReference = ofString('not-a-reference', (text) => {
  if (!/^[\p{L}\p{N}][\p{L}\p{N} ./_№-]{0,63}$/u.test(text) || text.normalize('NFC') !== text || text.endsWith(' '))
    return 'must be at most 64 letters, digits or . / _ - № and begin with a letter or digit';
  // A registry's number may look like a telephone's, never like a bank account.
  return ibanFault(text.replaceAll(/[ -]/g, '').toUpperCase()) === undefined ? secretInFreeText : undefined;
});

export const isWholeNumber =
  (max: number): Check =>
  (value) =>
    typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && !Object.is(value, -0) && value <= max
      ? undefined
      : fault('not-whole', `must be a whole JSON number from 0 to ${max}`);

/** In a query everything is text. */
export const isCount = (max: number): Check =>
  ofString('not-a-count', (text) =>
    /^[1-9]\d{0,8}$/.test(text) && Number(text) <= max ? undefined : `must be a whole number from 1 to ${max}`,
  );

export const isFlag = ofString('not-a-flag', (text) =>
  text === 'true' || text === 'false' ? undefined : 'must be true or false',
);

/** A comma-separated list in a query, each item checked. */
export const isCommaList =
  (item: Check, max: number): Check =>
  (value) => {
    if (typeof value !== 'string') return fault('given-twice', 'must be given once, its values separated by commas');
    const items = value.split(',');
    if (items.length > max) return fault('too-many', `has more than ${max} values`);
    for (const one of items) {
      const wrong = item(one);
      if (wrong) return wrong;
    }
    return undefined;
  };

export const isSha256 = ofString('not-an-address', (text) =>
  /^[0-9a-f]{64}$/.test(text) ? undefined : 'must be a SHA-256 in lower-case hex',
);
