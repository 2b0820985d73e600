import type { Language, ObligationKind, OperatorStepName } from '#libs/domain';

/** A number of days in words, `#` standing for the number; a category a language does not have falls to `other`. */
type Days = { readonly [C in Intl.LDMLPluralRule]?: string } & { readonly other: string };

/** The words of reminders. Everything a reminder can say, in every language an operator may have chosen. */
export interface MailWords {
  readonly duty: { readonly [K in ObligationKind]: string };
  readonly subject: {
    readonly opened: string;
    readonly daysLeft: Days;
    readonly tomorrow: string;
    readonly today: string;
    readonly daysLate: Days;
  };
  readonly caseRef: string;
  readonly period: string;
  readonly legalBasis: string;
  /** `#` stands for its number. */
  readonly clause: string;
  readonly dueOn: string;
  readonly daysLeft: string;
  readonly lastDay: string;
  readonly daysLate: string;
  readonly closing: string;
}

export const mailWords: { readonly [L in Language]: MailWords } = {
  en: {
    duty: {
      planned_construction: 'appeal on planned construction',
      quarterly_reference: 'quarterly reference',
      termination: 'reference on the end of mining',
    },
    subject: {
      opened: 'A duty to inform has begun',
      daysLeft: { one: 'A duty to inform: # day is left', other: 'A duty to inform: # days are left' },
      tomorrow: 'A duty to inform: the last day is tomorrow',
      today: 'A duty to inform: the last day is today',
      daysLate: { one: 'A duty to inform is # day overdue', other: 'A duty to inform is # days overdue' },
    },
    caseRef: 'Case',
    period: 'Period',
    legalBasis: 'Legal basis',
    clause: 'clause #',
    dueOn: 'Last day',
    daysLeft: 'Days left',
    lastDay: 'Today is the last day.',
    daysLate: 'Days late',
    closing: 'If you have filed in the meantime, please disregard this message.',
  },
  ru: {
    duty: {
      planned_construction: 'обращение о планируемом строительстве',
      quarterly_reference: 'ежеквартальная справка',
      termination: 'справка о прекращении деятельности',
    },
    subject: {
      opened: 'Возникла обязанность по информированию',
      daysLeft: {
        one: 'Информирование: остался # день',
        few: 'Информирование: осталось # дня',
        other: 'Информирование: осталось # дней',
      },
      tomorrow: 'Информирование: завтра последний день',
      today: 'Информирование: сегодня последний день',
      daysLate: {
        one: 'Срок информирования истёк # день назад',
        few: 'Срок информирования истёк # дня назад',
        other: 'Срок информирования истёк # дней назад',
      },
    },
    caseRef: 'Дело',
    period: 'Период',
    legalBasis: 'Правовое основание',
    clause: 'пункт #',
    dueOn: 'Последний день срока',
    daysLeft: 'Осталось дней',
    lastDay: 'Сегодня последний день срока.',
    daysLate: 'Дней просрочки',
    closing: 'Если документ уже представлен, оставьте это сообщение без внимания.',
  },
  kk: {
    duty: {
      planned_construction: 'жоспарланған құрылыс туралы өтініш',
      quarterly_reference: 'тоқсан сайынғы анықтама',
      termination: 'қызметті тоқтату туралы анықтама',
    },
    subject: {
      opened: 'Ақпараттандыру міндеті туындады',
      daysLeft: { other: 'Ақпараттандыру: # күн қалды' },
      tomorrow: 'Ақпараттандыру: ертең соңғы күн',
      today: 'Ақпараттандыру: бүгін соңғы күн',
      daysLate: { other: 'Ақпараттандыру мерзімі # күн бұрын өтті' },
    },
    caseRef: 'Іс',
    period: 'Кезең',
    legalBasis: 'Құқықтық негізі',
    clause: '#-тармақ',
    dueOn: 'Мерзімнің соңғы күні',
    daysLeft: 'Қалған күн саны',
    lastDay: 'Бүгін мерзімнің соңғы күні.',
    daysLate: 'Кешіктірілген күн саны',
    closing: 'Егер құжат тапсырылған болса, бұл хабарламаны ескермеңіз.',
  },
};

/**
 * By the day of sending, never by the step alone: a mail may go out days after its step was reached, and its subject must
 * say what its text says. `left` is below zero when the last day is over.
 */
export function subjectOf(language: Language, step: OperatorStepName, left: number): string {
  const { opened, daysLeft, tomorrow, today, daysLate } = mailWords[language].subject;
  if (step === 'opened') return opened;
  if (left === 0) return today;
  if (left === 1) return tomorrow;
  return left > 0 ? inDays(language, daysLeft, left) : inDays(language, daysLate, -left);
}

const inDays = (language: Language, forms: Days, days: number): string =>
  (forms[new Intl.PluralRules(language).select(days)] ?? forms.other).replace('#', String(days));
