import { instant } from '#libs/kernel';
import { stepsToTake } from './ladder.js';

const steps = ['a', 'b', 'c'].map((step, n) => ({ step, at: instant(`2021-01-0${n + 1}T00:00:00Z`) }));
const take = (now: string, taken = '', silentUntil?: string) => {
  const found = stepsToTake(
    steps,
    ({ step }) => taken.includes(step),
    instant(`2021-01-${now}T00:00:00Z`),
    silentUntil === undefined ? undefined : ({ at }) => at <= instant(`2021-01-${silentUntil}T00:00:00Z`),
  );
  return `${found.raise?.step ?? '-'} ${found.pass.map(({ step }) => step).join('')}`;
};

describe('the steps to take now', () => {
  it('are none before the first is reached', () =>
    expect(stepsToTake(steps, () => false, instant('2020-12-31T00:00:00Z'))).toEqual({ raise: undefined, pass: [] }));
  it('are the one just reached', () => expect(take('02', 'a')).toBe('b '));
  it('are the highest alone after downtime, the others passed', () => expect(take('09')).toBe('c ab'));
  it('are none when all reached were taken', () => expect(take('02', 'ab')).toBe('- '));
  it('send nothing below a step that was sent', () => expect(take('09', 'c')).toBe('- ab'));
  it('send nothing that lies before history was learned of', () => expect(take('02', '', '02')).toBe('- ab'));
  it('send what is reached after history was learned of', () => expect(take('03', 'ab', '02')).toBe('c '));
});
