import path from 'node:path';
import { openHouse } from '#libs/assembly';
import { binFault } from '#libs/domain';
import { drawUuid } from '#libs/kernel';
import { loadConfig } from '#libs/platform';
import { fuzzApi, type FuzzFinding } from '../../../apps/api/testing/openapi-fuzzer.js';
import { checkEffects, checkOrder } from '../../support/invariants.js';
import { inScratch, type Campaign, type CampaignOutcome } from '../campaign.js';
import { freePort } from '../../support/free-port.js';
import { keysOf } from '../../support/deployment.js';
import { ServerProcess } from '../server-process.js';

const operatorBin = '940140000385';
/** Nobody's yet: the first request that registers one of them can succeed. */
const freeBins = Array.from({ length: 400 }, (_, n) => String(200_140_000_000 + n)).filter((bin) => !binFault(bin));
const iban = 'KZ86125KZT5004100100';

export const campaign: Campaign = {
  name: 'api-fuzz',
  counts: 'requests drawn from the OpenAPI document',
  byDefault: 100_000,
  run: ({ count, seed, onProgress }) => inScratch('api-fuzz', (dir) => fuzz(dir, count, seed, onProgress)),
};

async function fuzz(
  dir: string,
  count: number,
  seed: number,
  onProgress: (done: number, of: number) => void,
): Promise<CampaignOutcome> {
  const home = path.join(dir, 'home');
  const server = new ServerProcess(home, await freePort());
  try {
    await server.start();
    const keys = keysOf(home);
    const known = await somethingToReach(server.url, keys);
    const result = await fuzzApi({
      baseUrl: server.url,
      keys,
      count,
      seed,
      known,
      secrets: [iban, home, ...Object.values(keys)],
      onProgress: (done) => onProgress(done, count),
    });
    // The one answer that is meant to show bank details; that look is on record.
    const meant = ({ request, status, what }: FuzzFinding) =>
      status === 200 && what === 'a secret in the answer' && /^POST \S+\/bank-details\/look[ ?]/.test(request);
    const findings = result.findings
      .filter((finding) => !meant(finding))
      .slice(0, 50)
      .map(({ n, request, status, what }) => `${n}: ${request} ${status}: ${what}`);
    await server.untilReady(30_000);
    const code = await server.stop();
    if (code !== 0) findings.push(`the server ended with ${code} when asked to: ${server.words}`);
    const opened = await openHouse(loadConfig({ QADAGA_HOME: home }), { projector: true });
    try {
      await opened.catchUp();
      findings.push(...(await checkOrder(opened.store)), ...(await checkEffects(opened.store)));
      const parked = await opened.readModels.listParked();
      if (parked.length > 0) findings.push(`${parked.length} units are parked: ${JSON.stringify(parked[0])}`);
    } finally {
      await opened.close();
    }
    const neverSucceeded = result.routes.filter((route) => !result.succeeded.includes(route));
    return {
      findings,
      counts: {
        byStatus: result.byStatus,
        routes: result.routes.length,
        succeeded: result.succeeded.length,
        neverSucceeded,
      },
    };
  } finally {
    await server.kill();
  }
}

/** A case with an appeal and a reference, so that some requests reach further than "unknown". */
async function somethingToReach(
  url: string,
  keys: { readonly [role: string]: string },
): Promise<{ readonly [name: string]: readonly string[] }> {
  const post = async (route: string, body: object, as = 'operator') => {
    const response = await fetch(`${url}/api/v1/${route}`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${keys[as]}`,
        'content-type': 'application/json',
        'idempotency-key': drawUuid(),
      },
      body: JSON.stringify(body),
    });
    const answer = (await response.json()) as { [name: string]: string };
    if (response.status !== 201) throw new Error(`${route} was answered ${response.status} ${JSON.stringify(answer)}`);
    return answer;
  };
  await post('operators', { bin: operatorBin, name: 'Fuzzed LLP', language: 'ru' });
  await post('operators', { bin: freeBins[0], name: 'Another LLP', language: 'kk' }, 'registrar');
  const appeal = await post('planned-constructions', {
    newCase: { operatorBin, caseRef: 'FUZZ-1', region: '55', address: 'Line 1' },
    powerMw: '7.90',
    expansionMw: '20',
    equipmentInvestmentKzt: '125000000',
    bankIban: iban,
    bankBic: 'HSBKKZKX',
  });
  const reference = await post('quarterly-references', {
    caseId: appeal['caseId'],
    period: '2026-Q2',
    powerMw: '5',
    equipmentInvestmentKzt: '1',
    investmentPotentialKzt: '2',
    jobs: 3,
  });
  // Nothing is asked with these: they may be revoked and bound.
  const spare = ['operator', 'auditor', 'administrator'].map((role) =>
    post('api-keys', { role, label: 'spare' }, 'administrator'),
  );
  return {
    bin: [operatorBin, ...freeBins],
    operatorBin: [operatorBin, freeBins[0]!],
    toBin: [operatorBin, freeBins[0]!],
    calendarId: ['kz'],
    ruleSetId: ['kz-384-open', 'kz-384-2020'],
    region: ['55', '11', '75'],
    caseId: [appeal['caseId']!],
    caseRef: ['FUZZ-1'],
    filingId: [appeal['filingId']!, reference['filingId']!],
    keyId: (await Promise.all(spare)).map((one) => one['keyId']!),
  };
}
