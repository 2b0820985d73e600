import { plainDate } from '#libs/kernel';
import { regionOn, regionsOn, type RegionCatalogue } from './regions.js';

const name = (en: string) => ({ kk: en, ru: en, en });
const catalogue: RegionCatalogue = {
  version: '1',
  source: 'sample',
  regions: [
    { code: '71', name: name('Nur-Sultan City'), zone: 'Asia/Almaty', validTo: plainDate('2022-09-16') },
    { code: '71', name: name('Astana City'), zone: 'Asia/Almaty', validFrom: plainDate('2022-09-17') },
    { code: '10', name: name('Abai Region'), zone: 'Asia/Almaty', validFrom: plainDate('2022-06-08'), from: '63' },
  ],
};

describe('regions', () => {
  it('are those of the day', () => {
    expect(regionOn(catalogue, '10', plainDate('2022-06-07'))).toBeUndefined();
    expect(regionOn(catalogue, '10', plainDate('2022-06-08'))?.name.en).toBe('Abai Region');
    expect(regionOn(catalogue, '71', plainDate('2022-09-16'))?.name.en).toBe('Nur-Sultan City');
    expect(regionOn(catalogue, '71', plainDate('2022-09-17'))?.name.en).toBe('Astana City');
    expect(regionOn(catalogue, '99', plainDate('2022-09-17'))).toBeUndefined();
  });

  it('are listed by code', () => {
    expect(regionsOn(catalogue, plainDate('2021-01-01')).map(({ code }) => code)).toEqual(['71']);
    expect(regionsOn(catalogue, plainDate('2023-01-01')).map(({ code }) => code)).toEqual(['10', '71']);
  });
});
