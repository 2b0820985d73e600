import type { Language, ObligationKind, OperatorStepName } from '#libs/domain';

/** The words of reminders. Everything a reminder can say, in every language an operator may have chosen. */
export interface MailWords {
  readonly duty: { readonly [K in ObligationKind]: string };
  readonly subject: { readonly [S in OperatorStepName]: string };
  readonly caseRef: string;
  readonly period: string;
  readonly dueOn: string;
  readonly daysLeft: string;
  readonly lastDay: string;
  readonly daysLate: string;
  readonly closing: string;
}

export const mailWords: { readonly [L in Language]: MailWords } = {
  en: {
    duty: {
      planned_construction: 'appeal on planned construction (clause 3)',
      quarterly_reference: 'quarterly reference (clause 4)',
      termination: 'reference on the end of mining (clause 5)',
    },
    subject: {
      opened: 'A duty to inform has begun',
      'before-5': 'A duty to inform: 5 days are left',
      'before-1': 'A duty to inform: the last day is tomorrow',
      overdue: 'A duty to inform is overdue',
      'overdue-5': 'A duty to inform is 5 days overdue',
      'overdue-10': 'A duty to inform is 10 days overdue',
      'overdue-30': 'A duty to inform is 30 days overdue',
    },
    caseRef: 'Case',
    period: 'Period',
    dueOn: 'Last day',
    daysLeft: 'Days left',
    lastDay: 'Today is the last day.',
    daysLate: 'Days late',
    closing: 'If you have filed in the meantime, please disregard this message.',
  },
  ru: {
    duty: {
      planned_construction: 'обращение о планируемом строительстве (пункт 3)',
      quarterly_reference: 'ежеквартальная справка (пункт 4)',
      termination: 'справка о прекращении деятельности (пункт 5)',
    },
    subject: {
      opened: 'Возникла обязанность по информированию',
      'before-5': 'Информирование: осталось 5 дней',
      'before-1': 'Информирование: завтра последний день',
      overdue: 'Срок информирования истёк',
      'overdue-5': 'Срок информирования истёк 5 дней назад',
      'overdue-10': 'Срок информирования истёк 10 дней назад',
      'overdue-30': 'Срок информирования истёк 30 дней назад',
    },
    caseRef: 'Дело',
    period: 'Период',
    dueOn: 'Последний день срока',
    daysLeft: 'Осталось дней',
    lastDay: 'Сегодня последний день срока.',
    daysLate: 'Дней просрочки',
    closing: 'Если документ уже представлен, оставьте это сообщение без внимания.',
  },
  kk: {
    duty: {
      planned_construction: 'жоспарланған құрылыс туралы өтініш (3-тармақ)',
      quarterly_reference: 'тоқсан сайынғы анықтама (4-тармақ)',
      termination: 'қызметті тоқтату туралы анықтама (5-тармақ)',
    },
    subject: {
      opened: 'Ақпараттандыру міндеті туындады',
      'before-5': 'Ақпараттандыру: 5 күн қалды',
      'before-1': 'Ақпараттандыру: ертең соңғы күн',
      overdue: 'Ақпараттандыру мерзімі өтіп кетті',
      'overdue-5': 'Ақпараттандыру мерзімі 5 күн бұрын өтті',
      'overdue-10': 'Ақпараттандыру мерзімі 10 күн бұрын өтті',
      'overdue-30': 'Ақпараттандыру мерзімі 30 күн бұрын өтті',
    },
    caseRef: 'Іс',
    period: 'Кезең',
    dueOn: 'Мерзімнің соңғы күні',
    daysLeft: 'Қалған күн саны',
    lastDay: 'Бүгін мерзімнің соңғы күні.',
    daysLate: 'Кешіктірілген күн саны',
    closing: 'Егер құжат тапсырылған болса, бұл хабарламаны ескермеңіз.',
  },
};
