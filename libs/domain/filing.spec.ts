import { isSamePlace } from './filing.js';

const place = (address: string, region = '55') => ({ region, address });

describe('two addresses mean one place', () => {
  it.each([
    ['Екібастұз қ., Энергетиктер көшесі, 12', 'екібастұз қ Энергетиктер көшесі  12'],
    ['пр-т Ново\u0438\u0306', 'ПР-Т НОВО\u0419'],
    ['«Line» № 1', 'line 1'],
  ])('%s and %s', (one, other) => expect(isSamePlace(place(one), place(other))).toBe(true));

  it.each([
    ['Line 1', 'Line 11', '55'],
    ['Line 1', 'Line 1', '75'],
    ['Лінія 1', 'Линия 1', '55'],
  ])('but not %s and %s', (one, other, region) => expect(isSamePlace(place(one), place(other, region))).toBe(false));
});
