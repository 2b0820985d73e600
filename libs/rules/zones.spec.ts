import { dayAt, instant, plainDate, startOfDay, wallClock } from '#libs/kernel';
import { loadRules } from './index.js';

/** Hours east of UTC at 00:00 of a day, by the tz data at hand. */
const offset = (day: string, zone: string): number =>
  (Date.parse(`${day}T00:00:00Z`) - Date.parse(startOfDay(plainDate(day), zone))) / 3_600_000;

describe('the tz data at hand', () => {
  it('knows the zones of Kazakhstan before and after 1 March 2024', () => {
    const table = [...new Set(loadRules().regions.regions.map(({ zone }) => zone))]
      .sort()
      .map(
        (zone) => `${zone} ${offset('2020-10-27', zone)} ${offset('2024-02-29', zone)} ${offset('2024-03-02', zone)}`,
      );
    expect(table).toEqual([
      'Asia/Almaty 6 6 5',
      'Asia/Aqtau 5 5 5',
      'Asia/Aqtobe 5 5 5',
      'Asia/Atyrau 5 5 5',
      'Asia/Oral 5 5 5',
      'Asia/Qostanay 6 6 5',
      'Asia/Qyzylorda 5 5 5',
    ]);
  });

  it('has Almaty go back from 24:00 to 23:00 on 29 February 2024', () => {
    expect(wallClock(instant('2024-02-29T17:59:00Z'), 'Asia/Almaty')).toBe('2024-02-29 23:59');
    expect(wallClock(instant('2024-02-29T18:00:00Z'), 'Asia/Almaty')).toBe('2024-02-29 23:00');
    expect(startOfDay(plainDate('2024-03-01'), 'Asia/Almaty')).toBe('2024-02-29T19:00:00.000Z');
    expect(dayAt(instant('2024-02-29T18:59:59Z'), 'Asia/Almaty')).toBe('2024-02-29');
  });
});
