import type { Language, OperatorStepName } from '#libs/domain';
import { subjectOf } from './mail-words.js';

describe('the subject of a reminder', () => {
  it.each<[Language, readonly [left: number, subject: string][]]>([
    [
      'en',
      [
        [2, 'A duty to inform: 2 days are left'],
        [1, 'A duty to inform: the last day is tomorrow'],
        [0, 'A duty to inform: the last day is today'],
        [-1, 'A duty to inform is 1 day overdue'],
        [-21, 'A duty to inform is 21 days overdue'],
      ],
    ],
    [
      'ru',
      [
        [21, 'Информирование: остался 21 день'],
        [5, 'Информирование: осталось 5 дней'],
        [2, 'Информирование: осталось 2 дня'],
        [1, 'Информирование: завтра последний день'],
        [0, 'Информирование: сегодня последний день'],
        [-1, 'Срок информирования истёк 1 день назад'],
        [-3, 'Срок информирования истёк 3 дня назад'],
        [-11, 'Срок информирования истёк 11 дней назад'],
        [-85, 'Срок информирования истёк 85 дней назад'],
      ],
    ],
    [
      'kk',
      [
        [4, 'Ақпараттандыру: 4 күн қалды'],
        [1, 'Ақпараттандыру: ертең соңғы күн'],
        [0, 'Ақпараттандыру: бүгін соңғы күн'],
        [-1, 'Ақпараттандыру мерзімі 1 күн бұрын өтті'],
      ],
    ],
  ])('in %s says how many days are left or over on the day of sending, whatever the step', (language, expected) => {
    for (const step of ['before-5', 'before-1', 'overdue', 'overdue-30'] satisfies OperatorStepName[])
      expect(expected.map(([left]) => [left, subjectOf(language, step, left)])).toEqual(expected);
  });

  it('of a duty that began is its own', () => {
    expect(subjectOf('en', 'opened', 3)).toBe('A duty to inform has begun');
    expect(subjectOf('ru', 'opened', -3)).toBe('Возникла обязанность по информированию');
  });
});
