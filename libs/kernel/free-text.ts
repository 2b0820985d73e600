import { maskText } from './mask-text.js';

// Control characters other than tab and line feed, and the two non-characters, are nobody's text.
// oxlint-disable-next-line no-control-regex
const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\ufffe\uffff]/;
// oxlint-disable-next-line no-control-regex
const lineControls = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\ufffe\uffff]/;

/** Whether a line has what no line holds: a control character, a line break. */
export const hasLineControls = (text: string): boolean => lineControls.test(text);

export const secretInFreeText =
  'holds a bank account, a mail address or a telephone number: they are kept in their own fields only, sealed';

/**
 * What is wrong with text that people write, in words that follow its name; undefined when nothing is. At most `max`
 * characters (code points), at least one of them no blank. What is written stands for ever and is not sealed, so what is
 * sealed elsewhere must not get on record this way; the log's masks know what such values look like.
 */
export function freeTextFault(text: string, max: number, multiline = false): string | undefined {
  if (!text.isWellFormed()) return 'has half of a character (a lone surrogate)';
  if (text.trim() === '') return 'must not be empty';
  // Code points are counted only where code units do not decide it.
  if (text.length > max && (text.length > 2 * max || [...text].length > max)) return `has more than ${max} characters`;
  if ((multiline ? controls : lineControls).test(text)) return 'has control characters';
  return maskText(text) === text ? undefined : secretInFreeText;
}
