import type { Campaign } from '../campaign.js';
import { runDecider } from './decider.js';

export const campaign: Campaign = {
  name: 'decider',
  counts: 'lives of a case for each of two properties',
  byDefault: 10_000,
  async run({ count, seed, onProgress }) {
    const { findings, commands, seen } = await runDecider({ count, seed, onProgress });
    return { findings, counts: { commands, seen } };
  },
};
