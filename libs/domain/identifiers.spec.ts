import fc from 'fast-check';
import { bicFault, binCheckDigit, binFault, findBic, findBin, findIban, ibanFault } from './identifiers.js';

const firstPass = [
  '940140000385',
  '970740000838',
  '971240001315',
  '941240000193',
  '070540008194',
  '010940000162',
  '020240000555',
  '000740000728',
  '990140004654',
];
const secondPass = ['201040000411', '201040000423'];
const replaceAt = (text: string, at: number, character: string) => text.slice(0, at) + character + text.slice(at + 1);

describe('BIN', () => {
  it.each([...firstPass, ...secondPass])('%s is one', (text) => {
    expect(binFault(text)).toBeUndefined();
    expect(findBin(text)).toBe(text);
  });

  it.each(['20104000040', '20104000121'])('no check digit fits %s', (first) => {
    expect(binCheckDigit(first)).toBeUndefined();
    for (let digit = 0; digit < 10; digit += 1) expect(binFault(`${first}${digit}`)).toMatch(/no check digit/);
  });

  it.each([
    ['', /missing/],
    ['94014000038', /12 digits, this one has 11/],
    ['9401400003850', /has 13/],
    ['94014000038O', /digits only/],
    [' 940140000385', /digits only/],
    ['٩٤٠١٤٠٠٠٠٣٨٥', /digits only/],
    ['940040000385', /month; 00/],
    ['941340000385', /month; 13/],
    ['940130000385', /fifth digit/],
    ['940170000385', /fifth digit/],
    ['940144000385', /sixth digit/],
    ['940140000386', /mistyped/],
  ])('%j is none, and the reason says why', (text, reason) => {
    expect(binFault(text)).toMatch(reason);
    expect(findBin(text)).toBeUndefined();
  });

  const digits = (length: number) => fc.stringMatching(new RegExp(`^[0-9]{${length}}$`));
  const bin = fc
    .tuple(
      digits(2),
      fc.integer({ min: 1, max: 12 }),
      fc.constantFrom('4', '5', '6'),
      fc.constantFrom('0', '1', '2', '3'),
      digits(5),
    )
    .map(([year, month, type, part, serial]) => `${year}${String(month).padStart(2, '0')}${type}${part}${serial}`)
    .filter((first) => binCheckDigit(first) !== undefined)
    .map((first) => `${first}${binCheckDigit(first)}`);

  it('holds for every number made by its own rule', () => {
    fc.assert(fc.property(bin, (text) => findBin(text) === text));
  });

  it('is refused with any other last digit', () => {
    fc.assert(
      fc.property(bin, fc.integer({ min: 1, max: 9 }), (text, shift) => {
        expect(findBin(replaceAt(text, 11, String((Number(text[11]) + shift) % 10)))).toBeUndefined();
      }),
    );
  });

  // The eleventh digit weighs 11, which is 0 mod 11: the first pass cannot see it change. The law has it so.
  it.each(firstPass)('%s with one of its digits 7 to 10 changed is refused where the first pass decides', (text) => {
    for (let at = 6; at < 10; at += 1)
      for (let digit = 0; digit < 10; digit += 1) {
        const changed = replaceAt(text, at, String(digit));
        if (changed === text) continue;
        const rest = Array.from(changed.slice(0, 11)).reduce((sum, d, i) => sum + Number(d) * (i + 1), 0) % 11;
        if (rest !== 10) expect(findBin(changed)).toBeUndefined();
      }
  });
});

describe('IBAN', () => {
  it.each(['KZ86125KZT5004100100', 'KZ8392642376TTZ1T5Z7', 'KZ15563804K6TK776726', 'KZ035637T119646ZZ931'])(
    '%s is one',
    (text) => {
      expect(ibanFault(text)).toBeUndefined();
      expect(findIban(text)).toBe(text);
    },
  );

  it.each([
    ['', /missing/],
    ['KZ86 125K ZT50 0410 0100', /without blanks/],
    ['kz86125kzt5004100100', /capital/],
    ['KZ86125KZT500410010', /20 characters, this one has 19/],
    ['DE89370400440532013000', /begins with KZ/],
    ['KZ8612AKZT5004100100', /three digits of the bank/],
    ['KZ505635ZK04Z153K460', /mistyped/],
    ['KZ86125KZT5004100101', /mistyped/],
    ['КZ86125KZT5004100100', /Latin/],
  ])('%j is none, and the reason says why', (text, reason) => {
    expect(ibanFault(text)).toMatch(reason);
    expect(findIban(text)).toBeUndefined();
  });

  const rest97 = (text: string) =>
    Number(BigInt([...(text.slice(4) + text.slice(0, 4))].map((c) => String(parseInt(c, 36))).join('')) % 97n);
  const iban = fc
    .stringMatching(/^[0-9]{3}[0-9A-Z]{13}$/)
    .map((body) => `KZ${String(98 - rest97(`KZ00${body}`)).padStart(2, '0')}${body}`);

  it('holds for every number with computed check digits', () => {
    fc.assert(fc.property(iban, (text) => findIban(text) === text));
  });

  it('is refused after every change of one digit for another', () => {
    fc.assert(
      fc.property(iban, (text) => {
        for (let at = 2; at < 20; at += 1)
          if (/[0-9]/.test(text[at]!))
            for (let digit = 0; digit < 10; digit += 1)
              if (String(digit) !== text[at]) expect(findIban(replaceAt(text, at, String(digit)))).toBeUndefined();
      }),
      { numRuns: 50 },
    );
  });

  it('is refused with check digits that ISO 13616 never gives', () => {
    fc.assert(
      fc.property(iban, (text) => {
        for (const alias of ['00', '01', '99']) expect(findIban(`KZ${alias}${text.slice(4)}`)).toBeUndefined();
      }),
    );
  });
});

describe('BIC', () => {
  it.each(['HSBKKZKX', 'CASPKZKA', 'DEUTDEFF500', 'TSESKZKAXXX'])('%s is one', (text) => {
    expect(findBic(text)).toBe(text);
  });
  it.each([
    ['', /missing/],
    ['HSBKKZK', /8 or 11 characters, this one has 7/],
    ['HSBKKZKXX', /has 9/],
    ['hsbkkzkx', /capital/],
    ['HSB1KZKX', /six letters/],
    ['HSBK KZKX', /without blanks/],
  ])('%j is none, and the reason says why', (text, reason) => {
    expect(bicFault(text)).toMatch(reason);
    expect(findBic(text)).toBeUndefined();
  });
});
