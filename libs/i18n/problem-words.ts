import { fieldFaults } from './field-faults.js';
import { problems, titles } from './problems.js';

/** English is what the code itself says; these are the others. */
export type Translated = Readonly<Record<'ru' | 'kk', string>>;

type Language = 'kk' | 'ru' | 'en';

const own = <T>(table: Readonly<Record<string, T>>, key: string): T | undefined =>
  Object.hasOwn(table, key) ? table[key] : undefined;

/** Title and detail of a problem document; `status` tells the title, unless the code has one of its own. */
export function problemTexts(
  code: string,
  language: Language,
  status: number,
): { readonly title?: string; readonly detail?: string } | undefined {
  if (language === 'en') return undefined;
  const title = own(titles, code) ?? own(titles, String(status));
  const detail = own(problems, code);
  return {
    ...(title ? { title: title[language] } : {}),
    ...(detail ? { detail: detail[language] } : {}),
  };
}

/** What is wrong with one field. Values to choose from and bounds stand in the English words and are kept. */
export function fieldFaultText(code: string, language: Language, english: string): string | undefined {
  const words = language === 'en' ? undefined : own(fieldFaults, code)?.[language as 'ru' | 'kk'];
  if (words === undefined) return undefined;
  const listed = /^must be one of: (.+)$/s.exec(english)?.[1];
  return listed === undefined ? words : `${words}: ${listed}`;
}
